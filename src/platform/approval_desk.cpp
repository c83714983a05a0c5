#include "platform/approval_desk.hpp"

#include "approval/question.hpp"
#include "gateway/hooks/guards.hpp"
#include "os/file.hpp"
#include "permission/always.hpp"
#include "platform/rule_file.hpp"
#include "text/strings.hpp"

namespace oap::platform {
namespace {

constexpr std::size_t kMaxFile = 1U << 20U;

std::string argument(const ToolCall& call, std::string_view key) {
  return std::string(json::get_string(call.arguments, key));
}

std::string path_of(const ToolCall& call, const std::string& workspace) {
  std::string path = argument(call, "path");
  path = path.empty() ? argument(call, "file_path") : path;
  return path.starts_with('/') ? path : workspace + "/" + path;
}

/// The change that a call would make to a file; "" where it makes none, or none that can be shown.
std::string change_of(const ToolCall& call, const std::string& workspace) {
  if (call.server != kBuiltinServer) {
    return {};
  }
  const bool edits = call.tool == "edit_file";
  if (!edits && call.tool != "write_file") {
    return {};
  }
  const std::string before =
      os::read_file(path_of(call, workspace), kMaxFile).value_or(std::string());
  if (!edits) {
    return approval::line_diff(before, argument(call, "content"));
  }
  const std::string old_text = argument(call, "old_string");
  const std::string new_text = argument(call, "new_string");
  const std::size_t at = old_text.empty() ? std::string::npos : before.find(old_text);
  if (at == std::string::npos) {
    return approval::line_diff(old_text, new_text);
  }
  const bool all = json::get_bool(call.arguments, "replace_all", false);
  std::string after = all ? text::replace_all(before, old_text, new_text) : before;
  if (!all) {
    after.replace(at, old_text.size(), new_text);
  }
  return approval::line_diff(before, after);
}

}  // namespace

ApprovalDesk::ApprovalDesk(Parts parts) : parts_(std::move(parts)) {
  if (const auto wait = parts_.settings.config.security.approval_wait) {
    pending_.emplace(parts_.list, system_clock(), *wait,
                     [this](const approval::Request& request) { return shown(request); });
    waiting_.emplace(*pending_, timer_);
  }
}

Millis AskTimer::total() const {
  const SteadyTime now = system_clock().steady();
  return open_ > 0 ? past_ + std::chrono::duration_cast<Millis>(now - since_) : past_;
}

AskTimer::Open::Open(AskTimer& timer) : timer_(timer) {
  if (timer_.open_++ == 0) {
    timer_.since_ = system_clock().steady();
  }
}

AskTimer::Open::~Open() {
  const Millis all = timer_.total();
  if (--timer_.open_ == 0) {
    timer_.past_ = all;
  }
}

Task<Result<approval::Answer>> TimedApprover::ask(approval::Request request) {
  const AskTimer::Open open(timer_);
  co_return co_await inner_.ask(std::move(request));
}

Millis ApprovalDesk::patience() const {
  return parts_.settings.config.security.approval_wait.value_or(Millis{0}) + Millis{1'000};
}

std::string ApprovalDesk::revision() const { return parts_.engine.policy()->revision(); }

void ApprovalDesk::describe(approval::Request& request) const {
  const std::string& workspace = parts_.settings.paths.workspace;
  const permission::Request asked = gateway::permission_request(request.call, workspace);
  const auto policy = parts_.engine.policy();
  request.cwd = workspace;
  for (const permission::CommandFacet& command : policy->facets(asked).commands) {
    if (!command.possible) {
      request.commands.push_back(command.shown);
    }
  }
  request.diff = change_of(request.call, workspace);
  if (parts_.settings.paths.user_dir.empty()) {
    return;
  }
  std::string why_not;
  for (const permission::Rule& rule : permission::always_rules(*policy, asked, why_not)) {
    request.always.push_back(permission::rule_line(rule));
  }
}

json::Object ApprovalDesk::shown(const approval::Request& request) const {
  json::Array commands;
  for (const std::string& command : request.commands) {
    commands.emplace_back(parts_.redactor.redact(command));
  }
  json::Object out{{"server", request.call.server},
                   {"tool", request.call.tool},
                   {"arguments", parts_.redactor.redact(json::Value(request.call.arguments))},
                   {"commands", std::move(commands)},
                   {"cwd", request.cwd},
                   {"diff", parts_.redactor.redact(request.diff)},
                   {"rule", request.rule},
                   {"reason", parts_.redactor.redact(request.reason)},
                   {"policy_revision", revision()},
                   {"task_id", request.call.task_id}};
  return out;
}

Result<void> ApprovalDesk::remember(const approval::Request& request) {
  const std::string file = parts_.settings.paths.user_dir + "/permissions.yaml";
  OAP_CHECK_OK(add_rules(file, request.always));
  json::Array rules;
  for (const std::string& rule : request.always) {
    rules.emplace_back(rule);
  }
  audit::Event event;
  event.event_type = "permission_set";
  event.user_id = request.call.principal.user_id;
  event.role = request.call.principal.role;
  event.session_id = request.call.session_id;
  event.call_id = request.call.id;
  event.resource = file;
  event.reason = "always allowed by the approver of " + request.id;
  event.details = {{"tier", "user"}, {"rules", std::move(rules)}};
  return parts_.audit.append_now(std::move(event));
}

}  // namespace oap::platform
