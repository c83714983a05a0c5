#include "gateway/gateway.hpp"

#include <exception>

#include "async/deadline.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "gateway/spoken.hpp"
#include "gateway/trust/clean.hpp"
#include "text/utf8.hpp"

namespace oap::gateway {

struct Gateway::Walk {
  ToolCall call;
  CallLink link;
  ToolOutcome outcome;
  hooks::BeforeOutcome judged;
  std::string approver;
  json::Array after_trail;
  SteadyTime started;
  std::shared_ptr<const std::string> shown_arguments;  ///< redacted, for the audit
  std::string shown_resource;                          ///< likewise
  std::string revision;                                ///< of the policy that judged
  bool own_deadline = false;
  Millis asked{0};  // that a person took to answer: no time of the call
  bool rewritten = false;
  bool resolved = false;
  bool judged_once = false;
  bool effect_possible = false;
  bool done() const { return outcome.result || outcome.denial || outcome.error; }
};

namespace {

constexpr std::size_t kSummaryBytes = 200;
constexpr std::string_view kRequestState = "requestState";

hooks::Context context_of(const ToolCall& call, const std::string& workspace) {
  return {call.session_id, call.task_id, workspace, call.principal};
}

/// The start of the text blocks, joined by newlines.
std::string summary_of(const ToolResult& result) {
  std::string text;
  for (const json::Value& block : result.content) {
    if (text.size() > kSummaryBytes) {
      break;
    }
    if (json::get_string(block, "type") == "text") {
      text += text.empty() ? "" : "\n";
      text += json::get_string(block, "text").substr(0, 2 * kSummaryBytes);
    }
  }
  if (text.size() > kSummaryBytes) {
    text.resize(text::truncate_utf8(text, kSummaryBytes).size());
    text += "…";
  }
  return text;
}

/// A server that was slow while the call still had time is unavailable, and what the system does
/// not permit is no denial: only guards deny.
Error infrastructure_error(const Error& error, Deadline deadline) {
  Code code = error.code();
  if (code == Code::kDeadlineExceeded && !deadline.passed()) {
    code = Code::kUnavailable;
  } else if (code == Code::kPermissionDenied || code == Code::kUnanswered) {
    code = Code::kFailedPrecondition;
  }
  return Error(code, error.to_string(), error.audience());
}

/// A tool call or another MCP request, whose result then is all in `extra`.
Task<Result<mcp::Answer<ToolResult>>> reach(Upstream& upstream, ToolCall call,
                                            mcp::RequestOptions options) {
  options.deadline = call.deadline;
  const std::string method(call.method());
  if (method.empty()) {
    mcp::Answer<ToolResult> result = co_await upstream.call(std::move(call), std::move(options));
    co_return result;
  }
  json::Object params = std::move(call.arguments);
  for (auto& member : call.extra) {
    params[member.key()] = std::move(member.value());
  }
  auto answer = co_await upstream.request(method, std::move(params), std::move(options));
  if (!answer) {
    co_return mcp::Answer<ToolResult>(mcp::failed(std::move(answer).error()));
  }
  ToolResult result;
  result.extra = *std::move(answer);
  co_return mcp::Answer<ToolResult>(std::move(result));
}

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

std::string resource_of(const ToolCall& call) {
  for (const char* key :
       {"path", "file_path", "command", "pattern", "code", "url", "uri", "name"}) {
    if (const json::Value* value = json::find(call.arguments, key);
        value != nullptr && value->is_string()) {
      return std::string(json::view(value->get_string()));
    }
  }
  return call.public_name();
}

}  // namespace

Gateway::Gateway(Parts parts) : parts_(std::move(parts)) {}

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
    co_await audit_result(walk);
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
    if (!judged || (asked && !co_await approve(walk))) {
      co_await audit_result(walk);
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
    co_await audit_result(walk);
    co_return;
  }
  if (co_await audit_intent(walk)) {
    co_await run(walk);
    co_await clean(walk);
    co_await audit_result(walk);
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

/// Tells hooks that somebody is about to be asked; one of them may answer no.
Task<bool> Gateway::announce(Walk& walk) {
  using Kind = hooks::SessionEvent::Kind;
  hooks::SessionEvent asked{Kind::kPermissionRequest};
  asked.call = &walk.call;
  hooks::Context context = context_of(walk.call, parts_.workspace);
  const hooks::EventVerdict verdict =
      co_await parts_.hooks.session_event(context, std::move(asked));
  if (verdict.block) {
    deny(walk, "hook PermissionRequest", verdict.reason);
    co_return false;
  }
  hooks::SessionEvent told{Kind::kNotification, "permission_prompt"};
  told.message = "oap needs your permission to use " + walk.call.public_name();
  co_await parts_.hooks.session_event(std::move(context), std::move(told));
  co_return true;
}

Task<bool> Gateway::approve(Walk& walk) {
  if (!co_await announce(walk)) {
    co_return false;
  }
  approval::Request request{new_id("apr_"), walk.call, walk.judged.rule, walk.judged.reason};
  if (parts_.desk != nullptr) {
    parts_.desk->describe(request);
  }
  Progress asking{Progress::Kind::kApproval, walk.call};
  asking.approval = &request;
  tell(asking);
  const SteadyTime asked_at = parts_.clock.steady();
  auto answer = co_await ask(walk, request);
  walk.asked += std::chrono::duration_cast<Millis>(parts_.clock.steady() - asked_at);
  if (!answer) {
    const bool cancelled = answer.error().code() == Code::kCancelled;
    deny(walk, walk.judged.rule, "approval failed: " + answer.error().to_string(), !cancelled);
    co_return false;
  }
  walk.approver = answer->approver;
  asking.answer = &*answer;
  tell(asking);
  if (!answer->approved) {
    std::string reason = walk.judged.reason;
    reason += answer->nobody ? "; it needs approval and nobody could be asked"
                             : "; refused by " + answer->approver;
    if (!answer->comment.empty()) {
      reason += ": " + answer->comment;
    }
    deny(walk, walk.judged.rule, std::move(reason), answer->nobody);
    co_return false;
  }
  if (answer->always && parts_.desk != nullptr) {
    if (const auto kept = parts_.desk->remember(request); !kept) {
      log::error("gateway", "an approval for always was not written down",
                 {{"error", kept.error().to_string()}});
    }
  }
  co_return true;
}

/// The call's own approver, and where nobody is there, the one for that.
Task<Result<approval::Answer>> Gateway::ask(Walk& walk, approval::Request& request) {
  const Deadline deadline = Deadline::after(parts_.approval_timeout).sooner(walk.call.deadline);
  approval::Approver& approver =
      walk.link.approver != nullptr ? *walk.link.approver : parts_.approver;
  auto question = approver.ask(request);
  auto answer = co_await async::with_deadline(deadline, std::move(question), "the approval");
  approval::Approver* const absent = parts_.desk != nullptr ? parts_.desk->absent() : nullptr;
  if (!answer || !answer->nobody || absent == nullptr) {
    co_return answer;
  }
  const Deadline patience = Deadline::after(parts_.desk->patience());
  auto waiting = absent->ask(request);
  answer = co_await async::with_deadline(patience, std::move(waiting), "the approval");
  if (answer && answer->approved && walk.own_deadline) {
    walk.call.deadline = Deadline::after(parts_.default_timeout);
  }
  co_return answer;
}

Task<bool> Gateway::audit_intent(Walk& walk) {
  const audit::Durability durability =
      parts_.audit_class ? parts_.audit_class(walk.call) : audit::Durability::kSync;
  clean_call(walk);
  const auto written = co_await parts_.audit.append(event_of(walk, "permission_check"), durability);
  if (!written) {
    deny(walk, "audit", "the audit log could not be written: " + written.error().to_string());
    log::error("gateway", "intent not audited, call refused",
               {{"tool", walk.call.public_name()}, {"error", written.error().to_string()}});
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

Task<void> Gateway::clean(Walk& walk) {
  if (!walk.outcome.result) {
    if (walk.outcome.error) {
      const Error& error = *walk.outcome.error;
      std::string text = parts_.redactor.redact(error.to_string());
      gateway::clean(text);
      walk.outcome.error = Error(error.code(), text, error.audience());
      if (walk.outcome.peer_error) {
        json::Value told = parts_.redactor.redact(json::Value(*walk.outcome.peer_error));
        gateway::clean(told);
        walk.outcome.peer_error = std::move(told.as_object());
      }
    }
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

Task<void> Gateway::audit_result(Walk& walk) {
  const bool ran = walk.effect_possible;
  const bool refused = (walk.judged_once || walk.outcome.denial) && !ran;
  clean_call(walk);
  audit::Event event = event_of(walk, refused ? "permission_check" : "tool_execution");
  const audit::Durability durability =
      ran ? audit::Durability::kDeferred : audit::Durability::kWritten;
  const auto written = co_await parts_.audit.append(std::move(event), durability);
  if (!written) {
    log::error("gateway", "result not audited",
               {{"tool", walk.call.public_name()}, {"error", written.error().to_string()}});
    if (ran && walk.outcome.result) {
      walk.outcome.result.reset();
      walk.outcome.error =
          Error(Code::kDataLoss, "the tool ran, but its result could not be audited: " +
                                     written.error().to_string());
    }
  }
}

/// What the audit shows of the call, made once: both records have it.
void Gateway::clean_call(Walk& walk) const {
  if (walk.shown_arguments) {
    return;
  }
  walk.shown_resource = parts_.redactor.redact(resource_of(walk.call));
  if (!parts_.redactor.has_secret(walk.call.arguments)) {
    walk.shown_arguments = audit::print_bounded(walk.call.arguments);
    return;
  }
  const json::Value clean = parts_.redactor.redact(json::Value(walk.call.arguments));
  walk.shown_arguments = audit::print_bounded(clean.as_object());
}

void Gateway::deny(Walk& walk, std::string rule, std::string reason, bool unanswered) {
  Denial denial;
  denial.call_id = walk.call.id;
  denial.server = walk.call.server;
  denial.tool = walk.call.tool;
  denial.arguments = walk.call.arguments;
  denial.rule = std::move(rule);
  denial.reason = std::move(reason);
  denial.unanswered = unanswered;
  walk.outcome.denial = std::move(denial);
}

audit::Event Gateway::event_of(const Walk& walk, std::string type) const {
  const ToolCall& call = walk.call;
  audit::Event event;
  event.event_type = std::move(type);
  event.user_id = call.principal.user_id;
  event.role = call.principal.role;
  event.tenant = call.principal.tenant;
  event.session_id = call.session_id;
  event.task_id = call.task_id;
  event.call_id = call.id;
  event.server = call.server;
  event.tool = call.tool;
  event.action = call.server == kBuiltinServer ? "execute" : "invoke";
  event.resource = walk.shown_resource;
  event.printed_arguments = walk.shown_arguments;
  event.approver = walk.approver;
  json::Array trail = hooks::to_json(walk.judged.trail);
  trail.insert(trail.end(), walk.after_trail.begin(), walk.after_trail.end());
  if (!trail.empty()) {
    json::Value clean_trail = parts_.redactor.redact(json::Value(std::move(trail)));
    event.hook_trail = std::move(clean_trail.as_array());
  }
  event.rule = walk.judged.rule;
  event.reason = parts_.redactor.redact(walk.judged.reason);
  event.risk_score = walk.judged.risk_score;
  if (walk.judged_once) {
    event.permission_decision = to_string(walk.judged.level);
  }
  if (!walk.revision.empty()) {
    event.details["policy_revision"] = walk.revision;
  }
  event.execution_time_ms =
      std::chrono::duration_cast<Millis>(parts_.clock.steady() - walk.started).count();
  if (walk.outcome.denial) {
    event.permission_decision = "deny";
    event.rule = walk.outcome.denial->rule;
    event.reason = parts_.redactor.redact(walk.outcome.denial->reason);
    event.success = false;
  } else if (walk.outcome.error) {
    event.success = false;
    event.error = parts_.redactor.redact(walk.outcome.error->to_string());
  } else if (walk.outcome.result) {
    event.success = !walk.outcome.result->is_error;
    event.result_summary = parts_.redactor.redact(summary_of(*walk.outcome.result));
  }
  return event;
}

}  // namespace oap::gateway
