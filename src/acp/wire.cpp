#include "acp/wire.hpp"

#include <utility>

#include <fmt/format.h>

#include "base/log.hpp"

namespace oap::acp {
namespace {

constexpr std::size_t kReadSize = 64 * 1024;
constexpr int kResourceNotFound = -32002;
constexpr std::string_view kGone = "the editor has gone";

Result<json::Object> read_answer(jsonrpc::Response response) {
  if (response.error) {
    const bool unknown = response.error->code == jsonrpc::kMethodNotFound;
    return fail(unknown ? Code::kUnimplemented : Code::kUpstream, "the editor answered: {} ({})",
                response.error->message, response.error->code);
  }
  if (response.result && response.result->is_object()) {
    return std::move(response.result->get_object());
  }
  if (response.result && response.result->is_null()) {
    return json::Object{};
  }
  return fail(Code::kUpstream, "the editor's answer is no JSON object");
}

}  // namespace

int error_code(const Error& error) {
  const Code code = error.code();
  if (code == Code::kInvalidArgument || code == Code::kUsage) {
    return jsonrpc::kInvalidParams;
  }
  if (code == Code::kNotFound) {
    return kResourceNotFound;
  }
  if (code == Code::kUnimplemented) {
    return jsonrpc::kMethodNotFound;
  }
  const bool early = code == Code::kFailedPrecondition || code == Code::kAlreadyExists;
  return early ? jsonrpc::kInvalidRequest : jsonrpc::kInternalError;
}

Wire::Wire(Executor executor, WireLimits limits)
    : limits_(limits), outbox_(std::move(executor), "the editor", limits.max_queued) {}

Task<void> Wire::read(async::ReadPipe& in, Receiver& receiver) {
  mcp::LineSplitter splitter(limits_.max_line);
  const auto deliver = [this, &receiver](const mcp::LineSplitter::Piece& piece) {
    if (const auto* line = std::get_if<std::string>(&piece)) {
      receive(*line, receiver);
    } else {
      receive_oversize(std::get<mcp::Oversize>(piece));
    }
  };
  reading_ = &in;
  while (true) {
    const auto chunk = co_await in.read_some(kReadSize);
    if (!chunk || chunk->empty()) {
      break;
    }
    splitter.feed(*chunk);
    while (const auto piece = splitter.next()) {
      deliver(*piece);
    }
  }
  reading_ = nullptr;
  if (const auto piece = splitter.rest()) {
    deliver(*piece);
  }
}

Task<Result<void>> Wire::write(async::WritePipe& out) {
  auto written = co_await outbox_.run(out);
  peer_left();
  co_return written;
}

void Wire::hang_up() {
  peer_left();
  outbox_.finish();
}

void Wire::peer_left() {
  peer_left_ = true;
  for (auto& [key, promise] : std::exchange(asked_, {})) {
    promise.set(fail(Code::kUnavailable, "{}", kGone));
  }
}

void Wire::send(std::string line) {
  const auto sent = outbox_.push(std::move(line));
  if (sent) {
    return;
  }
  log::debug("acp", "a message was not sent", {{"error", sent.error().message()}});
  if (sent.error().code() == Code::kResourceExhausted && reading_ != nullptr) {
    log::error("acp", "the editor does not read; the connection is ended");
    reading_->close();
  }
}

void Wire::answer(const json::Value& id, Result<json::Object> result) {
  under_way_.erase(jsonrpc::id_key(id));
  if (result) {
    send(jsonrpc::print(jsonrpc::Response::success(id, *std::move(result))));
    return;
  }
  jsonrpc::Response response =
      jsonrpc::Response::failure(id, error_code(result.error()), result.error().to_string());
  response.error->data = json::Object{{"code", to_string(result.error().code())}};
  send(jsonrpc::print(std::move(response)));
}

void Wire::notify(std::string method, json::Object params) {
  jsonrpc::Request request;
  request.method = std::move(method);
  request.params = std::move(params);
  request.is_notification = true;
  send(jsonrpc::print(std::move(request)));
}

Task<Result<json::Object>> Wire::ask(std::string method, json::Object params, Deadline deadline) {
  if (peer_left_) {
    co_return fail(Code::kUnavailable, "{}", kGone);
  }
  jsonrpc::Request request;
  request.id = ++last_id_;
  request.method = std::move(method);
  request.params = std::move(params);
  const json::Value id = request.id;
  const std::string key = jsonrpc::id_key(id);
  async::Promise<Answer> promise;
  asked_.emplace(key, promise);
  send(jsonrpc::print(std::move(request)));
  Result<Answer> answer = co_await promise.get(deadline);
  asked_.erase(key);
  if (!answer) {
    notify("$/cancel_request", {{"requestId", id}});
    co_return fail(answer.error());
  }
  co_return *std::move(answer);
}

void Wire::settle(const std::string& key, Answer answer) {
  const auto found = asked_.find(key);
  if (found == asked_.end()) {
    log::debug("acp", "an answer that nothing waits for", {{"id", key}});
    return;
  }
  async::Promise<Answer> promise = found->second;
  asked_.erase(found);
  promise.set(std::move(answer));
}

void Wire::reject(const json::Value& id, int code, std::string message) {
  log::info("acp", "a message of the editor was refused", {{"why", message}});
  send(jsonrpc::print(jsonrpc::Response::failure(id, code, std::move(message))));
}

void Wire::receive(std::string_view line, Receiver& receiver) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
    return;
  }
  auto decoded = jsonrpc::decode(line);
  if (!decoded) {
    jsonrpc::Rejected why = std::move(decoded).error();
    if (why.response) {
      settle(jsonrpc::id_key(why.id), fail(Code::kUpstream, "{}", why.message));
    } else {
      reject(why.id, why.code, std::move(why.message));
    }
    return;
  }
  if (auto* response = std::get_if<jsonrpc::Response>(&*decoded)) {
    receive_answer(std::move(*response));
    return;
  }
  auto& request = std::get<jsonrpc::Request>(*decoded);
  if (request.is_notification) {
    receiver.on_notification(std::move(request.method), std::move(request.params));
    return;
  }
  const std::string key = jsonrpc::id_key(request.id);
  if (under_way_.contains(key)) {
    reject(nullptr, jsonrpc::kInvalidRequest,
           fmt::format("the id {} is that of a request under way", key));
  } else if (under_way_.size() >= limits_.max_requests) {
    reject(request.id, jsonrpc::kInvalidRequest,
           fmt::format("{} requests are under way already", under_way_.size()));
  } else {
    under_way_.insert(key);
    receiver.on_request(std::move(request));
  }
}

void Wire::receive_answer(jsonrpc::Response response) {
  const std::string key = jsonrpc::id_key(response.id);
  settle(key, read_answer(std::move(response)));
}

void Wire::receive_oversize(const mcp::Oversize& line) {
  const mcp::Traits traits = mcp::guess_traits(line.head, line.tail);
  const std::string message =
      fmt::format("a message of {} bytes is longer than {}", line.bytes, limits_.max_line);
  if (traits.response) {
    settle(traits.id ? jsonrpc::id_key(*traits.id) : std::string(),
           fail(Code::kUpstream, "{}", message));
  } else {
    reject(traits.id.value_or(nullptr), jsonrpc::kInvalidRequest, message);
  }
}

}  // namespace oap::acp
