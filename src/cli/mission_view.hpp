#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/live_view.hpp"
#include "platform/missions.hpp"

namespace oap::cli {

/// What a mission looks like while it is driven, in one of the three formats: the turns and calls
/// as those of a run, and beside them its states and delegated tasks. At the end the report.
class MissionView {
 public:
  explicit MissionView(Format format);

  platform::MissionObserver observer();
  void tick() { view_->tick(); }
  void finish(const orchestration::MissionReport& report);
  /// A mission that could not be driven still ends with the one object.
  int fail(const Error& error);

 private:
  Format format_;
  std::unique_ptr<RunView> view_;
};

/// A report as lines for a person.
std::string mission_text(const orchestration::MissionReport& report);

/// The person at the terminal: sees the countdown, answers questions. Belongs to the executor's
/// thread.
class TerminalPerson final : public orchestration::MissionPerson {
 public:
  TerminalPerson(Executor executor, bool is_there)
      : executor_(std::move(executor)), is_there_(is_there) {}
  bool is_there() const override { return is_there_; }
  Task<bool> countdown(std::string what, Millis time) override;
  Task<std::optional<std::string>> answer(std::string question) override;

 private:
  Executor executor_;
  bool is_there_;
};

}  // namespace oap::cli
