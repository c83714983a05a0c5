#include "gateway/upstream/rest_upstream.hpp"

#include <fmt/format.h>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "mcp/protocol.hpp"
#include "net/url.hpp"

namespace oap::gateway {
namespace {

Result<std::string> body_of(const std::string& server, net::HttpResponse response) {
  if (!response.is_success()) {
    return fail(
        response.status == 401 || response.status == 403 ? Code::kUnauthenticated : Code::kUpstream,
        "'{}' answered with status {}", server, response.status);
  }
  return std::move(response.body);
}

}  // namespace

RestUpstream::RestUpstream(mcp::ServerSpec server) : server_(std::move(server)) {}

Task<Result<std::string>> RestUpstream::exchange(std::string method, std::string path,
                                                 std::string body, Deadline deadline) {
  const std::string url = net::join_url(server_.url, path);
  for (int round = 0; round < 2; ++round) {
    net::HttpRequest request;
    request.method = method;
    request.url = url;
    request.headers = server_.headers;
    request.headers.emplace_back("Content-Type", "application/json");
    request.headers.emplace_back("Accept", "application/json");
    if (server_.credentials != nullptr) {
      OAP_CO_TRY(const net::HeaderList own, co_await server_.credentials->headers(url));
      request.headers.insert(request.headers.end(), own.begin(), own.end());
    }
    request.body = body;
    request.deadline = deadline.sooner(Deadline::after(server_.call_timeout));
    request.max_body = server_.max_message_bytes;
    OAP_CO_TRY(net::HttpResponse response, co_await server_.http->send(std::move(request)));
    const bool refused = response.status == 401 || response.status == 403;
    if (!refused || server_.credentials == nullptr || round > 0) {
      co_return body_of(server_.name, std::move(response));
    }
    const std::string* challenge = response.header("WWW-Authenticate");
    OAP_CO_TRY(const bool again, co_await server_.credentials->refused(
                                     url, response.status, challenge == nullptr ? "" : *challenge));
    if (!again) {
      co_return body_of(server_.name, std::move(response));
    }
  }
  co_return fail(Code::kUnauthenticated, "'{}' refuses the credentials", server_.name);
}

Task<Result<std::vector<ToolSpec>>> RestUpstream::list_tools(Deadline deadline) {
  auto body = co_await exchange("GET", "/tools", "", deadline);
  if (!body) {
    last_error_ = body.error().to_string();
    co_return fail(std::move(body).error());
  }
  auto value = json::parse(*body);
  const json::Array* listed = value ? json::find_array(*value, "tools") : nullptr;
  if (value && value->is_array()) {
    listed = &value->get_array();
  }
  if (listed == nullptr) {
    co_return fail(Code::kUpstream, "GET {} of '{}' gave no list of tools", "/tools", server_.name);
  }
  std::vector<ToolSpec> tools;
  for (const json::Value& each : *listed) {
    if (auto tool = mcp::tool_from_json(server_.name, each)) {
      tools.push_back(*std::move(tool));
    }
  }
  last_error_.clear();
  mcp::PeerInfo info;
  info.protocol_version = "rest";
  info.capabilities = json::Object{{"tools", json::Object{}}};
  info_ = std::move(info);
  co_return tools;
}

Task<Result<mcp::PeerInfo>> RestUpstream::start(Deadline deadline) {
  OAP_CO_TRY(const std::vector<ToolSpec> tools, co_await list_tools(deadline));
  co_return *info_;
}

ToolResult RestUpstream::result_of(json::Value value) {
  if (value.is_object() && json::find_array(value, "content") != nullptr) {
    json::Value copy = value;
    if (auto result = mcp::result_from_json(std::move(copy))) {
      return *std::move(result);
    }
  }
  ToolResult result = ToolResult::text(value.is_string() ? json::view(value.get_string())
                                                         : std::string_view(json::print(value)));
  if (value.is_object()) {
    result.structured = std::move(value);
  }
  return result;
}

Task<mcp::Answer<ToolResult>> RestUpstream::call(ToolCall call, mcp::RequestOptions options) {
  json::Object payload{{"tool", call.tool}, {"arguments", std::move(call.arguments)}};
  std::string body = json::print(json::Value(std::move(payload)));
  ++calls_;
  ++open_calls_;
  auto answer = co_await exchange("POST", "/tools/invoke", std::move(body),
                                  call.deadline.sooner(options.deadline));
  --open_calls_;
  auto value = answer ? json::parse(*answer) : Result<json::Value>(fail(answer.error()));
  if (!value) {
    ++errors_;
    last_error_ = value.error().to_string();
    const Code code = answer ? Code::kUpstream : value.error().code();
    co_return mcp::failed(Error(
        code, fmt::format("tool '{}' of server '{}': {}", call.tool, server_.name, last_error_)));
  }
  co_return result_of(*std::move(value));
}

Task<Result<mcp::Listing>> RestUpstream::list(ListKind /*kind*/, Deadline /*deadline*/) {
  co_return mcp::Listing{};
}

Task<mcp::Answer<json::Object>> RestUpstream::request(std::string method, json::Object /*params*/,
                                                      mcp::RequestOptions /*options*/) {
  co_return mcp::failed(
      Error(Code::kUnimplemented, fmt::format("'{}' has tools only, no {}", server_.name, method)));
}

Task<mcp::Answer<json::Object>> RestUpstream::watch(std::string uri) {
  co_return mcp::failed(
      Error(Code::kUnimplemented, fmt::format("'{}' has no resource {}", server_.name, uri)));
}
Task<void> RestUpstream::unwatch(std::string /*uri*/) { co_return; }
Task<void> RestUpstream::set_log_level(std::string /*level*/) { co_return; }
void RestUpstream::on_change(OnListChanged /*lists*/, OnResourceUpdated /*resource*/) {}
void RestUpstream::on_notification(OnNotification /*other*/) {}
Task<void> RestUpstream::close() { co_return; }

Health RestUpstream::health() const {
  Health health;
  health.state = !last_error_.empty() ? Health::State::kDegraded
                 : info_              ? Health::State::kReady
                                      : Health::State::kIdle;
  health.reason = last_error_;
  health.protocol_version = info_ ? info_->protocol_version : "";
  health.calls = calls_;
  health.errors = errors_;
  health.open_calls = open_calls_;
  return health;
}

}  // namespace oap::gateway
