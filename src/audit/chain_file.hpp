#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/head.hpp"
#include "audit/keyring.hpp"
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
  std::optional<Result<std::string>> try_append(const std::vector<const Body*>& bodies);
  Result<Log::Retired> retire(Millis age);
  Result<Log::Retired> retire_due(Millis age);
  Result<std::uint64_t> rotate_key();
  Result<void> erase(const std::string& user_id);

  /// After a failed append or sync: reads the end anew, checks it, and writes what may not have
  /// reached the disk once more. The Error where the chain cannot be gone on with.
  Result<void> mend();
  /// The next append first records that so many events were refused.
  void note_refused(std::uint64_t count, const Error& why);

  /// A file to be synced later, and up to where it then is on disk.
  struct Unsynced {
    std::shared_ptr<const os::UniqueFd> file;
    std::uint64_t size = 0;
  };
  Unsynced unsynced() const { return {file_, segment_.size}; }
  void note_synced(const Unsynced& synced);

  /// Room for records, ahead of them in the file: overwriting costs half of what appending costs to
  /// sync. Worth it where small groups are synced one after the other.
  bool wants_room() const;
  /// Makes some of it, without waiting for other processes; what was made is to be synced.
  Unsynced make_room();
  /// Gives back the room that this process made.
  void close();
  /// How often this process ended a segment and began the next.
  std::uint64_t rotations() const { return rotations_; }

 private:
  struct Expired {
    std::vector<Segment> segments;
    Link last;                 ///< where they end
    std::uint64_t losses = 0;  ///< records in them that tell of a loss
  };
  explicit ChainFile(const Log::Options& options);
  Result<void> open_folder();
  bool has_next_segment() const;
  bool is_as_left();
  bool looks_as_left();
  Result<void> take_up();
  Result<void> rescan();
  Result<void> adopt(const Segment& newest, std::shared_ptr<os::UniqueFd> file);
  Result<std::uint64_t> settle(const Segment& newest, int fd);
  Result<Link> link_before(const std::vector<Segment>& segments) const;
  Result<void> read_head();
  Result<void> compare_head(bool was_empty);
  HeadState state() const { return {link_, segment_.first, segment_.size, synced_}; }
  Result<void> store_head();
  bool is_aged() const;
  bool rotation_due() const;
  Result<void> rotate_if_due();
  Result<void> end_segment();
  Result<void> begin_segment();
  Result<std::string> write(const std::vector<const Body*>& bodies, bool sync);
  Result<std::string> write_records(const std::vector<const Body*>& bodies, bool sync);
  Result<void> put(std::string_view lines, bool sync);
  Body encode_own(const Event& event) const;
  Result<void> append_own(const Event& event);
  Result<Expired> expired(const std::string& cutoff) const;
  Result<std::string> confirmed_time() const;
  Result<Log::Retired> retire_before(const std::string& cutoff);
  Result<void> sign_tombstone(const Expired& old, json::Object& details) const;
  std::string path(std::string_view name) const { return dir_ + "/" + std::string(name); }
  Error failure(std::string_view doing, int error_number) const;

  std::string dir_;
  const Clock& clock_;
  std::uint64_t segment_bytes_;
  Millis segment_age_;
  std::uint64_t room_bytes_;
  Millis lock_wait_;
  os::UniqueFd dir_fd_;
  os::UniqueFd lock_fd_;
  std::optional<MappedHead> head_;
  std::optional<HeadState> found_;  ///< what the head said when it was last read
  bool old_head_ = false;           ///< head.json is to be replaced

  std::unique_ptr<Keyring> keys_;  ///< null: in clear

  std::shared_ptr<os::UniqueFd> file_;  ///< shared with whoever syncs it later
  Segment segment_;                     ///< its size is that of the records; name empty: none yet
  std::uint64_t room_end_ = 0;          ///< the file's size, as far as is known
  std::uint64_t synced_ = 0;            ///< so many bytes of the segment are on disk
  unsigned small_groups_ = 0;           ///< synced one after the other
  bool made_room_ = false;              ///< in this segment, by this process
  bool no_room_ = false;                ///< it failed in this segment
  std::uint64_t rotations_ = 0;
  std::string started_;  ///< timestamp of the segment's first record
  bool aged_ = false;    ///< the segment is older than it may become
  std::optional<SteadyTime> looked_at_;
  Link link_;
  bool ends_with_loss_ = false;  ///< the last record tells of a loss
  json::Object recovery_;        ///< what the next write must report first; empty: nothing
};

}  // namespace oap::audit
