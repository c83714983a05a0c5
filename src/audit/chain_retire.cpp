#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "audit/chain_file.hpp"
#include "audit/checkpoint.hpp"
#include "audit/flock.hpp"
#include "audit/index.hpp"
#include "audit/leaves.hpp"
#include "audit/loss.hpp"
#include "crypto/signature.hpp"
#include "json/print.hpp"
#include "os/file.hpp"

namespace oap::audit {

/// The oldest segments, but never the newest, that hold nothing younger.
Result<ChainFile::Expired> ChainFile::expired(Millis age) const {
  const std::string cutoff = format_time(clock_.wall() - age);
  OAP_TRY(const std::vector<Segment> segments, list_segments(dir_));
  Expired old;
  for (const Segment& segment : segments) {
    if (segment.name == segment_.name) {
      break;
    }
    const os::UniqueFd file(
        ::openat(dir_fd_.get(), segment.name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file) {
      return fail(failure("opening", errno));
    }
    OAP_TRY(const SegmentEnd end, read_end(file.get(), segment));
    if (!end.last || end.last->text("timestamp") >= cutoff) {
      break;
    }
    OAP_TRY(const std::uint64_t losses, count_losses(file.get(), segment));
    old.losses += losses;
    old.last = end.last->link;
    old.segments.push_back(segment);
  }
  return old;
}

/// Signs what is deleted: range, count and the Merkle root over the segments' own roots.
Result<void> ChainFile::sign_tombstone(const Expired& old, json::Object& details) const {
  OAP_TRY(const crypto::PrivateKey key, signing_key(dir_));
  OAP_TRY(const std::vector<Checkpoint> checkpoints, read_checkpoints(dir_));
  MerkleTree roots;
  for (const Segment& segment : old.segments) {
    for (const Checkpoint& one : checkpoints) {
      if (one.first == segment.first && one.sealed) {
        roots.add(leaf_of(one.root).value_or(Digest{}));
        details["until"] = one.until;
        if (segment.first == old.segments.front().first) {
          details["since"] = one.since;
        }
      }
    }
  }
  details["root"] = crypto::to_hex(crypto::as_bytes(roots.root()));
  details["key"] = key.public_key().thumbprint();
  OAP_TRY(const std::string signature,
          crypto::sign(key, crypto::Algorithm::kEdDsa, json::canonical(details)));
  details["signature"] = crypto::to_base64url(signature);
  return {};
}

Result<Log::Retired> ChainFile::retire(Millis age) {
  OAP_TRY([[maybe_unused]] const std::uint64_t made, make_checkpoints(dir_, false, clock_.wall()));
  OAP_TRY(const Flock lock, Flock::acquire(lock_fd_.get(), dir_));
  OAP_CHECK_OK(take_up());
  OAP_TRY(const Expired old, expired(age));
  if (old.segments.empty()) {
    return Log::Retired{};
  }
  const std::uint64_t first = old.segments.front().first;
  const Log::Retired retired{old.segments.size(), old.last.seq - first + 1};
  Event event;
  event.event_type = "retired";
  event.reason = "older than the retention period";
  event.details = {{"segments", retired.segments},
                   {"events", retired.events},
                   {"first", first},
                   {"last", old.last.seq},
                   {"last_hash", old.last.hash}};
  if (old.losses > 0) {
    event.details["losses"] = old.losses;
  }
  OAP_CHECK_OK(sign_tombstone(old, event.details));
  const Body body = encode_own(event);
  OAP_TRY([[maybe_unused]] const std::string lines, write({&body}, true));
  OAP_CHECK_OK(os::write_file_atomic(path(kAnchorFile), print_link(old.last), 0600));
  for (const Segment& segment : old.segments) {
    if (unlinkat(dir_fd_.get(), segment.name.c_str(), 0) != 0) {
      return fail(failure("deleting a segment of", errno));
    }
    (void)::unlink(index_path(dir_, segment).c_str());
  }
  if (fsync(dir_fd_.get()) != 0) {
    return fail(failure("syncing", errno));
  }
  return retired;
}

}  // namespace oap::audit
