#include "programs/session_hooks.hpp"

#include <deque>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "programs/tool_words.hpp"

namespace oap::programs {
namespace {

using hooks::Context;

constexpr std::string_view kName = "HookPrograms";
constexpr Millis kLongest{4'000'000};  // each program has a limit of its own
constexpr std::size_t kMostJudged = 256;
constexpr int kMostBlocks = 8;  // as in Claude Code

std::string cwd_of(const Context& context) {
  return context.cwd.empty() ? context.workspace : context.cwd;
}

Occasion occasion_of(Event event, const Context& context, std::string subject) {
  Occasion out;
  out.event = event;
  out.session_id = context.session_id;
  out.subject = std::move(subject);
  out.cwd = cwd_of(context);
  if (context.delegated) {
    out.agent = context.principal.role;
  }
  return out;
}

/// Calls of another host's are that host's to tell its hooks of; reading a resource is no tool.
bool is_told(const ToolCall& call) { return call.origin != Origin::kHost && call.method().empty(); }

std::optional<std::string> stop_of(const Answer& answer) {
  return answer.stop ? std::optional(answer.stop_reason.empty() ? "a hook has stopped the run"
                                                                : answer.stop_reason)
                     : std::nullopt;
}

/// tool.execute.before. A call is told once: when guards judge it again, what the programs said of
/// the same input still holds.
class BeforeHook final : public hooks::BeforeToolHook {
 public:
  explicit BeforeHook(Runner& runner) : runner_(runner) {}
  std::string_view name() const override { return kName; }

  Task<Result<hooks::BeforeVerdict>> before(const Context& context, const ToolCall& call) override {
    if (!is_told(call)) {
      co_return hooks::BeforeVerdict::allow();
    }
    const std::string cwd = cwd_of(context);
    const ShownCall shown = shown_call(call, cwd);
    if (const Judged* const known = find(call.id, shown.input); known != nullptr) {
      co_return verdict_of(known->answer);
    }
    Occasion occasion = occasion_of(Event::kPreToolUse, context, shown.tool);
    occasion.details = {
        {"tool_name", shown.tool}, {"tool_input", shown.input}, {"tool_use_id", call.id}};
    occasion.call = &call;
    Answer answer = co_await runner_.run(std::move(occasion));
    json::Object judged = shown.input;
    std::optional<json::Object> changed;
    if (answer.input && answer.decision != Decision::kDeny) {
      auto arguments = changed_arguments(call, shown, *answer.input);
      if (!arguments) {
        answer.decision = Decision::kDeny;
        answer.reason =
            "a hook changed the call to what cannot be done: " + arguments.error().message();
      } else if (*arguments != call.arguments) {
        changed = *std::move(arguments);
        ToolCall after = call;
        after.arguments = *changed;
        judged = shown_call(after, cwd).input;
      }
    }
    hooks::BeforeVerdict verdict = verdict_of(answer);
    keep({call.id, std::move(judged), std::move(answer)});
    if (changed) {
      verdict = {};
      verdict.action = hooks::BeforeVerdict::Action::kModify;
      verdict.arguments = *std::move(changed);
      verdict.reason = "changed by a hook";
    }
    co_return verdict;
  }

 private:
  struct Judged {
    std::string call_id;
    json::Object input;
    Answer answer;
  };

  static hooks::BeforeVerdict verdict_of(const Answer& answer) {
    using Action = hooks::BeforeVerdict::Action;
    hooks::BeforeVerdict verdict;
    verdict.stop = stop_of(answer);
    verdict.inject = answer.context;
    if (answer.stop || answer.decision == Decision::kDeny) {
      verdict.action = Action::kBlock;
      verdict.rule = fmt::format("hook PreToolUse: {}", answer.by);
      verdict.reason = answer.decision == Decision::kDeny ? answer.reason : *verdict.stop;
    } else if (answer.decision == Decision::kAsk) {
      verdict.action = Action::kAsk;
      verdict.rule = fmt::format("hook PreToolUse: {}", answer.by);
      verdict.reason = answer.reason.empty() ? "a hook wants it to be asked" : answer.reason;
    }
    return verdict;
  }

