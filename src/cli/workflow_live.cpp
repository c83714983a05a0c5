#include "cli/workflow_live.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/commands/workflow.hpp"
#include "cli/output.hpp"
#include "cli/person.hpp"
#include "cli/terminal.hpp"
#include "json/print.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

using workflow::RunResult;
using workflow::StepReport;
using workflow::StepState;

constexpr std::array<std::string_view, 8> kSpinner = {"⠋", "⠙", "⠸", "⠴", "⠦", "⠧", "⠇", "⠏"};
constexpr std::size_t kLeastLines = 3;

bool is_set(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool can_move() {
  const char* const term = std::getenv("TERM");
  return stderr_is_terminal() && term != nullptr && *term != '\0' &&
         std::string_view(term) != "dumb";
}

std::size_t terminal_lines() {
  winsize size{};
  return ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_row > 5 ? size.ws_row : 24;
}

std::string clip(const std::string& text, std::size_t columns) {
  std::size_t shown = 0;
  for (auto at = text::CodePoints(text).begin(); at.offset() < text.size(); ++at) {
    if (++shown >= columns && at.offset() + (*at).length < text.size()) {
      return text.substr(0, at.offset()) + "…";
    }
  }
  return text;
}

std::string_view colour_of(StepState state) {
  switch (state) {
    case StepState::kCompleted:
      return "\x1b[32m";
    case StepState::kFailed:
    case StepState::kCancelled:
    case StepState::kUnknown:
      return "\x1b[31m";
    case StepState::kRunning:
      return "\x1b[36m";
    case StepState::kPending:
    case StepState::kReady:
    case StepState::kSkipped:
      break;
  }
  return "\x1b[2m";
}

int rank(const StepReport& report) {
  if (report.state == StepState::kRunning || report.state == StepState::kUnknown) {
    return 0;
  }
  if (report.state == StepState::kFailed || report.state == StepState::kCancelled) {
    return 1;
  }
  if (report.state == StepState::kReady) {
    return 2;
  }
  return report.path == report.id ? 3 : 5;
}

class LiveView final : public WorkflowView, public LiveRows {
 public:
  LiveView(bool live, bool colours) : live_(live), colours_(colours) { set_live_rows(this); }
  ~LiveView() override {
    set_live_rows(nullptr);
    print_message(held_, false);
    erase();
  }

  void hide() override {
    erase();
    hidden_ = true;
  }
  void show() override {
    hidden_ = false;
    print_message(std::exchange(held_, {}), false);
    redraw();
  }

  void begin(const std::string& run_id,
             std::shared_ptr<const workflow::Blueprint> blueprint) override {
    Watched& watched = runs_[run_id];
    watched.blueprint = blueprint;
    if (blueprint != nullptr) {
      for (const workflow::StepIndex index : blueprint->block(0).steps) {
        const workflow::StepDefinition& step = *blueprint->step(index).definition;
        StepReport report;
        report.path = report.id = step.id;
        put(watched, std::move(report));
      }
    }
    watched.title =
        run_id + (blueprint == nullptr ? "" : "  " + one_line(blueprint->definition().id, 80));
  }

  /// Whoever reads the run's name may rely on the run.
  void started(const std::string& run_id) override {
    const auto watched = runs_.find(run_id);
    if (watched != runs_.end() && !watched->second.title.empty()) {
      line(std::exchange(watched->second.title, {}));
    }
  }

  void step(const std::string& run_id, const StepReport& report) override {
    started(run_id);
    Watched& watched = runs_[run_id];
    put(watched, report);
    if (live_) {
      redraw();
      return;
    }
    if (workflow::is_end(report.state) || report.state == StepState::kUnknown) {
      line(ended_line(report));
    } else if (report.state == StepState::kRunning && !report.waits_for.empty() &&
               report.waits_for != "time") {
      line(fmt::format("… {}", step_line(report, system_clock().wall())));
    }
  }

  void run(const RunResult& state) override { runs_[state.run_id].waits_for = state.waits_for; }

  void call(const gateway::Progress& progress) override {
    if (progress.kind == gateway::Progress::Kind::kApproval) {
      asking(progress.answer == nullptr);
    }
  }

  void note(const std::string& text) override { line(text); }

  void tick() override {
    ++frame_;
    redraw();
  }

  void asking(bool now) override {
    erase();
    asking_ = now;
  }

  void finish(const RunResult& result, const json::Object& shown) override {
    started(result.run_id);
    erase();
    const Watched& watched = runs_[result.run_id];
    if (live_) {
      for (const StepReport& report : result.steps) {
        if (report.path == report.id || report.state == StepState::kFailed) {
          draw(paint(report.state, ended_line(report)) + "\n", false);
        }
      }
    }
    live_ = live_ && runs_.size() > 1;
    if (watched.blueprint != nullptr && workflow::is_end(result.status)) {
      const auto path = critical_path(*watched.blueprint, result.steps);
      if (path.size() > 1) {
        print_message("critical path: " + one_line(text::join(path, " → "), 400) + "\n", false);
      }
    }
    const json::Object* const outputs = json::find_object(shown, "outputs");
    if (outputs != nullptr && !outputs->empty() && watched.blueprint != nullptr &&
        !watched.blueprint->definition().outputs.empty()) {
      print(json::print_pretty(json::Value(*outputs)) + "\n");
    }
    print_message(closing(result), false);
    const std::string_view error = json::get_string(shown, "error");
    if (!error.empty()) {
      print_error(text::escape_visible(error, {.keep_newlines = true}));
    }
    for (const std::string& answer : answers_to(result, watched.blueprint.get())) {
      print_message("  " + answer + "\n", false);
    }
    runs_.erase(result.run_id);
  }

 private:
  struct Watched {
    std::shared_ptr<const workflow::Blueprint> blueprint;
    std::vector<StepReport> steps;
    std::map<std::string, std::size_t, std::less<>> by_path;
    std::string waits_for;
    std::string title;  // until it has been shown
  };

  static void put(Watched& watched, StepReport report) {
    const auto [place, fresh] = watched.by_path.try_emplace(report.path, watched.steps.size());
    if (fresh) {
      watched.steps.push_back(std::move(report));
    } else {
      watched.steps[place->second] = std::move(report);
    }
  }

  static std::string ended_line(const StepReport& report) {
    std::string text =
        fmt::format("{} {}", mark_of(report.state), step_line(report, system_clock().wall()));
    const bool failed = report.state == StepState::kFailed || report.state == StepState::kUnknown;
    if (failed && !report.error.empty()) {
      text += "\n    " + one_line(report.error, 300);
    }
    return text;
  }

  static std::string closing(const RunResult& result) {
    std::string text =
        fmt::format("{} {}: {} of {} steps in {}", result.run_id, to_string(result.status),
                    result.counts.completed, result.counts.total,
                    duration_text(time_of(result, system_clock().wall())));
    if (result.usage.tokens > 0) {
      text += fmt::format(", {} tokens", result.usage.tokens);
    }
    if (result.usage.cost_usd > 0) {
      text += fmt::format(", ${:.4f}", result.usage.cost_usd);
    }
    if (!workflow::is_end(result.status) && !result.waits_for.empty()) {
      text += "; waits for " + one_line(result.waits_for, 120);
    }
    return text + "\n";
  }

  std::string paint(StepState state, const std::string& text) const {
    return colours_ ? std::string(colour_of(state)) + text + "\x1b[0m" : text;
  }

  void line(const std::string& text) {
    if (hidden_) {
      held_ += text + "\n";
      return;
    }
    erase();
    print_message(text + "\n", false);
    redraw();
  }

  void erase() {
    if (drawn_ > 0) {
      draw(fmt::format("\x1b[{}A\x1b[J", drawn_), false);
      drawn_ = 0;
    }
  }

  void redraw() {
    if (!live_ || asking_ || hidden_) {
      return;
    }
    erase();
    const auto columns = static_cast<std::size_t>(terminal_width());
    const std::size_t room =
        std::max(kLeastLines, (terminal_lines() - 2) / std::max<std::size_t>(1, runs_.size()));
    std::string text;
    for (const auto& [id, watched] : runs_) {
      for (const std::string& one : list_lines(watched.steps, room, columns, system_clock().wall(),
                                               kSpinner[frame_ % kSpinner.size()])) {
        text += one + "\n";
        ++drawn_;
      }
    }
    print_message(text, false);
  }

  bool live_;
  bool colours_;
  bool asking_ = false;
  bool hidden_ = false;  // somebody is asked: nothing may be drawn
  std::string held_;     // lines of that time
  std::size_t drawn_ = 0;
  std::size_t frame_ = 0;
  std::map<std::string, Watched> runs_;
};

}  // namespace

