#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "cli/chat/chat.hpp"
#include "cli/chat/free_memory.hpp"
#include "platform/missions.hpp"
#include "platform/models.hpp"
#include "terminal/width.hpp"
#include "text/strings.hpp"

namespace oap::cli::chat {
namespace {

using terminal::Colour;
using terminal::Line;
using terminal::Style;

constexpr std::size_t kMostQueuedRows = 3;
constexpr std::size_t kMostStepRows = 8;
constexpr Style kQuiet{.colour = Colour::kGrey};
constexpr std::string_view kMissionPaused =
    "Paused, and kept: /task goes on with the mission, /stop ends it; what you write goes on with "
    "it, too.";

std::string_view step_mark(std::string_view state) {
  if (state == "completed") {
    return "✓ ";
  }
  if (state == "failed" || state == "cancelled") {
    return "✗ ";
  }
  return state == "running" ? "▸ " : state == "skipped" ? "– " : "· ";
}

void take_last(std::vector<Line>& out, std::vector<Line> rows, std::size_t& left) {
  const std::size_t skip = rows.size() > left ? rows.size() - left : 0;
  left -= rows.size() - skip;
  std::move(rows.begin() + static_cast<std::ptrdiff_t>(skip), rows.end(), std::back_inserter(out));
}

}  // namespace

void Chat::greet() {
  const std::string place = terminal::shown(platform_.settings().paths.workspace);
  transcript_.rows({{{"oap", {.bold = true}}, {" · " + terminal::shown(model_name()), kQuiet}}});
  transcript_.note(place);
  if (!has_model()) {
    transcript_.note(
        "No model is set: plain orders only (\"List the files in src\"). /model NAME or OAP_MODEL "
        "sets one.");
  }
  transcript_.note("/help lists commands and keys.");
  if (!session_.empty()) {
    const auto record = platform_.store().sessions().find(session_);
    transcript_.note(fmt::format("Going on with {}: {}", session_,
                                 record ? terminal::shown(record->title) : std::string()));
  }
}

void Chat::on_question() {
  const approval::Request* const request = approver_.current();
  if (request != nullptr && request->id != shown_question_) {
    shown_question_ = request->id;
    transcript_.question(*request);
    if (!request->diff.empty()) {
      shown_changes_.insert(request->call.id);
    }
  }
  front_->changed();
}

void Chat::finish_turn(const Result<orchestration::TaskReport>& report) {
  transcript_.end_text();
  calls_.abandon();
  for (const std::string& id : step_order_) {
    const Step& step = steps_[id];
    transcript_.rows({{{std::string(step_mark(step.state)) + step.description, kQuiet}}});
  }
  const bool stopped = cancel_->requested();
  if (stopped) {
    const std::string order = parse_slash(last_said_).value_or(Slash{}).name;
    const bool mission = held_mission() || order == "task" || order == "plan";
    transcript_.warning(mission ? kMissionPaused
                                : "Paused. What was done stays; write to go on, /undo takes files "
                                  "back.");
    notes_.emplace_back("The person stopped the last turn before it had ended.");
    if (!session_.empty()) {
      if (const auto settled = platform_.settle_session(session_); !settled) {
        transcript_.error(settled.error().to_string());
      }
    }
  } else if (!report) {
    transcript_.error(report.error().to_string());
  } else {
    if (!report->content.empty() && !transcript_.has_text()) {
      transcript_.answer(report->content);
    }
    const bool held = held_mission().has_value();
    if (held && report->error && report->error->code() == Code::kCancelled) {
      transcript_.warning(kMissionPaused);
    } else if (report->error && report->error->message() != report->content &&
               !(refused_ && transcript_.has_text())) {
      transcript_.error(report->error->to_string());
    }
    if (held && !(report->error && report->error->code() == Code::kCancelled)) {
      transcript_.note(
          "What you write now goes to the mission, which goes on with it; /clear begins "
          "a session without it.");
    }
  }
  give_back_memory();
  total_usage_ += turn_usage_;
  show_usage(std::chrono::duration_cast<Millis>(system_clock().steady() - started_));
}

void Chat::show_usage(Millis duration) {
  std::string text;
  if (turn_usage_.requests > 0 && has_model()) {
    const std::int64_t in =
        turn_usage_.input_tokens + turn_usage_.cache_write_tokens + turn_usage_.cache_read_tokens;
    text = fmt::format("{} in, {} out", short_count(in), short_count(turn_usage_.output_tokens));
    if (turn_usage_.cache_read_tokens > 0) {
      text += fmt::format(" ({} cached)", short_count(turn_usage_.cache_read_tokens));
    }
    if (turn_usage_.cost_usd) {
      text += fmt::format(" · ${:.4f}", *turn_usage_.cost_usd);
    }
    const std::string model = model_name();
    const auto window =
        platform::window_of(platform_.settings().config, model, model.substr(model.find('/') + 1));
    text += fmt::format(" · context {:.0f}%",
                        100.0 * static_cast<double>(context_tokens_) /
                            static_cast<double>(std::max<std::int64_t>(1, window)));
    text += " · ";
  }
  transcript_.note(text + short_time(duration));
}

Line Chat::status_row(std::size_t width) const {
  const auto time = std::chrono::duration_cast<Millis>(system_clock().steady() - started_);
  std::string text = cancel_ && cancel_->requested() ? "stopping" : phase_;
  text += (text.empty() ? "" : " · ") + short_time(time);
  if (turn_usage_.requests > 0 && has_model()) {
    text += fmt::format(" · {} tokens",
                        short_count(turn_usage_.input_tokens + turn_usage_.output_tokens +
                                    turn_usage_.cache_read_tokens));
  }
  if (goes_on_at_) {
    const auto left = std::chrono::duration_cast<Millis>(*goes_on_at_ - system_clock().steady());
    text = fmt::format("going on in {} s: {} · any key pauses",
                       std::max<std::int64_t>(1, (left.count() + 999) / 1'000), countdown_);
  } else if (wants_answer_) {
    text = "the mission waits for your answer · Esc leaves it waiting";
  } else {
    text += " · Esc pauses";
  }
  return {{terminal::clipped(text, width), kQuiet}};
}

std::vector<Line> Chat::live_rows(std::size_t width, std::size_t most) {
  std::vector<Line> rows;
  if (const approval::Request* const request = approver_.current()) {
    const char* const text = request->always.empty() ? "Allow? [y] once  [n] no "
                                                     : "Allow? [y] once  [a] always  [n] no ";
    const char* const brief = request->always.empty() ? "[y/n] " : "[y/a/n] ";
    return {{{terminal::columns_of(text) + 2 > width ? brief : text, {.bold = true}}}};
  }
  if (!cancel_ || most == 0) {
    return rows;
  }
  ++beat_;
  transcript_.set_look({front_->width(), front_->paint() == terminal::Paint::kNone});
  std::size_t left = most - 1;  // the status row is always there
  std::vector<Line> running_rows;
  for (const CallEntry* call : calls_.running()) {
    running_rows.push_back(running(*call, system_clock().steady(), beat_, width));
  }
  std::vector<Line> step_rows;
  for (const std::string& id : step_order_) {
    const Step& step = steps_[id];
    step_rows.push_back({{std::string(step_mark(step.state)) + step.description, kQuiet}});
  }
  step_rows.resize(std::min(step_rows.size(), kMostStepRows));
  std::vector<Line> queued;
  for (const Saying& saying : queue_) {
    if (queued.size() < kMostQueuedRows) {
      const std::string flat = text::replace_all(saying.shown, "\n", " ");
      queued.push_back({{"queued: " + terminal::shown(flat), kQuiet}});
    }
  }
  std::size_t reserved = std::min(left, running_rows.size() + queued.size());
  std::size_t above = left - reserved;
  take_last(rows, transcript_.preview(), above);
  take_last(rows, std::move(step_rows), above);
  take_last(rows, std::move(running_rows), reserved);
  rows.push_back(status_row(width));
  take_last(rows, std::move(queued), reserved);
  return rows;
}

}  // namespace oap::cli::chat