  const Judged* find(const std::string& call_id, const json::Object& input) const {
    for (const Judged& one : judged_) {
      if (one.call_id == call_id && one.input == input) {
        return &one;
      }
    }
    return nullptr;
  }

  void keep(Judged one) {
    judged_.push_back(std::move(one));
    if (judged_.size() > kMostJudged) {
      judged_.pop_front();
    }
  }

  Runner& runner_;
  std::deque<Judged> judged_;
};

class AfterHook final : public hooks::AfterToolHook {
 public:
  explicit AfterHook(Runner& runner) : runner_(runner) {}
  std::string_view name() const override { return kName; }

  Task<Result<hooks::AfterVerdict>> after(const Context& context, const ToolCall& call,
                                          const ToolResult& result) override {
    const Event event = result.is_error ? Event::kPostToolUseFailure : Event::kPostToolUse;
    hooks::AfterVerdict verdict;
    if (!is_told(call) || !runner_.any(event)) {
      co_return verdict;
    }
    const ShownCall shown = shown_call(call, cwd_of(context));
    Occasion occasion = occasion_of(event, context, shown.tool);
    occasion.details = {
        {"tool_name", shown.tool}, {"tool_input", shown.input}, {"tool_use_id", call.id}};
    if (result.is_error) {
      occasion.details["error"] = result.joined_text();
      occasion.details["is_interrupt"] = false;
    } else {
      occasion.details["tool_response"] = shown_response(call, shown, result);
    }
    occasion.call = &call;
    Answer answer = co_await runner_.run(std::move(occasion));
    if (answer.decision == Decision::kDeny) {
      verdict.inject.push_back(answer.reason);
    }
    for (std::string& text : answer.context) {
      verdict.inject.push_back(std::move(text));
    }
    if (answer.output) {
      verdict.replacement = result_of(*answer.output, result);
    }
    verdict.stop = stop_of(answer);
    co_return verdict;
  }

 private:
  Runner& runner_;
};

class PromptHook final : public hooks::ChatHook {
 public:
  explicit PromptHook(Runner& runner) : runner_(runner) {}
  std::string_view name() const override { return kName; }

  Task<Result<hooks::ChatVerdict>> on_message(const Context& context, std::string text) override {
    Occasion occasion = occasion_of(Event::kUserPromptSubmit, context, "");
    occasion.details = {{"prompt", text}};
    Answer answer = co_await runner_.run(std::move(occasion));
    hooks::ChatVerdict verdict;
    if (answer.stop || answer.decision == Decision::kDeny) {
      verdict.action = hooks::ChatVerdict::Action::kIntercept;
      verdict.refused = true;
      verdict.text = answer.decision == Decision::kDeny ? answer.reason : *stop_of(answer);
      co_return verdict;
    }
    verdict.context = std::move(answer.context);
    co_return verdict;
  }

 private:
  Runner& runner_;
};

class StopHook final : public hooks::DoneHook {
 public:
  explicit StopHook(Runner& runner) : runner_(runner) {}
  std::string_view name() const override { return kName; }

  Task<Result<hooks::DoneVerdict>> done(const Context& context, std::string final_text) override {
    const Event event = context.delegated ? Event::kSubagentStop : Event::kStop;
    hooks::DoneVerdict verdict;
    if (!runner_.any(event)) {
      co_return verdict;
    }
    const std::string key = context.session_id + "/" + context.task_id +
                            (context.delegated ? "/" + context.principal.role : "");
    Occasion occasion =
        occasion_of(event, context, context.delegated ? context.principal.role : "");
    occasion.details = {{"stop_hook_active", again_.contains(key)},
                        {"last_assistant_message", final_text}};
    Answer answer = co_await runner_.run(std::move(occasion));
    const auto before = again_.find(key);
    const int times = before == again_.end() ? 0 : before->second;
    again_.erase(key);
    if (answer.stop) {
      co_return verdict;
    }
    if (answer.decision == Decision::kDeny) {
      verdict.prompts.push_back(answer.reason);
    }
    for (std::string& text : answer.context) {
      verdict.prompts.push_back(std::move(text));
    }
    if (!verdict.prompts.empty() && times >= kMostBlocks) {
      runner_.say(fmt::format("hooks have not let the work end {} times in a row: it ends now",
                              kMostBlocks));
      verdict.prompts.clear();
    }
    if (!verdict.prompts.empty()) {
      verdict.action = hooks::DoneVerdict::Action::kInject;
      verdict.reason = "a hook does not let it end yet";
      again_[key] = times + 1;
    }
    co_return verdict;
  }

