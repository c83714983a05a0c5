#include <utility>

#include <fmt/format.h>

#include "async/sleep.hpp"
#include "cli/chat/chat.hpp"
#include "platform/redaction.hpp"
#include "terminal/width.hpp"

namespace oap::cli::chat {

/// What the mission does next, in seconds; false where the person has said or pressed anything.
Task<bool> Chat::countdown(std::string what, Millis time) {
  constexpr Millis kLook{100};
  transcript_.end_text();
  countdown_ = std::move(what);
  if (front_->echoes()) {
    transcript_.note(fmt::format("going on in {} s ({})", time.count() / 1'000, countdown_));
  }
  goes_on_at_ = system_clock().steady() + time;
  touched_ = false;
  bool go_on = true;
  while (go_on && system_clock().steady() < *goes_on_at_) {
    front_->changed();
    const auto slept = co_await async::sleep_for(kLook);
    go_on = static_cast<bool>(slept) && !touched_ && queue_.empty() &&
            !(cancel_ && cancel_->requested());
  }
  goes_on_at_.reset();
  front_->changed();
  co_return go_on;
}

void Chat::touched() { touched_ = true; }

std::optional<std::string> Chat::held_mission() {
  constexpr std::size_t kLooked = 100;
  const auto open = platform_.missions().list(true, kLooked);
  if (session_.empty() || !open) {
    return std::nullopt;
  }
  for (const store::MissionRecord& mission : *open) {
    const bool held = mission.state == "paused" || mission.state == "blocked" ||
                      (mission.state == "waiting" && mission.waits_for == "user");
    if (mission.session_id == session_ && held) {
      return mission.id;
    }
  }
  return std::nullopt;
}

/// A held mission goes on with what the person wrote: the answer to its question, or a word beside.
Task<Result<orchestration::TaskReport>> Chat::go_on(std::string mission, std::string words) {
  in_mission_ = true;
  platform::RunObserver seen = observer();
  platform::MissionObserver watched;
  watched.events.run = platform::redacted(platform_.scanner(), std::move(seen.events));
  watched.on_call = std::move(seen.on_call);
  watched.events.on_state = [this](const orchestration::MissionStatus& status) {
    transcript_.end_text();
    transcript_.note(terminal::shown(orchestration::state_line(status)));
  };
  platform::MissionResume resume;
  resume.answer = std::move(words);
  OAP_CO_TRY(orchestration::MissionReport done,
             co_await platform_.missions().resume(std::move(mission), std::move(resume),
                                                  std::move(watched)));
  orchestration::TaskReport report;
  report.error = done.error();
  report.content = done.content;
  report.usage = done.usage;
  co_return report;
}

/// The next text without a slash is the answer; Esc leaves the question open.
Task<std::optional<std::string>> Chat::answer(std::string question) {
  transcript_.end_text();
  transcript_.note("The mission asks: " + terminal::shown(question));
  wants_answer_.emplace(platform_.executor());
  mission_answer_.reset();
  front_->changed();
  const Deadline never = Deadline::never();
  async::Event asked = *wants_answer_;
  const async::Event::Wake woken = co_await asked.wait(never);
  wants_answer_.reset();
  if (woken != async::Event::Wake::kNotified) {
    co_return std::nullopt;
  }
  co_return std::exchange(mission_answer_, std::nullopt);
}

}  // namespace oap::cli::chat
