#include <utility>

#include <fmt/format.h>

#include "async/sleep.hpp"
#include "cli/chat/chat.hpp"
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
  bool go_on = true;
  while (go_on && system_clock().steady() < *goes_on_at_) {
    front_->changed();
    const auto slept = co_await async::sleep_for(kLook);
    go_on = static_cast<bool>(slept) && queue_.empty() && !(cancel_ && cancel_->requested());
  }
  goes_on_at_.reset();
  front_->changed();
  co_return go_on;
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