 private:
  Runner& runner_;
  std::map<std::string, int> again_;  ///< conversations that go on because of a hook, how often
};

class AroundHook final : public hooks::EventHook {
 public:
  explicit AroundHook(Runner& runner) : runner_(runner) {}
  std::string_view name() const override { return kName; }

  Task<Result<hooks::EventVerdict>> on_event(const Context& context,
                                             hooks::SessionEvent event) override {
    Occasion occasion = make(context, event);
    hooks::EventVerdict verdict;
    if (!runner_.any(occasion.event)) {
      co_return verdict;
    }
    Answer answer = co_await runner_.run(std::move(occasion));
    verdict.block = answer.stop || answer.decision == Decision::kDeny;
    verdict.reason = answer.decision == Decision::kDeny ? answer.reason
                                                        : stop_of(answer).value_or(std::string());
    verdict.context = std::move(answer.context);
    co_return verdict;
  }

 private:
  static Occasion make(const Context& context, const hooks::SessionEvent& event) {
    using Kind = hooks::SessionEvent::Kind;
    switch (event.kind) {
      case Kind::kStart: {
        Occasion out = occasion_of(Event::kSessionStart, context, event.detail);
        out.details = {{"source", event.detail}, {"model", event.message}};
        return out;
      }
      case Kind::kEnd: {
        Occasion out = occasion_of(Event::kSessionEnd, context, event.detail);
        out.details = {{"reason", event.detail}};
        return out;
      }
      case Kind::kBeforeCompact: {
        Occasion out = occasion_of(Event::kPreCompact, context, event.detail);
        out.details = {{"trigger", event.detail}, {"custom_instructions", ""}};
        return out;
      }
      case Kind::kPermissionRequest: {
        const ShownCall shown = shown_call(*event.call, cwd_of(context));
        Occasion out = occasion_of(Event::kPermissionRequest, context, shown.tool);
        out.details = {{"tool_name", shown.tool}, {"tool_input", shown.input}};
        out.call = event.call;
        return out;
      }
      case Kind::kNotification:
        break;
    }
    Occasion out = occasion_of(Event::kNotification, context, event.detail);
    out.details = {{"message", event.message}, {"notification_type", event.detail}};
    return out;
  }

  Runner& runner_;
};

}  // namespace

void register_programs(hooks::Registry& registry, Runner& runner) {
  constexpr auto kGuard = hooks::FailurePolicy::kGuard;
  constexpr auto kObserver = hooks::FailurePolicy::kObserver;
  if (runner.any(Event::kUserPromptSubmit)) {
    registry.add(std::make_unique<PromptHook>(runner), {5, kGuard, kLongest});
  }
  if (runner.any(Event::kPreToolUse)) {
    registry.add(std::make_unique<BeforeHook>(runner), {5, kGuard, kLongest});
  }
  if (runner.any(Event::kPostToolUse) || runner.any(Event::kPostToolUseFailure)) {
    registry.add(std::make_unique<AfterHook>(runner), {25, kObserver, kLongest});
  }
  if (runner.any(Event::kStop) || runner.any(Event::kSubagentStop)) {
    registry.add(std::make_unique<StopHook>(runner), {26, kObserver, kLongest});
  }
  static constexpr Event kAround[] = {Event::kSessionStart, Event::kSessionEnd, Event::kPreCompact,
                                      Event::kPermissionRequest, Event::kNotification};
  for (const Event event : kAround) {
    if (runner.any(event)) {
      registry.add(std::make_unique<AroundHook>(runner), {50, kGuard, kLongest});
      break;
    }
  }
}

}  // namespace oap::programs
