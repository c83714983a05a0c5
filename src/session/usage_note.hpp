#pragma once

#include <functional>
#include <string>

#include "json/value.hpp"
#include "os/fd.hpp"

namespace oap::session {

/// What a run has used so far, in a small file that is written over with every answer of a model:
/// a process that is killed loses nothing of it. (In the file system at once, on the disk when the
/// system sees fit: the durable record is whoever's who keeps one, and then `drop`s the note.)
/// Held by its process as long as that lives. Of one thread.
class UsageNote {
 public:
  /// `file` is made at the first `put`; its folder exists.
  explicit UsageNote(std::string file) : file_(std::move(file)) {}
  ~UsageNote();
  UsageNote(const UsageNote&) = delete;
  UsageNote& operator=(const UsageNote&) = delete;

  /// At most kMostBytes as text. Best effort: what cannot be written is a line of the log, once.
  void put(const json::Object& used);
  void drop();

  static constexpr std::size_t kMostBytes = 4'096;
  /// What a note says; empty where there is none, or it is damaged.
  static json::Object read(const std::string& file);
  /// Gives every note of a folder (`*.used`) whose process has ended to `take`, and removes those
  /// that it takes.
  static void adopt(const std::string& folder, const std::function<bool(json::Object)>& take);

 private:
  std::string file_;
  os::UniqueFd fd_;
  bool failed_ = false;
};

}  // namespace oap::session
