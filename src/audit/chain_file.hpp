#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/log.hpp"
#include "audit/segment.hpp"
#include "os/fd.hpp"

namespace oap::audit {

/// The growing end of a chain on disk. Every call holds the folder's flock while it works and first
/// takes up what other processes have appended. Not thread-safe.
class ChainFile {
 public:
  static Result<std::unique_ptr<ChainFile>> open(const Log::Options& options);

  /// Appends the records as one write and, where asked, one fdatasync. All or nothing. Returns the
  /// lines as written.
  Result<std::string> append(const std::vector<const Body*>& bodies, bool sync);
  /// The same, not synced, where that needs no waiting: the lock is free, nobody else appended and
  /// no segment is due. Else nothing happens and nothing is returned.
  std::optional<Result<std::string>> try_append(const Body& body);
  Result<Log::Retired> retire(Millis age);
  /// The file that the last append went to, to be synced later.
  std::shared_ptr<const os::UniqueFd> segment_file() const { return file_; }

 private:
  struct Expired {
    std::vector<Segment> segments;
    Link last;                 ///< where they end
    std::uint64_t losses = 0;  ///< records in them that tell of a loss
  };
  explicit ChainFile(const Log::Options& options);
  Result<void> open_folder();
  bool has_next_segment() const;
  Result<void> take_up();
  Result<void> rescan();
  Result<void> adopt(const Segment& segment, std::shared_ptr<os::UniqueFd> file);
  Result<Link> link_before(const std::vector<Segment>& segments) const;
  Result<void> compare_head(bool was_empty);
  bool unchanged() const;
  bool rotation_due() const;
  Result<void> rotate_if_due();
  Result<void> begin_segment();
  Result<std::string> write(const std::vector<const Body*>& bodies, bool sync);
  Result<std::string> write_records(const std::vector<const Body*>& bodies, bool sync);
  Result<void> put(const std::string& lines, bool sync);
  bool put_head() const;
  Body encode_own(const Event& event) const;
  Result<Expired> expired(Millis age) const;
  std::string path(std::string_view name) const { return dir_ + "/" + std::string(name); }
  Error failure(std::string_view doing, int error_number) const;

  std::string dir_;
  const Clock& clock_;
  std::uint64_t segment_bytes_;
  Millis segment_age_;
  os::UniqueFd dir_fd_;
  os::UniqueFd lock_fd_;
  os::UniqueFd head_fd_;

  std::shared_ptr<os::UniqueFd> file_;  ///< shared with whoever syncs it later
  Segment segment_;                     ///< name empty: none yet
  std::string started_;                 ///< timestamp of the segment's first record
  Link link_;
  bool ends_with_loss_ = false;  ///< the last record tells of a loss
  json::Object recovery_;        ///< what the next write must report first; empty: nothing
};

}  // namespace oap::audit
