#include "cli/text_view.hpp"

#include <utility>

#include <fmt/format.h>

#include "cli/call_words.hpp"
#include "cli/output.hpp"
#include "cli/stream_view.hpp"
#include "cli/terminal.hpp"
#include "json/print.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

std::string clip(std::string text, std::size_t columns) {
  for (char& c : text) {
    if (c == '\n' || c == '\r' || c == '\t') {
      c = ' ';
    }
  }
  text = text::escape_visible(text);
  if (text.size() > columns) {
    text = std::string(text::truncate_utf8(text, columns > 1 ? columns - 1 : 0)) + "…";
  }
  return text;
}

std::string describe(const ToolCall& call) {
  std::string text = call.public_name();
  if (const std::string words = mission_call_words(call); !words.empty()) {
    return text + " " + words;
  }
  for (const char* key : {"command", "path", "pattern", "code"}) {
    if (const json::Value* value = json::find(call.arguments, key);
        value != nullptr && value->is_string()) {
      return text + " " + std::string(json::view(value->get_string()));
    }
  }
  return call.arguments.empty() ? text : text + " " + json::print(json::Value(call.arguments));
}

std::string_view mark_of(std::string_view state) {
  if (state == "completed") {
    return "✓";
  }
  if (state == "failed" || state == "cancelled") {
    return "✗";
  }
  if (state == "running") {
    return "▸";
  }
  return state == "skipped" ? "–" : "·";
}

class JsonView final : public RunView {
 public:
  platform::RunObserver observer() override {
    platform::RunObserver observer;
    observer.events.on_notice = [](std::string_view what) { print_error(what); };
    return observer;
  }
  void finish(const orchestration::TaskReport& report) override {
    print_json(json::Value(orchestration::to_json(report)));
  }
};

}  // namespace

std::unique_ptr<RunView> make_view(Format format) {
  switch (format) {
    case Format::kJson:
      return std::make_unique<JsonView>();
    case Format::kStreamJson:
      return std::make_unique<StreamView>();
    case Format::kText:
      break;
  }
  return std::make_unique<TextView>(stderr_is_terminal());
}

TextView::TextView(bool live) : live_(live), started_(system_clock().steady()) {
  set_live_rows(this);
}
TextView::~TextView() {
  show();
  erase();
  set_live_rows(nullptr);
}

void TextView::hide() {
  erase();
  hidden_ = true;
}

void TextView::show() {
  hidden_ = false;
  print_message(std::exchange(held_, {}), false);
  redraw();
}

platform::RunObserver TextView::observer() {
  platform::RunObserver observer;
  observer.on_call = [this](const gateway::Progress& progress) { on_call(progress); };
  observer.events.on_step = [this](const PlanStep& step, std::string_view state) {
    on_step(step, state);
  };
  observer.events.on_plan = [this](const ExecutionPlan& plan) {
    steps_.clear();
    step_order_.clear();
    for (const PlanStep& step : plan.steps) {
      step_order_.push_back(step.id);
      steps_[step.id] = {step.description, "pending"};
    }
    redraw();
  };
  observer.events.on_status = [this](TaskStatus status) {
    phase_ = to_string(status);
    redraw();
  };
  observer.events.on_usage = [this](const Usage& usage) {
    usage_ += usage;
    redraw();
  };
  observer.events.on_notice = [this](std::string_view what) { line(std::string(what)); };
  return observer;
}

void TextView::line(const std::string& text) {
  if (hidden_) {
    held_ += text + "\n";
    return;
  }
  erase();
  print_message(text + "\n", false);
  redraw();
}

void TextView::on_call(const gateway::Progress& progress) {
  const std::string what = clip(describe(progress.call), 160);
  switch (progress.kind) {
    case gateway::Progress::Kind::kStarted:
      at_work_[progress.call.id] = what;
      redraw();
      break;
    case gateway::Progress::Kind::kApproval:
      break;
    case gateway::Progress::Kind::kFinished: {
      at_work_.erase(progress.call.id);
      const ToolOutcome& outcome = *progress.outcome;
      std::string text =
          fmt::format("{} {} ({} ms)", outcome.ok() ? "✓" : "✗", what, outcome.duration.count());
      if (!outcome.ok()) {
        text += "\n    " + clip(outcome.text_for_model(), 300);
      }
      line(text);
      break;
    }
  }
}

void TextView::on_step(const PlanStep& step, std::string_view state) {
  steps_[step.id] = {step.description, std::string(state)};
  if (live_) {
    redraw();
  } else if (state == "completed" || state == "failed" || state == "skipped") {
    line(fmt::format("{} step {}: {} ({})", mark_of(state), step.id, step.description, state));
  }
}

std::string TextView::status_line() const {
  const double seconds = std::chrono::duration<double>(system_clock().steady() - started_).count();
  std::string text = fmt::format("{}{}{:.1f} s", phase_, phase_.empty() ? "" : " · ", seconds);
  if (usage_.requests > 0) {
    text += fmt::format(" · {} in, {} out tokens", usage_.input_tokens, usage_.output_tokens);
    if (usage_.cache_read_tokens > 0) {
      text += fmt::format(" ({} more from the cache)", usage_.cache_read_tokens);
    }
    if (usage_.cost_usd && *usage_.cost_usd > 0) {
      text += fmt::format(" · ${:.4f}", *usage_.cost_usd);
    }
  }
  return text;
}

void TextView::erase() {
  if (drawn_ > 0) {
    draw(fmt::format("\x1b[{}A\x1b[J", drawn_), false);
    drawn_ = 0;
  }
}

void TextView::redraw() {
  if (!live_ || hidden_) {
    return;
  }
  erase();
  const auto columns = static_cast<std::size_t>(terminal_width());
  std::string text;
  for (const std::string& id : step_order_) {
    const Step& step = steps_[id];
    text += fmt::format("{} {}\n", mark_of(step.state), clip(step.description, columns - 4));
    ++drawn_;
  }
  for (const auto& [id, what] : at_work_) {
    text += fmt::format("▸ {}\n", clip(what, columns - 4));
    ++drawn_;
  }
  text += clip(status_line(), columns - 2) + "\n";
  ++drawn_;
  print_message(text, false);
}

void TextView::finish(const orchestration::TaskReport& report) {
  show();
  erase();
  live_ = false;
  if (!report.content.empty()) {
    print(report.content + (report.content.ends_with('\n') ? "" : "\n"));
  }
  if (report.review && !report.review->recommendations.empty()) {
    for (const std::string& text : report.review->recommendations) {
      print_message("recommendation: " + text + "\n", false);
    }
  }
  if (report.error) {
    print_error(report.error->to_string());
  }
  if (usage_.requests > 0) {
    print_message(status_line() + "\n", false);
  }
}

}  // namespace oap::cli
