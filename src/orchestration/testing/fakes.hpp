#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "gateway/catalog.hpp"
#include "llm/provider.hpp"
#include "workflow/tool_invoker.hpp"

namespace oap::orchestration::testing {

/// A model whose answers are a function of the request; keeps what it was asked.
class FakeProvider final : public llm::Provider {
 public:
  using Answer = std::function<Result<llm::Response>(const llm::Request&)>;
  explicit FakeProvider(Answer answer, bool is_model = true)
      : answer_(std::move(answer)), is_model_(is_model) {}
  std::string_view name() const override { return "fake"; }
  bool is_model() const override { return is_model_; }
  Task<Result<llm::Response>> complete(llm::Request request, llm::StreamSink /*sink*/) override {
    requests.push_back(request);
    co_return answer_(request);
  }
  std::vector<llm::Request> requests;

 private:
  Answer answer_;
  bool is_model_;
};

llm::Response says(std::string text);
llm::Response calls(std::string tool, json::Object arguments, std::string id = "u1");
/// The number of tool results in the conversation.
std::size_t results_in(const llm::Request& request);

/// A gateway that answers by function; keeps the calls.
class FakeInvoker final : public workflow::ToolInvoker {
 public:
  Task<ToolOutcome> invoke(ToolCall call) override {
    made.push_back(call);
    co_return answer(call);
  }
  std::function<ToolOutcome(const ToolCall&)> answer = [](const ToolCall& call) {
    ToolOutcome outcome;
    outcome.result = ToolResult::text("ran " + call.tool);
    return outcome;
  };
  std::vector<ToolCall> made;
};

ToolOutcome denied(const ToolCall& call, bool unanswered = false);
/// Two built-in tools, read_file and bash, with open schemas.
std::vector<ToolSpec> two_tools();

}  // namespace oap::orchestration::testing
