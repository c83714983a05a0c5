#include "mcp/client/client.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/log.hpp"
#include "mcp/client/input_rounds.hpp"
#include "mcp/client/server_link.hpp"
#include "mcp/client/watches.hpp"

namespace oap::mcp {
namespace {

constexpr std::size_t kMostPages = 200;
constexpr std::size_t kMostItems = 10'000;

Failure with_context(Failure failure, std::string context) {
  return {std::move(failure.error).with_context(std::move(context)), std::move(failure.peer)};
}

/// Adds a page; the cursor of the next one, or nothing.
std::optional<std::string> take_page(Listing& listing, json::Object& page, std::string_view member,
                                     bool first) {
  for (json::Value& each : page[member].as_array()) {
    if (each.is_object()) {
      listing.items.push_back(std::move(each.get_object()));
    } else {
      log::warn("mcp", "an item of a list is no object and was left out",
                {{"list", std::string(member)}, {"what", std::string(json::type_name(each))}});
    }
  }
  if (page.contains("ttlMs")) {
    const std::int64_t ttl = std::max<std::int64_t>(0, json::get_int(page, "ttlMs"));
    listing.ttl_ms = std::min(listing.ttl_ms.value_or(ttl), ttl);
  }
  const bool is_public = json::get_string(page, "cacheScope") == "public";
  listing.cache_public = is_public && (first || listing.cache_public);
  const json::Value* cursor = page.if_contains("nextCursor");
  return cursor != nullptr && cursor->is_string()
             ? std::optional<std::string>(json::view(cursor->get_string()))
             : std::nullopt;
}

void log_left_out(const std::string& server, const std::string& why) {
  log::warn("mcp", "a tool was left out", {{"server", server}, {"why", why}});
}

}  // namespace

struct Client::State {
  State(Executor executor, ServerSpec spec, ClientEvents events)
      : link(std::move(executor), std::move(spec), std::move(events)), watches(link) {}

  ServerLink link;
  Watches watches;

