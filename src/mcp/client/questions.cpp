#include <utility>

#include <fmt/format.h>

#include "base/log.hpp"
#include "mcp/client/connection.hpp"
#include "mcp/client/pending.hpp"

namespace oap::mcp {
namespace {

constexpr std::size_t kMostQuestions = 64;

}  // namespace

void Connection::take_question(jsonrpc::Request request, RequestId about) {
  if (!may_ask_) {
    ++faults_.garbage;
    log::warn("mcp", "a server of the stateless era asked something; it gets no answer",
              {{"server", peer_name_}, {"method", request.method}});
    return;
  }
  if (request.method == "ping") {
    respond(request.id, json::Object{});
    return;
  }
  const std::string key = jsonrpc::id_key(request.id);
  if (asked_.contains(key)) {
    log::warn("mcp", "a server asked twice under one id; the second question was dropped",
              {{"server", peer_name_}, {"method", request.method}});
    return;
  }
  if (asked_.size() >= kMostQuestions) {
    respond(request.id, refused(jsonrpc::kInternalError,
                                "this client answers too many questions of the server already"));
    return;
  }
  Pending* const pending = about != 0 ? find(about) : asking_request();
  if (about == 0 && pending == nullptr) {
    give_up_abandoned();
  }
  auto asked = std::make_shared<Asked>(executor_);
  asked->id = request.id;
  AskHandler ask;
  if (pending != nullptr && pending->inquiry.ask) {
    asked->about = pending->id;
    ask = pending->inquiry.ask;
    pending->asked.push_back(asked);
    if (pending->open_questions++ == 0) {
      pending->asked_at = std::chrono::steady_clock::now();
    }
  }
  asked_.emplace(key, asked);
  asked->branch.start(answer_question(asked, std::move(request), std::move(ask)));
}

/// The present question is refused all the same: it may be one of theirs.
void Connection::give_up_abandoned() {
  const SteadyTime latest = std::chrono::steady_clock::now() - question_patience_;
  std::vector<Pending*> abandoned;
  for (const auto& [id, pending] : pending_) {
    if (pending->open_questions > 0 && !pending->answer && pending->asked_at <= latest) {
      abandoned.push_back(pending);
    }
  }
  for (Pending* const pending : abandoned) {
    give_up(*pending, "its question has not been answered, and others want to be asked");
    settle(*pending,
           failed(Error(Code::kDeadlineExceeded,
                        fmt::format("a question of '{}' has not been answered for {} s, and until "
                                    "then it could ask nobody else",
                                    peer_name_, question_patience_.count() / 1000))));
  }
}

Task<void> Connection::answer_question(std::shared_ptr<Asked> asked, jsonrpc::Request request,
                                       AskHandler ask) {
  Answer<json::Object> answer = refused(
      jsonrpc::kMethodNotFound, fmt::format("this client does not answer {} now", request.method));
  if (ask) {
    answer = co_await ask(request.method, std::move(request.params));
  }
  if (!answer && fallback_) {
    if (auto known = fallback_(request.method)) {
      answer = *std::move(known);
    }
  }
  if (Pending* const pending = find(asked->about)) {
    --pending->open_questions;
    pending->last_sign = std::chrono::steady_clock::now();
    std::erase(pending->asked, asked);
    alarm_.notify();
  }
  asked_.erase(jsonrpc::id_key(asked->id));
  if (!asked->withdrawn) {
    respond(asked->id, std::move(answer));
  }
}

void Connection::respond(const json::Value& id, Answer<json::Object> answer) {
  jsonrpc::Response response;
  response.id = id;
  if (answer) {
    response.result = *std::move(answer);
  } else {
    response.error = to_rpc(answer.error());
  }
  Outgoing message;
  message.text = jsonrpc::print(std::move(response));
  if (auto sent = ended_ ? Result<void>(fail(*ended_)) : transport_->send(std::move(message));
      !sent) {
    log::debug("mcp", "an answer was not sent",
               {{"server", peer_name_}, {"error", sent.error().message()}});
  }
}

Task<void> Connection::end_questions(std::vector<std::shared_ptr<Asked>> asked) {
  for (const std::shared_ptr<Asked>& each : asked) {
    each->branch.cancel();
  }
  for (const std::shared_ptr<Asked>& each : asked) {
    co_await each->branch.settle_shielded();
  }
}

}  // namespace oap::mcp
