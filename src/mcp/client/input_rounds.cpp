#include "mcp/client/input_rounds.hpp"

#include <utility>

#include <fmt/format.h>

#include "async/deadline.hpp"
#include "async/sleep.hpp"
#include "mcp/client/envelope.hpp"

namespace oap::mcp {
namespace {

constexpr int kMostRounds = 16;
constexpr Millis kPauseWithoutQuestions{100};

void set_or_erase(json::Object& object, std::string_view key, json::Value* value) {
  if (value != nullptr) {
    object[key] = std::move(*value);
  } else if (const auto at = object.find(key); at != object.end()) {
    object.stable_erase(at);
  }
}

Task<Answer<json::Object>> answer_one(ServerLink& link, AskHandler ask, json::Value asked) {
  const std::string method(json::get_string(asked, "method"));
  if (!asked.is_object() || method.empty()) {
    co_return failed(Error(
        Code::kUpstream,
        fmt::format("'{}' asked for input with something that is no request", link.spec.name)));
  }
  const json::Object* params = json::find_object(asked, "params");
  Answer<json::Object> answer = failed(
      Error(Code::kUnimplemented, fmt::format("'{}' asks for input ({}) and nobody is there to "
                                              "give it",
                                              link.spec.name, method)));
  if (ask) {
    json::Object owned = params == nullptr ? json::Object() : *params;
    answer = co_await ask(method, std::move(owned));
  }
  if (!answer && method == "roots/list" && !link.spec.workspace.empty()) {
    answer = roots_of(link.spec.workspace);
  }
  co_return answer;
}

Task<Result<Answer<json::Object>>> answer_all(ServerLink& link, AskHandler ask,
                                              json::Object requests) {
  json::Object responses;
  for (auto& member : requests) {
    auto answer = co_await answer_one(link, ask, std::move(member.value()));
    if (!answer) {
      co_return answer;
    }
    responses[member.key()] = *std::move(answer);
  }
  co_return Answer<json::Object>(std::move(responses));
}

}  // namespace

bool may_need_input(std::string_view method) {
  return method == "tools/call" || method == "prompts/get" || method == "resources/read";
}

Task<Answer<json::Object>> request_with_input(ServerLink& link, std::string method,
                                              json::Object params, RequestOptions options) {
  const Patience patience = link.patience(options);
  options.deadline = patience.hard;
  for (int round = 1; round <= kMostRounds; ++round) {
    auto answer = co_await link.request(method, params, options);
    if (!answer || json::get_string(*answer, "resultType") != "input_required") {
      co_return answer;
    }
    json::Value* const requests = answer->if_contains("inputRequests");
    json::Object responses;
    if (requests != nullptr && requests->is_object()) {
      auto asked = answer_all(link, options.ask, std::move(requests->get_object()));
      auto given = co_await async::with_deadline(options.deadline, std::move(asked),
                                                 "what '" + link.spec.name + "' asked for");
      if (!given) {
        co_return failed(std::move(given).error());
      }
      if (!*given) {
        co_return *std::move(given);
      }
      responses = **std::move(given);
    } else if (!co_await async::sleep_for(kPauseWithoutQuestions * round)) {
      co_return failed(Error(Code::kCancelled, "the request was cancelled"));
    }
    json::Value said = std::move(responses);
    set_or_erase(params, "inputResponses", requests == nullptr ? nullptr : &said);
    set_or_erase(params, "requestState", answer->if_contains("requestState"));
  }
  co_return failed(Error(Code::kUpstream, fmt::format("'{}' asked {} times for input to one {}",
                                                      link.spec.name, kMostRounds, method)));
}

}  // namespace oap::mcp
