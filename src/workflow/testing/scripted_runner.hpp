#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <boost/asio/this_coro.hpp>

#include "async/event.hpp"
#include "async/promise.hpp"
#include "workflow/step_runner.hpp"

namespace oap::workflow::testing {

/// A step runner for tests. A step ends at once and well, unless a gate holds it or an answer is
/// scripted for its attempts.
class ScriptedRunner final : public StepRunner {
 public:
  using Answer = Result<StepResult>;

  /// The step waits until the gate is opened.
  async::Promise<Answer>& gate(const std::string& id) { return gates_[id]; }
  /// Set once the step has begun.
  async::Promise<int>& begun(const std::string& id) { return begun_[id]; }
  /// What the next attempts of the step answer, in order.
  void answer(const std::string& id, Answer answer) { answers_[id].push_back(std::move(answer)); }

  static Answer good(json::Value output = nullptr) {
    StepResult result;
    result.output = std::move(output);
    return result;
  }
  static Answer bad(std::string error, bool retryable = false) {
    StepResult result;
    result.ok = false;
    result.error = std::move(error);
    result.error_code = "tool_error";
    result.retryable = retryable;
    return result;
  }

  Task<Result<StepResult>> run(StepRequest request) override {
    const std::string id = request.path;
    calls.push_back({id, request.idempotency_key, request.attempt});
    started.push_back(id);
    keys.push_back(request.idempotency_key);
    most_at_once = std::max(most_at_once, ++at_once);
    begun_[id].set(request.attempt);
    if (on_start) {
      on_start(request);
    }
    Answer answer = good(json::Value(std::string_view(id)));
    if (reply) {
      answer = reply(request);
    }
    if (gates_.contains(id)) {
      const Deadline never = Deadline::never();
      Result<Answer> opened = co_await gates_[id].get(never);
      answer = opened ? std::move(*opened) : Answer(fail(std::move(opened).error()));
    } else {
      const oap::Executor executor = co_await boost::asio::this_coro::executor;
      async::Event turn(executor);
      turn.notify_from_any_thread();
      const Deadline never = Deadline::never();
      co_await turn.wait(never);
    }
    if (auto& scripted = answers_[id]; !scripted.empty()) {
      answer = std::move(scripted.front());
      scripted.erase(scripted.begin());
    }
    --at_once;
    co_return answer;
  }

  struct Call {
    std::string path;
    std::string key;
    int attempt = 0;
  };
  std::vector<Call> calls;
  std::vector<std::string> started;
  std::vector<std::string> keys;
  int at_once = 0;
  int most_at_once = 0;
  std::function<void(const StepRequest&)> on_start;
  /// What a step answers where nothing else is scripted; none: its own path.
  std::function<Answer(const StepRequest&)> reply;
  /// What `find_result` answers, by path.
  std::map<std::string, StepResult> known;

  Task<Result<std::optional<StepResult>>> find_result(StepRequest request) override {
    asked.push_back(request.path);
    const auto found = known.find(request.path);
    if (found == known.end()) {
      co_return std::nullopt;
    }
    co_return found->second;
  }
  std::vector<std::string> asked;

 private:
  std::map<std::string, async::Promise<Answer>> gates_;
  std::map<std::string, async::Promise<int>> begun_;
  std::map<std::string, std::vector<Answer>> answers_;
};

}  // namespace oap::workflow::testing
