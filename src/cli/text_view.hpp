#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/live_view.hpp"
#include "cli/person.hpp"

namespace oap::cli {

/// For a person. On a terminal the bottom lines are redrawn in place: steps with their state, the
/// calls at work, and tokens, cost and time. Elsewhere each call and step is a line on stderr.
class TextView final : public RunView, public LiveRows {
 public:
  explicit TextView(bool live);
  ~TextView() override;
  platform::RunObserver observer() override;
  void tick() override { redraw(); }
  void finish(const orchestration::TaskReport& report) override;
  void hide() override;
  void show() override;

 private:
  void on_call(const gateway::Progress& progress);
  void on_step(const PlanStep& step, std::string_view state);
  void line(const std::string& text);
  void redraw();
  void erase();
  std::string status_line() const;

  struct Step {
    std::string description;
    std::string state;
  };
  bool live_;
  bool hidden_ = false;  ///< somebody is asked: nothing may be drawn
  std::string held_;     ///< lines of that time
  int drawn_ = 0;
  std::vector<std::string> step_order_;
  std::map<std::string, Step> steps_;
  std::map<std::string, std::string> at_work_;
  std::string phase_;
  Usage usage_;
  SteadyTime started_;
};

}  // namespace oap::cli
