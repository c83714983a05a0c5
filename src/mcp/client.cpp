#include "mcp/client.hpp"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "async/deadline.hpp"
#include "base/log.hpp"
#include "mcp/stdio_transport.hpp"
#include "text/strings.hpp"

namespace oap::mcp {
namespace {

constexpr std::size_t kMostPages = 200;
constexpr std::size_t kMostTools = 10'000;

void no_progress(double /*progress*/, std::optional<double> /*total*/,
                 std::string_view /*message*/) {}

std::string file_uri(const std::string& path) {
  std::string uri = "file://";
  for (const char c : path) {
    const bool plain = text::is_alpha(c) || text::is_digit(c) ||
                       std::string_view("/-._~").find(c) != std::string_view::npos;
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

json::Object implementation() {
  json::Object info;
  info["name"] = "oap";
  info["version"] = program_version();
  return info;
}

json::Value roots_of(const std::string& workspace) {
  json::Object root;
  root["uri"] = file_uri(workspace);
  root["name"] = workspace.substr(workspace.rfind('/') + 1);
  json::Array roots;
  roots.push_back(std::move(root));
  json::Object answer;
  answer["roots"] = std::move(roots);
  return answer;
}

}  // namespace

struct Client::State {
  State(Executor executor, ServerSpec server, std::unique_ptr<Transport> transport)
      : spec(std::move(server)), connection(std::move(executor), spec.name, std::move(transport)) {}

  Patience patience(Deadline deadline) const {
    return {deadline.sooner(Deadline::after(spec.call_hard_timeout)), spec.call_timeout};
  }

  ServerSpec spec;
  Connection connection;
  std::function<void()> on_tools_changed;
};

Client::Client(std::shared_ptr<State> state) : state_(std::move(state)) {}
Client::~Client() = default;

Task<Result<std::unique_ptr<Client>>> Client::connect_stdio(Executor executor, ServerSpec spec) {
  StdioOptions options;
  options.max_message_bytes = spec.max_message_bytes;
  options.eof_grace = spec.eof_grace;
  options.term_grace = spec.term_grace;
  auto transport = std::make_unique<StdioTransport>(executor, spec.name, spec.process, options);
  return connect(executor, std::move(spec), std::move(transport));
}

Task<Result<std::unique_ptr<Client>>> Client::connect(Executor executor, ServerSpec spec,
                                                      std::unique_ptr<Transport> transport) {
  auto state = std::make_shared<State>(executor, std::move(spec), std::move(transport));
  State* const raw = state.get();  // the handlers live in the state's own connection
  state->connection.on_request([raw](const jsonrpc::Request& request) -> Result<json::Value> {
    if (request.method == "roots/list" && !raw->spec.workspace.empty()) {
      return roots_of(raw->spec.workspace);
    }
    return fail(Code::kUnimplemented, "this client does not know the method {}", request.method);
  });
  state->connection.on_notification([raw](const jsonrpc::Request& notification) {
    if (notification.method == "notifications/tools/list_changed" && raw->on_tools_changed) {
      raw->on_tools_changed();
    }
  });
  auto opened = co_await state->connection.open();
  if (!opened) {
    co_return fail(std::move(opened).error());
  }
  auto info = co_await shake_hands(state);
  if (!info) {
    const std::string tail = state->connection.diagnostics();
    co_await state->connection.close();
    Error error = std::move(info).error();
    const bool told = tail.empty() || error.message().find(tail) != std::string::npos;
    co_return fail(Error(error.code(),
                         told ? error.message() : error.message() + "; it wrote last:\n" + tail));
  }
  std::unique_ptr<Client> client(new Client(state));
  client->info_ = *std::move(info);
  co_return client;
}

Task<Result<PeerInfo>> Client::shake_hands(std::shared_ptr<State> state) {
  json::Object params;
  params["protocolVersion"] = kLatestVersion;
  json::Object capabilities;
  if (!state->spec.workspace.empty()) {
    capabilities["roots"] = json::Object{};
  }
  params["capabilities"] = std::move(capabilities);
  params["clientInfo"] = implementation();
  const Patience patience{Deadline::after(state->spec.start_timeout), state->spec.start_timeout};
  const ProgressSink no_sink;
  auto answer =
      co_await state->connection.request("initialize", std::move(params), patience, no_sink);
  const std::string& name = state->spec.name;
  if (!answer && answer.error().code() == Code::kDeadlineExceeded) {
    co_return fail(Code::kDeadlineExceeded,
                   "the MCP server '{}' did not answer `initialize` within {:g} s", name,
                   static_cast<double>(state->spec.start_timeout.count()) / 1000.0);
  }
  if (!answer) {
    co_return fail(std::move(answer).error());
  }
  PeerInfo info;
  info.protocol_version = json::get_string(*answer, "protocolVersion");
  if (!is_known_version(info.protocol_version)) {
    co_return fail(Code::kUpstream,
                   "the MCP server '{}' speaks protocol version '{}'; known are {}", name,
                   info.protocol_version, text::join(known_versions(), ", "));
  }
  if (const json::Object* found = json::find_object(*answer, "capabilities")) {
    info.capabilities = *found;
  }
  if (const json::Object* found = json::find_object(*answer, "serverInfo")) {
    info.implementation = *found;
  }
  info.instructions = json::get_string(*answer, "instructions");
  json::Object nothing;
  OAP_CO_CHECK_OK(state->connection.notify("notifications/initialized", std::move(nothing)));
  co_return info;
}

Task<Result<std::vector<ToolSpec>>> Client::list_tools(Deadline deadline) {
  return list_pages(state_, deadline);
}

Task<Result<std::vector<ToolSpec>>> Client::list_pages(std::shared_ptr<State> state,
                                                       Deadline deadline) {
  std::vector<ToolSpec> tools;
  std::set<std::string> names;
  std::set<std::string> cursors;
  json::Object params;
  const std::string& server = state->spec.name;
  const ProgressSink no_sink;
  while (true) {
    const Patience patience = state->patience(deadline);
    auto page = co_await state->connection.request("tools/list", params, patience, no_sink);
    if (!page && page.error().code() == Code::kUnimplemented && cursors.empty()) {
      co_return tools;
    }
    if (!page) {
      co_return fail(std::move(page).error());
    }
    const json::Array* listed = json::find_array(*page, "tools");
    if (listed == nullptr) {
      co_return fail(Code::kUpstream, "'{}' answered tools/list without a tools array", server);
    }
    for (const json::Value& each : *listed) {
      auto tool = tool_from_json(server, each);
      if (!tool || !names.insert(tool->name).second) {
        log::warn("mcp", "a tool was left out",
                  {{"server", server},
                   {"why",
                    tool ? "the name '" + tool->name + "' occurs twice" : tool.error().message()}});
        continue;
      }
      tools.push_back(*std::move(tool));
    }
    const json::Value* cursor = json::find(*page, "nextCursor");
    if (cursor == nullptr || !cursor->is_string()) {
      co_return tools;
    }
    const std::string next(json::view(cursor->get_string()));
    if (!cursors.insert(next).second || cursors.size() >= kMostPages ||
        tools.size() >= kMostTools) {
      co_return fail(Code::kUpstream, "the tools/list of '{}' does not end: {} tools so far",
                     server, tools.size());
    }
    params["cursor"] = next;
  }
}

Task<Result<ToolResult>> Client::call_tool(ToolCall call, ProgressSink progress) {
  return run_call(state_, std::move(call), std::move(progress));
}

Task<Result<ToolResult>> Client::run_call(std::shared_ptr<State> state, ToolCall call,
                                          ProgressSink progress) {
  if (!progress) {
    progress = &no_progress;
  }
  json::Object params;
  params["name"] = call.tool;
  params["arguments"] = std::move(call.arguments);
  if (!call.idempotency_key.empty()) {
    json::Object meta;
    meta["oap/idempotencyKey"] = call.idempotency_key;
    params["_meta"] = std::move(meta);
  }
  const Patience patience = state->patience(call.deadline);
  auto answer = co_await state->connection.request("tools/call", std::move(params), patience,
                                                   std::move(progress));
  if (!answer) {
    Error error = std::move(answer).error();
    co_return fail(std::move(error).with_context(
        fmt::format("tool '{}' of server '{}'", call.tool, state->spec.name)));
  }
  auto result = result_from_json(*std::move(answer));
  if (!result) {
    co_return fail(Code::kUpstream, "tool '{}' of server '{}' answered with something unusable: {}",
                   call.tool, state->spec.name, result.error().message());
  }
  co_return result;
}

bool Client::alive() const { return state_->connection.alive(); }
LinkFaults Client::faults() const { return state_->connection.faults(); }
std::string Client::stderr_tail() const { return state_->connection.diagnostics(); }

void Client::on_tools_changed(std::function<void()> callback) {
  state_->on_tools_changed = std::move(callback);
}

Task<void> Client::close() { return state_->connection.close(); }

}  // namespace oap::mcp