  static Task<Answer<Listing>> list(std::shared_ptr<State> state, std::string method,
                                    std::string member, Deadline deadline);
  static Task<Result<std::vector<ToolSpec>>> list_tools(std::shared_ptr<State> state,
                                                        Deadline deadline);
  static Task<Answer<json::Object>> request(std::shared_ptr<State> state, std::string method,
                                            json::Object params, RequestOptions options);
  static Task<Answer<json::Object>> request_mirrored(std::shared_ptr<State> state,
                                                     std::string method, json::Object params,
                                                     RequestOptions options);
  static Task<Answer<json::Object>> request_once(std::shared_ptr<State> state, std::string method,
                                                 json::Object params, RequestOptions options);
  static Task<Answer<ToolResult>> call(std::shared_ptr<State> state, ToolCall call,
                                       RequestOptions options);
  static Task<void> close(std::shared_ptr<State> state);
  void drop_unfit_tools(std::vector<json::Object>& tools);
};

Client::Client(std::shared_ptr<State> state) : state_(std::move(state)) {}
Client::~Client() = default;

Task<Result<std::unique_ptr<Client>>> Client::connect(Executor executor, ServerSpec spec,
                                                      ClientEvents events) {
  auto state = std::make_shared<State>(std::move(executor), std::move(spec), std::move(events));
  state->link.on_renewal = [raw = state.get()] { raw->watches.renew(); };
  OAP_CO_CHECK_OK(co_await state->link.connect());
  state->watches.start();
  co_return std::unique_ptr<Client>(new Client(std::move(state)));
}

Task<Answer<json::Object>> Client::request(std::string method, json::Object params,
                                           RequestOptions options) {
  return State::request(state_, std::move(method), std::move(params), std::move(options));
}

Task<Answer<json::Object>> Client::State::request(std::shared_ptr<State> state, std::string method,
                                                  json::Object params, RequestOptions options) {
  const bool mirrored = state->link.mirrors() && method == "tools/call";
  return mirrored ? request_mirrored(std::move(state), std::move(method), std::move(params),
                                     std::move(options))
                  : request_once(std::move(state), std::move(method), std::move(params),
                                 std::move(options));
}

/// A server that misses headers has changed its tools: they are listed anew and the call, which was
/// not accepted, is made once more. Source: MCP 2026-07-28, streamable-http, client behavior.
Task<Answer<json::Object>> Client::State::request_mirrored(std::shared_ptr<State> state,
                                                           std::string method, json::Object params,
                                                           RequestOptions options) {
  auto answer = co_await request_once(state, method, params, options);
  if (answer || !answer.error().peer || answer.error().peer->code != kHeaderMismatch) {
    co_return answer;
  }
  auto listed = co_await list(state, "tools/list", "tools", options.deadline);
  if (!listed) {
    co_return answer;
  }
  co_return co_await request_once(std::move(state), std::move(method), std::move(params),
                                  std::move(options));
}

Task<Answer<json::Object>> Client::State::request_once(std::shared_ptr<State> state,
                                                       std::string method, json::Object params,
                                                       RequestOptions options) {
  ServerLink& link = state->link;
  if (link.is_modern() && !options.keep_input_required && may_need_input(method)) {
    co_return co_await request_with_input(link, std::move(method), std::move(params),
                                          std::move(options));
  }
  co_return co_await link.request(std::move(method), std::move(params), std::move(options));
}

Task<Result<Listing>> Client::list(std::string method, std::string member, Deadline deadline) {
  auto listed = co_await State::list(state_, std::move(method), std::move(member), deadline);
  if (!listed) {
    co_return fail(std::move(listed).error().error);
  }
  co_return *std::move(listed);
}

Task<Answer<Listing>> Client::State::list(std::shared_ptr<State> state, std::string method,
                                          std::string member, Deadline deadline) {
  Listing listing;
  std::set<std::string> cursors;
  json::Object params;
  const std::string& server = state->link.spec.name;
  for (bool first = true;; first = false) {
    RequestOptions options;
    options.deadline = deadline;
    auto page = co_await state->link.request(method, params, std::move(options));
    if (!page && first && page.error().error.code() == Code::kUnimplemented) {
      co_return listing;
    }
    if (!page) {
      co_return failed(std::move(page).error());
    }
    if (json::find_array(*page, member) == nullptr) {
      co_return failed(Error(Code::kUpstream, fmt::format("'{}' answered {} without a {} array",
                                                          server, method, member)));
    }
    const auto next = take_page(listing, *page, member, first);
    if (!next && method == "tools/list" && state->link.mirrors()) {
      state->drop_unfit_tools(listing.items);
    }
    if (!next) {
      co_return listing;
    }
    if (!cursors.insert(*next).second || cursors.size() >= kMostPages ||
        listing.items.size() >= kMostItems) {
      co_return failed(
          Error(Code::kUpstream, fmt::format("the {} of '{}' does not end: {} {} so far", method,
                                             server, listing.items.size(), member)));
    }
    params["cursor"] = *next;
  }
}

Task<Result<std::vector<ToolSpec>>> Client::list_tools(Deadline deadline) {
  return State::list_tools(state_, deadline);
}

Task<Result<std::vector<ToolSpec>>> Client::State::list_tools(std::shared_ptr<State> state,
                                                              Deadline deadline) {
  auto listed = co_await list(state, "tools/list", "tools", deadline);
  if (!listed) {
    co_return fail(std::move(listed).error().error);
  }
  std::vector<ToolSpec> tools;
  std::set<std::string> names;
  for (json::Object& each : listed->items) {
    auto tool = tool_from_json(state->link.spec.name, std::move(each));
    if (!tool) {
      log_left_out(state->link.spec.name, tool.error().message());
    } else if (!names.insert(tool->name).second) {
      log_left_out(state->link.spec.name, "the name '" + tool->name + "' occurs twice");
    } else {
      tools.push_back(*std::move(tool));
    }
  }
  co_return tools;
}

/// Over HTTP a tool whose parameters cannot be mirrored as it asks must not be used.
void Client::State::drop_unfit_tools(std::vector<json::Object>& tools) {
  std::erase_if(tools, [this](const json::Object& tool) {
    const json::Object* schema = json::find_object(tool, "inputSchema");
    const std::string name(json::get_string(tool, "name"));
    auto headers = schema == nullptr
                       ? Result<std::vector<MirroredParam>>(std::vector<MirroredParam>())
                       : read_mirrored(*schema);
    if (!headers) {
      log_left_out(link.spec.name, "the tool '" + name + "': " + headers.error().message());
      return true;
    }
    link.param_headers.insert_or_assign(name, *std::move(headers));
    return false;
  });
}

Task<Answer<ToolResult>> Client::call_tool(ToolCall call, RequestOptions options) {
  return State::call(state_, std::move(call), std::move(options));
}

Task<Answer<ToolResult>> Client::State::call(std::shared_ptr<State> state, ToolCall call,
                                             RequestOptions options) {
  json::Object params = std::move(call.extra);
  params["name"] = call.tool;
  params["arguments"] = std::move(call.arguments);
  if (!call.idempotency_key.empty()) {
    json::Value& meta = params["_meta"];
    if (!meta.is_object()) {
      meta = json::Object{};
    }
    meta.get_object()["oap/idempotencyKey"] = call.idempotency_key;
  }
  options.deadline = options.deadline.sooner(call.deadline);
  auto answer = co_await request(state, "tools/call", std::move(params), std::move(options));
  if (!answer) {
    co_return failed(
        with_context(std::move(answer).error(),
                     fmt::format("tool '{}' of server '{}'", call.tool, state->link.spec.name)));
  }
  auto result = result_from_json(*std::move(answer));
  if (!result) {
    co_return failed(Error(
        Code::kUpstream, fmt::format("tool '{}' of server '{}' answered with something "
                                     "unusable: {}",
                                     call.tool, state->link.spec.name, result.error().message())));
  }
  co_return *std::move(result);
}

Task<Answer<json::Object>> Client::watch(std::string uri) {
  return state_->watches.watch(std::move(uri));
}
Task<void> Client::unwatch(std::string uri) { return state_->watches.unwatch(std::move(uri)); }

Task<void> Client::set_log_level(std::string level) {
  auto answer = co_await state_->watches.set_log_level(std::move(level));
  if (!answer) {
    log::info("mcp", "a server refused a log level",
              {{"server", state_->link.spec.name}, {"error", answer.error().error.to_string()}});
  }
}

bool Client::alive() const { return state_->link.connection->alive(); }
Era Client::era() const { return state_->link.era; }
const PeerInfo& Client::info() const { return state_->link.info; }
LinkFaults Client::faults() const { return state_->link.connection->faults(); }
std::size_t Client::open_requests() const { return state_->link.connection->open_requests(); }
std::optional<int> Client::pid() const { return state_->link.connection->transport().pid(); }
std::string Client::stderr_tail() const {
  return state_->link.connection->transport().diagnostics();
}

Task<void> Client::close() { return State::close(state_); }

Task<void> Client::State::close(std::shared_ptr<State> state) {
  co_await state->watches.close();
  co_await state->link.close();
}

}  // namespace oap::mcp
