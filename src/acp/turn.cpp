#include "acp/turn.hpp"

#include "base/ids.hpp"
#include "base/log.hpp"

namespace oap::acp {

TurnEvents Turn::events() {
  TurnEvents out;
  out.on_call = [this](const gateway::Progress& progress) { on_call(progress); };
  out.events.on_text = [this](std::string_view agent, std::string_view text) {
    on_text(agent, text);
  };
  out.events.on_thought = [this](std::string_view /*agent*/, std::string_view text) {
    on_thought(text);
  };
  out.events.on_plan = [this](const ExecutionPlan& plan) { on_plan(plan); };
  out.events.on_step = [this](const PlanStep& step, std::string_view state) {
    on_step(step, state);
  };
  out.events.on_usage = [this](const Usage& usage) { on_usage(usage); };
  out.events.on_notice = [](std::string_view what) { log::warn("acp", what); };
  return out;
}

void Turn::on_text(std::string_view agent, std::string_view text) {
  if (planned_ || agent != "worker") {
    on_thought(text);
    return;
  }
  say(text);
}

void Turn::say(std::string_view text) {
  spoke_ = true;
  if (message_id_.empty()) {
    message_id_ = new_id("msg_");
  }
  parts_.send(chunk(Speaker::kAgent, text, message_id_));
}

void Turn::on_thought(std::string_view text) { parts_.send(chunk(Speaker::kThought, text, "")); }

void Turn::on_plan(const ExecutionPlan& plan) {
  planned_ = true;
  step_ids_.clear();
  steps_.clear();
  for (const PlanStep& step : plan.steps) {
    step_ids_.push_back(step.id);
    steps_[step.id] = {step.description, "pending"};
  }
  send_plan();
}

void Turn::on_step(const PlanStep& step, std::string_view state) {
  const auto [found, is_new] = steps_.try_emplace(step.id);
  if (is_new) {
    step_ids_.push_back(step.id);
  }
  found->second = {step.description, std::string(state)};
  send_plan();
}

void Turn::send_plan() {
  std::vector<PlanEntry> entries;
  for (const std::string& id : step_ids_) {
    entries.push_back(steps_[id]);
  }
  parts_.send(plan(entries));
}

void Turn::on_usage(const Usage& usage) {
  message_id_.clear();
  cost_ = cost_ && usage.cost_usd ? std::optional(*cost_ + *usage.cost_usd) : std::nullopt;
  const std::int64_t used =
      usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens + usage.output_tokens;
  if (used > 0) {
    parts_.send(acp::usage(used, parts_.session.window(parts_.model), cost_));
  }
}

void Turn::on_call(const gateway::Progress& progress) {
  using Kind = gateway::Progress::Kind;
  const ToolCall& call = progress.call;
  const std::string& cwd = parts_.session.cwd();
  if (progress.kind == Kind::kStarted) {
    const std::string path = path_of(call, cwd);
    const bool changes = call.tool == "write_file" || call.tool == "edit_file";
    auto change = path.empty() || !changes ? std::optional<FileChange>()
                                           : change_of(call, cwd, parts_.session.file_text(path));
    json::Object shown = tool_call(call, cwd, change);
    shown["status"] = "in_progress";
    parts_.send(std::move(shown));
    open_calls_[call.id] = std::move(change);
  } else if (progress.kind == Kind::kApproval) {
    const bool waits = progress.answer == nullptr;
    if (waits || progress.answer->approved) {
      parts_.send(tool_state(call.id, waits ? "pending" : "in_progress"));
    }
  } else {
    const auto open = open_calls_.find(call.id);
    parts_.send(tool_end(call, *progress.outcome,
                         open != open_calls_.end() ? open->second : std::optional<FileChange>()));
    open_calls_.erase(call.id);
    if (call.tool == "todo" && call.server == kBuiltinServer) {
      parts_.send(plan(parts_.session.plan()));
    }
  }
}

void Turn::abandon() {
  for (const auto& [id, change] : open_calls_) {
    parts_.send(tool_state(id, "failed"));
  }
  open_calls_.clear();
}

bool Turn::belongs_to_the_talk(const Error& error) {
  return error.code() == Code::kPermissionDenied || error.code() == Code::kUnanswered ||
         orchestration::ending_of(error) != orchestration::Ending::kOther;
}

void Turn::finish(const orchestration::TaskReport& report) {
  abandon();
  message_id_.clear();
  if (!report.content.empty() && (!spoke_ || planned_)) {
    say(report.content);
  }
  const bool unsaid =
      report.error && (report.content.empty() ||
                       orchestration::ending_of(*report.error) != orchestration::Ending::kOther);
  if (unsaid && belongs_to_the_talk(*report.error)) {
    message_id_.clear();
    say(report.error->to_string());
  }
}

}  // namespace oap::acp
