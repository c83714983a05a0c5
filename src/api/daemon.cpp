#include "api/daemon.hpp"

#include <array>

#include <unistd.h>

#include "api/wire.hpp"

namespace oap::api {
namespace {

json::Value object(json::Object members) { return json::Value(std::move(members)); }

}  // namespace

Dispatcher::Dispatcher(Governor& governor, std::string version, const Clock& clock,
                       std::vector<std::string> filter)
    : governor_(governor),
      version_(std::move(version)),
      filter_(std::move(filter)),
      clock_(clock),
      started_(clock.wall()),
      since_(clock.steady()) {}

Task<Result<json::Value>> Dispatcher::answer(std::shared_ptr<Client> client,
                                             jsonrpc::Request request) {
  using Method = Task<Result<json::Value>> (Dispatcher::*)(Client&, json::Object);
  static constexpr std::array<std::pair<std::string_view, Method>, 10> kMethods = {
      {{"tool/before", &Dispatcher::before},
       {"tool/after", &Dispatcher::after},
       {"hook/event", &Dispatcher::hook},
       {"session/usage", &Dispatcher::usage},
       {"chat/message", &Dispatcher::message},
       {"permission/asked", &Dispatcher::permission},
       {"session/idle", &Dispatcher::idle},
       {"session/created", &Dispatcher::created},
       {"initialize", &Dispatcher::hello},
       {"status", &Dispatcher::status}}};
  for (const auto& [name, method] : kMethods) {
    if (request.method == name) {
      auto work = (this->*method)(*client, std::move(request.params));
      co_return co_await std::move(work);
    }
  }
  co_return fail(Code::kUnimplemented, "the daemon has no method \"{}\"",
                 request.method.substr(0, 64));
}

Task<Result<json::Value>> Dispatcher::hello(Client& client, json::Object params) {
  OAP_CO_TRY(Hello hello, read_hello(params));
  if (hello.protocol != kProtocol) {
    co_return fail(Code::kInvalidArgument,
                   "the client speaks protocol {}, this daemon {}; update the older of the two",
                   hello.protocol, kProtocol);
  }
  auto beginning = governor_.begin(std::move(hello.directory));
  OAP_CO_TRY(std::string workspace, co_await std::move(beginning));
  client.name = std::move(hello.client);
  client.can_ask = hello.can_ask;
  json::Object out{{"protocol", kProtocol},
                   {"server", json::Object{{"name", "oap"}, {"version", version_}}},
                   {"workspace", workspace}};
  if (!filter_.empty()) {
    out["filter"] = json::Array(filter_.begin(), filter_.end());
  }
  co_return object(std::move(out));
}

Task<Result<json::Value>> Dispatcher::before(Client& client, json::Object params) {
  OAP_CO_TRY(ToolAsked asked, read_tool_asked(params));
  asked.can_ask = client.can_ask;
  auto judging = governor_.before(std::move(asked));
  OAP_CO_TRY(const ToolVerdict verdict, co_await std::move(judging));
  co_return object(to_json(verdict));
}

Task<Result<json::Value>> Dispatcher::after(Client& /*client*/, json::Object params) {
  OAP_CO_TRY(ToolDone done, read_tool_done(params));
  auto cleaning = governor_.after(std::move(done));
  OAP_CO_TRY(ToolCleaned cleaned, co_await std::move(cleaning));
  co_return object(to_json(std::move(cleaned)));
}

Task<Result<json::Value>> Dispatcher::message(Client& /*client*/, json::Object params) {
  OAP_CO_TRY(ChatAsked asked, read_chat_asked(params));
  auto judging = governor_.message(std::move(asked));
  OAP_CO_TRY(const ChatVerdict verdict, co_await std::move(judging));
  co_return object(to_json(verdict));
}

Task<Result<json::Value>> Dispatcher::permission(Client& /*client*/, json::Object params) {
  OAP_CO_TRY(PermissionAsked asked, read_permission_asked(params));
  auto judging = governor_.permission(std::move(asked));
  OAP_CO_TRY(const PermissionVerdict verdict, co_await std::move(judging));
  co_return object(to_json(verdict));
}

Task<Result<json::Value>> Dispatcher::idle(Client& /*client*/, json::Object params) {
  OAP_CO_TRY(Place place, read_place(params));
  auto asking = governor_.idle(std::move(place));
  OAP_CO_TRY(const std::optional<std::string> prompt, co_await std::move(asking));
  json::Object out;
  if (prompt) {
    out["prompt"] = *prompt;
  }
  co_return object(std::move(out));
}

Task<Result<json::Value>> Dispatcher::usage(Client& /*client*/, json::Object params) {
  OAP_CO_TRY(UsageTold told, read_usage_told(params));
  auto counting = governor_.usage(std::move(told));
  OAP_CO_TRY(const UsageVerdict verdict, co_await std::move(counting));
  co_return object(to_json(verdict));
}

Task<Result<json::Value>> Dispatcher::created(Client& /*client*/, json::Object params) {
  OAP_CO_TRY(Place place, read_place(params));
  auto noting = governor_.created(std::move(place));
  OAP_CO_CHECK_OK(co_await std::move(noting));
  co_return object({});
}

Task<Result<json::Value>> Dispatcher::hook(Client& /*client*/, json::Object params) {
  OAP_CO_TRY(HookAsked asked, read_hook_asked(params));
  auto answering = governor_.hook(std::move(asked));
  OAP_CO_TRY(const HookAnswer answer, co_await std::move(answering));
  co_return object(to_json(answer));
}

Task<Result<json::Value>> Dispatcher::status(Client& /*client*/, json::Object /*params*/) {
  const DaemonStatus now = governor_.status();
  const auto up = std::chrono::duration_cast<std::chrono::seconds>(clock_.steady() - since_);
  co_return object({{"version", version_},
                    {"pid", ::getpid()},
                    {"started_at", format_time(started_)},
                    {"uptime_s", up.count()},
                    {"workspaces", now.workspaces},
                    {"sessions", now.sessions},
                    {"calls", now.calls},
                    {"denied", now.denied}});
}

}  // namespace oap::api
