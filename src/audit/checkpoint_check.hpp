#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "audit/anchor.hpp"
#include "audit/checkpoint.hpp"
#include "audit/merkle.hpp"
#include "audit/segment.hpp"

namespace oap::audit {

/// Holds a folder's checkpoints against its records as these are walked through. Borrows nothing.
class CheckpointCheck {
 public:
  /// What is wrong with the checkpoints themselves goes to `problems`.
  static CheckpointCheck load(const std::string& dir, std::vector<std::string>& problems);

  /// Checkpoints kept elsewhere, to be held against the records too. Where the folder's key is
  /// another than theirs, that goes to `problems`.
  void add_anchors(const std::vector<Anchor>& anchors, std::vector<std::string>& problems);

  std::size_t count() const { return count_; }
  void begin(const Segment& segment);
  /// The next record of the segment; a sentence where a checkpoint says otherwise.
  std::optional<std::string> record(const Link& link);
  struct Anchored {
    std::uint64_t compared = 0;
    std::uint64_t retired = 0;
  };
  /// At the end: what anchors say that the records do not. What was retired (up to `retired`, with
  /// a tombstone) can no longer be held against records, only against the folder's own checkpoints.
  Anchored end_anchors(std::uint64_t last_seq, std::uint64_t retired,
                       std::vector<std::string>& problems, std::vector<std::string>& notes) const;
  /// Whether a segment's checkpoint speaks of records behind this last one.
  std::optional<std::string> end(std::uint64_t last_seq) const;
  /// Whether the folder's key signed a statement; true where the folder has no key.
  bool is_signed(const json::Object& body, std::string_view signature) const;

 private:
  std::optional<crypto::PublicKey> key_;
  std::map<std::uint64_t, std::vector<Checkpoint>> by_segment_;  ///< by its first record
  struct Kept {
    Checkpoint checkpoint;
    bool in_folder = false;  ///< the folder's own checkpoints hold it too
  };
  bool has_own(const Checkpoint& anchor) const;

  std::vector<Kept> anchors_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> reached_;  ///< ranges held against records
  std::size_t count_ = 0;
  const std::vector<Checkpoint>* current_ = nullptr;
  std::size_t next_ = 0;
  MerkleTree tree_;
};

}  // namespace oap::audit
