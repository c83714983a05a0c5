#include <algorithm>

#include <fmt/format.h>

#include "async/sleep.hpp"
#include "json/print.hpp"
#include "orchestration/mission/mission_run.hpp"
#include "session/history.hpp"
#include "text/utf8.hpp"

namespace oap::orchestration {
namespace {

constexpr Millis kListen{100};
constexpr Millis kOrderGrace{10'000};
constexpr std::size_t kDoubtBytes = 200;
constexpr std::size_t kDoubtsTold = 50;

}  // namespace

/// Orders that came meanwhile, from other processes and from here.
Result<void> MissionRun::take_orders_in() {
  if (!stop_by_.empty()) {
    pause_by_.clear();
    return apply(StopAsked{std::exchange(stop_by_, {})});
  }
  if (!pause_by_.empty()) {
    return apply(PauseAsked{std::exchange(pause_by_, {}), "", false});
  }
  return {};
}

Task<void> MissionRun::keep_lease() {
  while (co_await async::sleep_for(parts_.lease / 3)) {
    if (const auto renewed = journal_.renew(parts_.lease); !renewed) {
      lost_ = renewed.error();
      turn_cancel_.request();
      delegation_.hold();
      wake_.notify();
      co_return;
    }
  }
}

Task<void> MissionRun::listen() {
  std::optional<Deadline> grace;
  while (co_await async::sleep_for(kListen)) {
    if (!spent_ && is_time_over()) {
      spent_ = spent_budget();
      turn_cancel_.request();
      wake_.notify();
    }
    const auto orders = parts_.missions.orders(record_.id);
    if (!orders) {
      continue;
    }
    for (const store::MissionOrder& order : *orders) {
      const std::string_view kind = json::get_string(order.body, "order");
      const std::string by(json::get_string(order.body, "by", "someone"));
      if (kind == "stop" && stop_by_.empty()) {
        stop_by_ = by;
        turn_cancel_.request();
      } else if (kind == "pause" && pause_by_.empty()) {
        pause_by_ = by;
        grace = Deadline::after(kOrderGrace);
      }
      journal_.taken(order.id);
      wake_.notify();
    }
    if (grace && grace->passed()) {
      turn_cancel_.request();
      grace.reset();
    }
  }
}

MissionReport MissionRun::report() const {
  MissionReport told;
  told.mission_id = record_.id;
  told.session_id = record_.session_id;
  told.objective = record_.objective;
  told.plan_file = files_.todo_path();
  told.status = body_.status;
  told.limits = body_.limits;
  told.verdict = verdict_;
  told.evidence = evidence_.all(evidence_.last_tree());
  for (const auto& [id, task] : delegation_.tasks()) {
    told.tasks.push_back(task);
  }
  told.in_doubt = body_.in_doubt;
  told.usage = body_.usage;
  told.tool_calls = body_.tool_calls;
  told.active = body_.active;
  told.content = body_.content;
  return told;
}

/// Calls that were closed because a process had died: told once, to the model and in the report.
std::string MissionRun::find_doubts(const std::vector<Message>& history) {
  std::map<std::string, const ToolUseBlock*> uses;
  std::vector<std::string> found;
  for (const Message& message : history) {
    for (const ToolUseBlock* use : message.tool_uses()) {
      uses[use->id] = use;
    }
    for (const Block& block : message.blocks) {
      const auto* const result = std::get_if<ToolResultBlock>(&block);
      if (result == nullptr || result->text != session::kInDoubt) {
        continue;
      }
      const auto known =
          std::find(body_.in_doubt_calls.begin(), body_.in_doubt_calls.end(), result->tool_use_id);
      const auto use = uses.find(result->tool_use_id);
      if (known != body_.in_doubt_calls.end() || use == uses.end()) {
        continue;
      }
      body_.in_doubt_calls.push_back(result->tool_use_id);
      const std::string arguments = json::print(json::Value(use->second->arguments));
      found.push_back(
          fmt::format("{} {}", use->second->name, text::truncate_utf8(arguments, kDoubtBytes)));
    }
  }
  if (found.empty()) {
    return {};
  }
  std::string text = "In doubt, may have run before the program ended; it was not repeated:\n";
  json::Array calls;
  for (const std::string& call : found) {
    body_.in_doubt.push_back(parts_.redact(call));
    text += "- " + call + "\n";
    if (calls.size() < kDoubtsTold) {
      calls.emplace_back(call);
    }
  }
  if (const auto written =
          journal_.write("in_doubt", json::Object{{"calls", std::move(calls)}}, body_);
      !written) {
    lost_ = written.error();
  }
  return text;
}

}  // namespace oap::orchestration
