#include "gateway/gateway.hpp"

#include <exception>

#include "async/deadline.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "gateway/reach.hpp"
#include "gateway/spoken.hpp"
#include "gateway/trust/clean.hpp"

namespace oap::gateway {
namespace {

constexpr std::string_view kRequestState = "requestState";

/// A server's own opaque token, which it must get back byte for byte: no hook may touch it. Whoever
/// passes it on seals it.
std::optional<json::Value> take_request_state(ToolResult& result) {
  json::Value* const state = result.extra.if_contains(kRequestState);
  if (state == nullptr) {
    return std::nullopt;
  }
  json::Value taken = std::move(*state);
  result.extra.erase(kRequestState);
  return taken;
}

json::Object rpc_object(const jsonrpc::ErrorObject& error) {
  json::Object object = error.extra;
  object["code"] = error.code;
  object["message"] = error.message;
  if (error.data) {
    object["data"] = *error.data;
  }
  return object;
}

}  // namespace

Gateway::Gateway(Parts parts)
    : parts_(std::move(parts)),
      asking_({parts_.hooks, parts_.approver, parts_.desk, parts_.clock, parts_.workspace,
               parts_.approval_timeout, parts_.default_timeout},
              [this](const Progress& progress) { tell(progress); }),
      audit_(parts_.audit, parts_.redactor, parts_.clock, parts_.audit_class) {}

void Gateway::tell(const Progress& progress) const {
  if (observer_) {
    observer_(progress);
  }
}

Task<ToolOutcome> Gateway::invoke(ToolCall call, CallLink link) {
  Walk walk;
  walk.call = std::move(call);
  walk.link = std::move(link);
  walk.started = parts_.clock.steady();
  if (walk.call.id.empty()) {
    walk.call.id = new_id("call_");
  }
  if (walk.call.idempotency_key.empty()) {
    walk.call.idempotency_key = walk.call.id;
  }
  if (walk.call.server.empty() || walk.call.server == "default") {
    walk.call.server = kBuiltinServer;
  }
  if (walk.call.deadline.is_never()) {
    walk.own_deadline = true;
    walk.call.deadline = Deadline::after(parts_.default_timeout);
  }
  tell({Progress::Kind::kStarted, walk.call});
  bool threw = false;
  try {
    co_await this->walk(walk);
  } catch (const std::exception& error) {
    log::error("gateway", "a walk threw", {{"error", error.what()}});
    walk.outcome = {};
    if (walk.effect_possible) {
      walk.outcome.error =
          Error(Code::kInternal,
                parts_.redactor.redact(std::string("internal error, the tool may have run: ") +
                                       error.what()));
    } else {
      deny(walk, "gateway", std::string("internal error: ") + error.what());
    }
    threw = true;
  }
  if (threw) {
    co_await audit_.result(walk);
  }
  walk.outcome.duration =
      std::chrono::duration_cast<Millis>(parts_.clock.steady() - walk.started) - walk.asked;
  Progress finished{Progress::Kind::kFinished, walk.call};
  finished.outcome = &walk.outcome;
  finished.risk_score = walk.judged.risk_score;
  tell(finished);
  co_return std::move(walk.outcome);
}

Task<void> Gateway::walk(Walk& walk) {
  Result<void> resolved = resolve(walk);
  if (resolved) {
    const bool judged = co_await judge(walk);
    const bool asked = judged && walk.judged.level == Level::kAsk;
    if (!judged || (asked && !co_await asking_.approve(walk))) {
      co_await audit_.result(walk);
      co_return;
    }
    const bool approved_by_someone = walk.judged.level == Level::kAsk;
    const bool checked = walk.resolved && !walk.rewritten && !approved_by_someone;
    if (!checked && walk.call.method().empty()) {
      resolved = co_await start_and_resolve(walk);
    }
  }
  if (!resolved) {
    if (resolved.error().code() == Code::kPermissionDenied) {
      deny(walk, "trust", resolved.error().message());
    } else {
      walk.outcome.error = infrastructure_error(resolved.error(), walk.call.deadline);
      co_await clean(walk);
    }
    co_await audit_.result(walk);
    co_return;
  }
  if (co_await audit_.intent(walk)) {
    co_await run(walk);
    co_await clean(walk);
    co_await audit_.result(walk);
  }
}

Result<void> Gateway::check(Walk& walk, const ToolSpec& spec) {
  walk.resolved = true;
  if (auto problem = parts_.catalog.check_arguments(spec, walk.call.arguments)) {
    return fail(Error(Code::kInvalidArgument, *std::move(problem), Audience::kModel));
  }
  return {};
}

Result<void> Gateway::resolve(Walk& walk) {
  if (walk.call.tool.starts_with(kMethodPrefix)) {
    const bool asked_by_people =
        walk.call.origin == Origin::kMcpClient || walk.call.origin == Origin::kCommand;
    if (!asked_by_people || !is_reading_method(walk.call.method())) {
      return fail(Code::kNotFound, "Unknown tool: {} on server {}", walk.call.tool,
                  walk.call.server);
    }
    walk.resolved = true;
    OAP_CHECK_OK(parts_.upstreams.find(walk.call.server));
    return {};
  }
  OAP_TRY(const ToolSpec* spec, parts_.catalog.find_known(walk.call.server, walk.call.tool));
  return spec != nullptr ? check(walk, *spec) : Result<void>{};
}

Task<Result<void>> Gateway::start_and_resolve(Walk& walk) {
  OAP_CO_TRY(const ToolSpec spec,
             co_await parts_.catalog.find(walk.call.server, walk.call.tool, walk.call.deadline));
  co_return check(walk, spec);
}

Task<bool> Gateway::judge(Walk& walk) {
  hooks::Context context = context_of(walk.call, parts_.workspace);
  walk.judged = co_await parts_.hooks.before_tool(std::move(context), std::move(walk.call));
  walk.judged_once = true;
  walk.revision = parts_.desk != nullptr ? parts_.desk->revision() : std::string();
  walk.call = std::move(walk.judged.call);
  for (const hooks::TrailEntry& entry : walk.judged.trail) {
    walk.rewritten = walk.rewritten || entry.action == "modify";
  }
  if (walk.judged.level == Level::kDeny) {
    deny(walk, walk.judged.rule, walk.judged.reason);
    co_return false;
  }
  co_return true;
}

Task<void> Gateway::run(Walk& walk) {
  const auto upstream = parts_.upstreams.find(walk.call.server);
  if (!upstream) {
    walk.outcome.error = upstream.error();
    co_return;
  }
  walk.effect_possible = true;
  auto work = reach(**upstream, walk.call, cleaned(std::move(walk.link.request), parts_.redactor));
  if (!(*upstream)->bounds_itself() || walk.call.deadline.passed()) {
    work = async::with_deadline(walk.call.deadline, std::move(work), walk.call.public_name());
  }
  auto result = co_await std::move(work);
  if (result && *result) {
    walk.outcome.result = **std::move(result);
    co_return;
  }
  const Error error = result ? result->error().error : result.error();
  if (result && result->error().peer) {
    walk.outcome.peer_error = rpc_object(*result->error().peer);
  }
  walk.outcome.error = infrastructure_error(error, walk.call.deadline);
}

void Gateway::clean_error(ToolOutcome& outcome) const {
  if (!outcome.error) {
    return;
  }
  std::string text = parts_.redactor.redact(outcome.error->to_string());
  gateway::clean(text);
  outcome.error = Error(outcome.error->code(), text, outcome.error->audience());
  if (outcome.peer_error) {
    json::Value told = parts_.redactor.redact(json::Value(*outcome.peer_error));
    gateway::clean(told);
    outcome.peer_error = std::move(told.as_object());
  }
}

Task<void> Gateway::clean(Walk& walk) {
  if (!walk.outcome.result) {
    clean_error(walk.outcome);
    co_return;
  }
  hooks::Context context = context_of(walk.call, parts_.workspace);
  ToolResult raw = *std::move(walk.outcome.result);
  walk.outcome.result.reset();
  std::optional<json::Value> state = take_request_state(raw);
  hooks::AfterOutcome after =
      co_await parts_.hooks.after_tool(std::move(context), walk.call, std::move(raw));
  walk.after_trail = hooks::to_json(after.trail);
  for (const std::string& text : walk.judged.inject) {
    after.result.content.push_back(json::Object{{"type", "text"}, {"text", text}});
  }
  for (const std::string& text : after.inject) {
    after.result.content.push_back(json::Object{{"type", "text"}, {"text", text}});
  }
  if (state) {
    after.result.extra[kRequestState] = *std::move(state);
  }
  walk.outcome.result = std::move(after.result);
}

}  // namespace oap::gateway
