#include <charconv>

#include <fmt/format.h>

#include "checkpoint/journal.hpp"
#include "cli/chat/chat.hpp"
#include "cli/undo_report.hpp"
#include "terminal/width.hpp"

namespace oap::cli::chat {
namespace {

constexpr std::size_t kNamed = 20;

/// One where nothing is given; nothing where it is no number from 1 on.
std::optional<std::size_t> count_of(const std::string& text) {
  if (text.empty()) {
    return 1;
  }
  std::size_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  return whole && value > 0 ? std::optional(value) : std::nullopt;
}

std::string named(const std::vector<std::string>& paths) {
  std::string text;
  for (std::size_t i = 0; i < paths.size() && i < kNamed; ++i) {
    text += (i == 0 ? "" : ", ") + terminal::shown(paths[i]);
  }
  return paths.size() > kNamed ? fmt::format("{}, and {} more", text, paths.size() - kNamed) : text;
}

}  // namespace

void Chat::undo(const std::string& count) { revert(count, false); }
void Chat::redo(const std::string& count) { revert(count, true); }

void Chat::revert(const std::string& count, bool forward) {
  const std::optional<std::size_t> turns = count_of(count);
  if (!turns) {
    transcript_.error("How many turns? A number from 1 on, or nothing for the last one.");
    return;
  }
  if (session_.empty()) {
    transcript_.note("This talk has changed no files yet. oap undo --list shows earlier changes.");
    return;
  }
  checkpoint::Journal& journal = platform_.checkpoints();
  const auto done = forward ? journal.redo(*turns, session_) : journal.undo(*turns, session_);
  if (!done) {
    if (done.error().code() == Code::kNotFound) {
      transcript_.note(done.error().message());
    } else {
      transcript_.error(done.error().to_string());
    }
    return;
  }
  audit_revert(platform_, *done, forward, session_);
  const char* const what = forward ? "Made again: " : "Taken back: ";
  if (!done->restored.empty()) {
    transcript_.note(what + named(done->restored));
    notes_.push_back(fmt::format("The person has {} the changes of the last {} turn(s) to: {}",
                                 forward ? "made again" : "taken back", done->turns.size(),
                                 named(done->restored)));
  } else if (done->conflicts.empty()) {
    transcript_.note("Everything was like that already.");
  }
  for (const std::string& conflict : done->conflicts) {
    transcript_.warning(conflict);
  }
}

}  // namespace oap::cli::chat
