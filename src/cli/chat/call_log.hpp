#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "cli/chat/shelf.hpp"
#include "gateway/gateway.hpp"
#include "terminal/style.hpp"

namespace oap::cli::chat {

/// One tool call as the talk shows it: a row, and more on demand.
struct CallEntry {
  std::size_t number = 0;  ///< what /expand takes
  std::string id;
  std::string name;
  std::string what;       ///< the argument that matters, on one line
  std::string arguments;  ///< all of them, one a line
  std::string path;       ///< of the file that it writes; absolute, or empty
  std::string before;     ///< that file's text when the call began
  std::string diff;
  std::string result;  ///< at most 64 KiB
  std::size_t result_bytes = 0;
  enum class End { kRunning, kOk, kFailed, kDenied } end = End::kRunning;
  std::string why;  ///< of a denial or error
  Millis duration{0};
  SteadyTime started;
};

/// The calls of this talk, the last 200 in full: their long texts are on a shelf once the next call
/// begins, so that a talk of large results stays small. Of one thread.
class CallLog {
 public:
  /// `folder`: for what is long; empty: all is kept in memory.
  explicit CallLog(std::string folder = "") : shelf_(std::move(folder)) {}
  CallEntry& start(const ToolCall& call, const std::string& workspace, SteadyTime now);
  /// Null where its start was not seen.
  CallEntry* finish(const ToolCall& call, const ToolOutcome& outcome);
  /// With all its texts; one that is lost says so.
  std::optional<CallEntry> find(std::size_t number) const;
  std::vector<const CallEntry*> running() const;
  std::size_t count() const { return next_ - 1; }
  /// What still runs was given up.
  void abandon();

 private:
  struct Kept {
    CallEntry entry;  // its texts are empty where they are on the shelf
    std::optional<Shelf::Handle> arguments, diff, result;
    bool shelved = false;
  };
  void put_away(Kept& kept);

  Shelf shelf_;
  std::deque<Kept> entries_;
  std::size_t next_ = 1;
};

/// The one row of a call that ended: mark, name, what, and as far as they fit duration, size and
/// number. Pure.
terminal::Line folded(const CallEntry& call, std::size_t width);
/// The row of one that runs.
terminal::Line running(const CallEntry& call, SteadyTime now, std::size_t beat, std::size_t width);
/// Everything that is known of it.
std::vector<terminal::Line> expanded(const CallEntry& call, std::size_t width);
/// A unified diff in colours: at most `most` rows, then a row that says how many more.
std::vector<terminal::Line> diff_rows(std::string_view diff, std::size_t width, std::size_t most,
                                      std::string_view more);

/// "870 ms", "1.2 s", "3 min 05 s"; "812 B", "3.4 kB", "1.2 MB"; "950", "12.3k", "1.2M".
std::string short_time(Millis time);
std::string short_bytes(std::size_t bytes);
std::string short_count(std::int64_t count);

}  // namespace oap::cli::chat
