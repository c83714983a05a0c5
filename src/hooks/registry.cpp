#include "hooks/registry.hpp"

#include <algorithm>
#include <exception>

#include "async/deadline.hpp"
#include "base/log.hpp"

namespace oap::hooks {
namespace {

tl::unexpected<Error> threw(const std::exception& error) {
  return fail(Code::kInternal, "threw: {}", error.what());
}

template <class T>
Task<Result<T>> caught(Task<Result<T>> work) {
  try {
    co_return co_await std::move(work);
  } catch (const std::exception& error) {
    co_return threw(error);
  }
}

template <class T>
Task<Result<T>> bounded(Task<Result<T>> work, Millis timeout, std::string name) {
  const Deadline deadline = Deadline::after(timeout);
  Task<Result<T>> safe = caught(std::move(work));
  co_return co_await async::with_deadline(deadline, std::move(safe), std::move(name));
}

template <class T, class Entry>
Task<Result<T>> bounded_if_it_waits(Task<Result<T>> work, const Entry& entry) {
  if (!entry.hook->waits()) {
    return work;
  }
  return bounded(std::move(work), entry.registration.timeout, std::string(entry.hook->name()));
}

void note_error(std::vector<TrailEntry>& trail, std::string_view hook, const Error& error) {
  log::warn("hooks", "a hook failed", {{"hook", std::string(hook)}, {"error", error.to_string()}});
  trail.push_back({std::string(hook), "error", error.to_string()});
}

}  // namespace

json::Array to_json(const std::vector<TrailEntry>& trail) {
  json::Array array;
  for (const TrailEntry& entry : trail) {
    array.push_back(
        json::Object{{"hook", entry.hook}, {"action", entry.action}, {"detail", entry.detail}});
  }
  return array;
}

template <class Hook>
void Registry::insert(std::vector<Entry<Hook>>& list, std::unique_ptr<Hook> hook,
                      Registration registration) {
  Entry<Hook> entry{std::move(hook), registration};
  const auto before = [](const Entry<Hook>& a, const Entry<Hook>& b) {
    return a.registration.priority != b.registration.priority
               ? a.registration.priority < b.registration.priority
               : a.hook->name() < b.hook->name();
  };
  list.insert(std::upper_bound(list.begin(), list.end(), entry, before), std::move(entry));
}

void Registry::add(std::unique_ptr<ChatHook> hook, Registration registration) {
  insert(chat_, std::move(hook), registration);
}
void Registry::add(std::unique_ptr<BeforeToolHook> hook, Registration registration) {
  insert(before_, std::move(hook), registration);
}
void Registry::add(std::unique_ptr<AfterToolHook> hook, Registration registration) {
  insert(after_, std::move(hook), registration);
}
void Registry::add(std::unique_ptr<DoneHook> hook, Registration registration) {
  insert(done_, std::move(hook), registration);
}

void Registry::add(std::unique_ptr<EventHook> hook, Registration registration) {
  insert(events_, std::move(hook), registration);
}

void Registry::note_stop(const Context& context, std::optional<std::string> stop) {
  if (stop && !context.session_id.empty()) {
    stops_.emplace(context.session_id, *std::move(stop));
  }
}

std::optional<std::string> Registry::stop_wanted(const std::string& session_id) const {
  const auto found = stops_.find(session_id);
  return found == stops_.end() ? std::nullopt : std::optional(found->second);
}

Task<ChatOutcome> Registry::chat_message(Context context, std::string text) {
  ChatOutcome outcome;
  stops_.erase(context.session_id);
  outcome.text = std::move(text);
  for (const auto& entry : chat_) {
    const std::string name(entry.hook->name());
    auto work = entry.hook->on_message(context, outcome.text);
    auto verdict = co_await bounded(std::move(work), entry.registration.timeout, name);
    if (!verdict) {
      note_error(outcome.trail, name, verdict.error());
      if (entry.registration.policy == FailurePolicy::kGuard) {
        outcome.intercepted = true;
        outcome.refused = true;
        outcome.text = "The message was refused: hook " + name + " failed.";
        break;
      }
      continue;
    }
    for (std::string& one : verdict->context) {
      outcome.context.push_back(std::move(one));
    }
    if (verdict->action == ChatVerdict::Action::kModify) {
      outcome.text = std::move(verdict->text);
      outcome.trail.push_back({name, "modify", ""});
    } else if (verdict->action == ChatVerdict::Action::kIntercept) {
      outcome.intercepted = true;
      outcome.refused = verdict->refused;
      outcome.text = std::move(verdict->text);
      outcome.trail.push_back({name, verdict->refused ? "block" : "intercept", ""});
      break;
    }
  }
  co_return outcome;
}

/// One pass over all guards. True where the call was rewritten and must be judged again.
Task<bool> Registry::judge_once(const Context& context, BeforeOutcome& outcome) {
  for (const auto& entry : before_) {
    const std::string name(entry.hook->name());
    Result<BeforeVerdict> verdict;
    try {
      auto work = bounded_if_it_waits(entry.hook->before(context, outcome.call), entry);
      verdict = co_await std::move(work);
    } catch (const std::exception& error) {
      verdict = threw(error);
    }
    if (!verdict) {
      note_error(outcome.trail, name, verdict.error());
      if (entry.registration.policy == FailurePolicy::kGuard) {
        outcome.level = Level::kDeny;
        outcome.hook = name;
        outcome.rule = name;
        outcome.reason = "guard " + name + " failed: " + verdict.error().to_string();
        co_return false;
      }
      continue;
    }
    outcome.risk_score = std::max(outcome.risk_score, verdict->risk_score);
    note_stop(context, std::move(verdict->stop));
    for (std::string& text : verdict->inject) {
      outcome.trail.push_back({name, "inject", text});
      outcome.inject.push_back(std::move(text));
    }
    switch (verdict->action) {
      case BeforeVerdict::Action::kAllow:
        break;
      case BeforeVerdict::Action::kModify:
        if (verdict->arguments != outcome.call.arguments) {
          outcome.call.arguments = std::move(verdict->arguments);
          outcome.trail.push_back({name, "modify", verdict->reason});
          co_return true;
        }
        break;
      case BeforeVerdict::Action::kAsk:
      case BeforeVerdict::Action::kBlock: {
        const bool block = verdict->action == BeforeVerdict::Action::kBlock;
        outcome.trail.push_back({name, block ? "block" : "ask", verdict->reason});
        if (block || outcome.level < Level::kAsk) {
          outcome.level = block ? Level::kDeny : Level::kAsk;
          outcome.hook = name;
          outcome.rule = verdict->rule.empty() ? name : verdict->rule;
          outcome.reason = std::move(verdict->reason);
        }
        if (block) {
          co_return false;
        }
        break;
      }
    }
    if (outcome.hook.empty() && !verdict->rule.empty()) {
      outcome.rule = verdict->rule;
      outcome.reason = std::move(verdict->reason);
    }
  }
  co_return false;
}

Task<BeforeOutcome> Registry::before_tool(Context context, ToolCall call) {
  BeforeOutcome outcome;
  outcome.call = std::move(call);
  for (int round = 0; round <= kMaxRewrites; ++round) {
    outcome.level = Level::kAllow;
    outcome.hook.clear();
    outcome.rule.clear();
    outcome.reason.clear();
    outcome.inject.clear();
    const bool rewritten = co_await judge_once(context, outcome);
    if (!rewritten) {
      co_return outcome;
    }
  }
  outcome.level = Level::kDeny;
  outcome.hook = "HookRegistry";
  outcome.rule = "HookRegistry";
  outcome.reason = fmt::format("hooks rewrote the call more than {} times", kMaxRewrites);
  co_return outcome;
}

Task<AfterOutcome> Registry::after_tool(Context context, const ToolCall& call, ToolResult result) {
  AfterOutcome outcome;
  outcome.result = std::move(result);
  for (const auto& entry : after_) {
    const std::string name(entry.hook->name());
    Result<AfterVerdict> verdict;
    try {
      auto work = bounded_if_it_waits(entry.hook->after(context, call, outcome.result), entry);
      verdict = co_await std::move(work);
    } catch (const std::exception& error) {
      verdict = threw(error);
    }
    if (!verdict) {
      note_error(outcome.trail, name, verdict.error());
      if (entry.registration.policy == FailurePolicy::kGuard) {
        outcome.result =
            ToolResult::text("The result was withheld: guard " + name + " failed.", true);
        outcome.withheld = true;
        co_return outcome;
      }
      continue;
    }
    if (verdict->replacement) {
      outcome.result = *std::move(verdict->replacement);
      outcome.trail.push_back({name, "decorate", ""});
    }
    note_stop(context, std::move(verdict->stop));
    for (std::string& text : verdict->inject) {
      outcome.trail.push_back({name, "inject", text});
      outcome.inject.push_back(std::move(text));
    }
  }
  co_return outcome;
}

Task<DoneOutcome> Registry::assistant_done(Context context, std::string final_text) {
  DoneOutcome outcome;
  bool decided = false;
  for (const auto& entry : done_) {
    if (decided && !entry.hook->always_runs()) {
      continue;
    }
    const std::string name(entry.hook->name());
    auto work = entry.hook->done(context, final_text);
    auto verdict = co_await bounded(std::move(work), entry.registration.timeout, name);
    if (!verdict) {
      note_error(outcome.trail, name, verdict.error());
      continue;
    }
    if (verdict->action == DoneVerdict::Action::kContinue) {
      continue;
    }
    const bool stop = verdict->action == DoneVerdict::Action::kStop;
    outcome.trail.push_back({name, stop ? "stop" : "inject", verdict->reason});
    if (!decided) {
      decided = true;
      outcome.verdict = *std::move(verdict);
      outcome.hook = name;
    }
  }
  co_return outcome;
}

Task<EventVerdict> Registry::session_event(Context context, SessionEvent event) {
  EventVerdict all;
  for (const auto& entry : events_) {
    const std::string name(entry.hook->name());
    auto work = entry.hook->on_event(context, event);
    auto verdict = co_await bounded(std::move(work), entry.registration.timeout, name);
    std::vector<TrailEntry> trail;
    if (!verdict) {
      note_error(trail, name, verdict.error());
      if (entry.registration.policy != FailurePolicy::kGuard) {
        continue;
      }
      verdict = EventVerdict{true, "guard " + name + " failed: " + verdict.error().to_string()};
    }
    if (verdict->block && !all.block) {
      all.block = true;
      all.reason = std::move(verdict->reason);
    }
    for (std::string& text : verdict->context) {
      all.context.push_back(std::move(text));
    }
  }
  co_return all;
}

json::Object Registry::describe() const {
  const auto names = [](const auto& list) {
    json::Array array;
    for (const auto& entry : list) {
      array.emplace_back(entry.hook->name());
    }
    return array;
  };
  json::Object out;
  out["chat.message"] = names(chat_);
  out["tool.execute.before"] = names(before_);
  out["tool.execute.after"] = names(after_);
  out["assistant.done"] = names(done_);
  if (!events_.empty()) {
    out["session.event"] = names(events_);
  }
  return out;
}

json::Array Registry::list() const {
  json::Array rows;
  const auto add = [&rows](const char* point, const auto& entries, const char* guards_error) {
    int order = 0;
    for (const auto& entry : entries) {
      const bool guard = entry.registration.policy == FailurePolicy::kGuard;
      json::Object row{{"point", point},
                       {"order", ++order},
                       {"hook", std::string(entry.hook->name())},
                       {"kind", guard ? "guard" : "observer"},
                       {"priority", entry.registration.priority},
                       {"on_error", guard ? guards_error : "log"},
                       {"timeout_ms", entry.registration.timeout.count()}};
      if constexpr (requires { entry.hook->always_runs(); }) {
        row["always_runs"] = entry.hook->always_runs();
      }
      rows.push_back(std::move(row));
    }
  };
  add("chat.message", chat_, "log");
  add("tool.execute.before", before_, "deny");
  add("tool.execute.after", after_, "withhold");
  add("assistant.done", done_, "log");
  add("session.event", events_, "block");
  return rows;
}

}  // namespace oap::hooks
