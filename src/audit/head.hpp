#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "audit/chain.hpp"
#include "base/result.hpp"
#include "os/fd.hpp"

namespace oap::audit {

/// Where a chain ends, as the last writer left it.
struct HeadState {
  Link link;
  std::uint64_t first = 0;   ///< number that names the newest segment; 0: none yet
  std::uint64_t size = 0;    ///< bytes of records in it
  std::uint64_t synced = 0;  ///< as many of them at least are on disk
  bool operator==(const HeadState&) const = default;
};

/// What a head file's bytes say.
struct HeadText {
  std::optional<HeadState> state;  ///< nothing where the file is damaged
  std::uint64_t generation = 0;    ///< grows by one with each commit
  bool open = false;               ///< a writer has begun a change and not ended it
};
/// Strict: any changed byte is damage or, in the mark and the newer slot, looks like a writer that
/// died in the middle of a change. Pure.
HeadText parse_head(std::string_view bytes);

/// The newest record at the last append: shows a cut tail. Not synced, so it may lag after a crash.
inline constexpr std::string_view kHeadFile = "head";
/// The same, as earlier versions wrote it: one link as text. Replaced when the log is opened.
inline constexpr std::string_view kOldHeadFile = "head.json";

/// The head file mapped into memory and shared by all that append, each under the folder's flock:
/// two slots written in turn, so that a writer killed at any instruction leaves the one before it
/// whole. A killed process leaves it behind the records or level with them, never ahead. A file
/// that was cut while it is mapped is an answer, not a crash. Not thread-safe.
class MappedHead {
 public:
  MappedHead() = default;
  ~MappedHead();
  MappedHead(MappedHead&& other) noexcept;
  MappedHead& operator=(MappedHead&& other) noexcept;

  /// Opens or makes the file in a folder. A new file is empty until `reset`.
  static Result<MappedHead> open(int dir_fd, const std::string& dir);

  /// The file as it is now.
  HeadText read() const;
  /// Whether nobody has begun a change since this object's last `read` or `commit`.
  bool untouched() const;
  /// To be called before the records are written: a change that never ends is seen by the next.
  bool begin();
  /// Ends the change that `begin` began. False where the file can no longer be written.
  bool commit(const HeadState& state);
  /// Makes the file anew, whatever it was.
  Result<void> reset(const HeadState& state);

 private:
  os::UniqueFd fd_;
  char* memory_ = nullptr;
  mutable std::uint64_t generation_ = 0;
};

}  // namespace oap::audit