std::vector<std::string> list_lines(const std::vector<StepReport>& steps, std::size_t lines,
                                    std::size_t columns, WallTime now, std::string_view spinner) {
  std::vector<const StepReport*> shown;
  for (const StepReport& step : steps) {
    if (rank(step) < 5) {
      shown.push_back(&step);
    }
  }
  const std::size_t hidden = shown.size() > lines ? shown.size() - lines + 1 : 0;
  if (hidden > 0) {
    std::vector<const StepReport*> best = shown;
    std::sort(best.begin(), best.end(), [](const StepReport* a, const StepReport* b) {
      return std::pair(rank(*a), a) < std::pair(rank(*b), b);
    });
    best.resize(lines - 1);
    std::erase_if(shown, [&](const StepReport* step) {
      return std::find(best.begin(), best.end(), step) == best.end();
    });
  }
  std::vector<std::string> out;
  for (const StepReport* step : shown) {
    const bool busy = step->state == StepState::kRunning && step->waits_for.empty();
    out.push_back(
        clip(fmt::format("{} {}", busy ? spinner : mark_of(step->state), step_line(*step, now)),
             columns));
  }
  if (hidden > 0) {
    std::size_t ended = 0;
    for (const StepReport& step : steps) {
      ended += workflow::is_end(step.state) ? 1 : 0;
    }
    out.push_back(
        clip(fmt::format("  {} more; {} of {} have ended", hidden, ended, steps.size()), columns));
  }
  return out;
}

std::unique_ptr<WorkflowView> make_live_view() {
  const bool live = can_move();
  return std::make_unique<LiveView>(live, live && !is_set("NO_COLOR"));
}

}  // namespace oap::cli
