#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "audit/chain_file.hpp"
#include "audit/checkpoint.hpp"
#include "audit/flock.hpp"
#include "audit/indexing.hpp"
#include "audit/leaves.hpp"
#include "audit/loss.hpp"
#include "audit/query.hpp"
#include "audit/regular_file.hpp"
#include "crypto/signature.hpp"
#include "json/print.hpp"
#include "os/file.hpp"

namespace oap::audit {

/// The oldest segments, but never the newest, that hold nothing younger. What claims to be from the
/// future goes with what was written after it.
Result<ChainFile::Expired> ChainFile::expired(const std::string& cutoff) const {
  const std::string now = format_time(clock_.wall());
  OAP_TRY(const std::vector<Segment> segments, list_segments(dir_));
  Expired old;
  Expired sure;
  for (const Segment& segment : segments) {
    if (segment.name == segment_.name) {
      break;
    }
    OAP_TRY(const os::UniqueFd file, open_regular(dir_fd_.get(), dir_, segment.name, O_RDONLY));
    OAP_TRY(const SegmentEnd end, read_end(file.get(), segment));
    OAP_TRY(const std::string began, first_timestamp(file.get()));
    std::string at = end.last ? end.last->text("timestamp") : std::string();
    if (began <= now && (at > now || at < began)) {
      at = began;
    }
    if (!end.last || (at >= cutoff && at <= now)) {
      break;
    }
    OAP_TRY(const std::uint64_t losses, count_losses(file.get(), segment));
    old.losses += losses;
    old.last = end.last->link;
    old.segments.push_back(segment);
    sure = at < cutoff ? old : sure;
  }
  return sure;
}

/// The newest time that a record shows, and none after it contradicts, and that was a day ago at
/// least: a clock that has just jumped ahead has none beyond its jump, nor has one from an earlier
/// jump that was put right since.
Result<std::string> ChainFile::confirmed_time() const {
  const std::string day_ago = format_time(clock_.wall() - std::chrono::hours(24));
  std::string newest;
  std::string later = format_time(clock_.wall());
  OAP_TRY(const std::vector<Segment> segments, list_segments(dir_));
  for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment) {
    OAP_TRY(const os::UniqueFd file, open_regular(dir_fd_.get(), dir_, segment->name, O_RDONLY));
    OAP_TRY(const std::uint64_t written, written_size(file.get(), segment->size));
    OAP_TRY(const SegmentEnd end, read_end(file.get(), {segment->name, segment->first, written}));
    OAP_TRY(const std::string began, first_timestamp(file.get()));
    for (const std::string& at : {end.last ? end.last->text("timestamp") : began, began}) {
      later = at.empty() ? later : std::min(later, at);
      newest = later <= day_ago ? std::max(newest, later) : newest;
    }
  }
  return newest;
}

Result<Log::Retired> ChainFile::retire_due(Millis age) {
  OAP_TRY(const Expired old, expired(format_time(clock_.wall() - age)));
  if (old.segments.empty()) {
    return Log::Retired{};
  }
  OAP_TRY(const std::string confirmed, confirmed_time());
  const auto at = parse_time(confirmed);
  return at ? retire_before(format_time(*at - age)) : Result<Log::Retired>(Log::Retired{});
}

Result<Log::Retired> ChainFile::retire(Millis age) {
  return retire_before(format_time(clock_.wall() - age));
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

Result<Log::Retired> ChainFile::retire_before(const std::string& cutoff) {
  OAP_TRY([[maybe_unused]] const std::uint64_t made, make_checkpoints(dir_, false, clock_.wall()));
  OAP_TRY(const Flock lock, Flock::acquire(lock_fd_.get(), dir_, lock_wait_));
  OAP_CHECK_OK(take_up());
  OAP_TRY(const Expired old, expired(cutoff));
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
  OAP_CHECK_OK(append_own(event));
  OAP_CHECK_OK(os::write_file_atomic(path(kAnchorFile), print_link(old.last), 0600));
  for (const Segment& segment : old.segments) {
    if (unlinkat(dir_fd_.get(), segment.name.c_str(), 0) != 0) {
      return fail(failure("deleting a segment of", errno));
    }
    remove_index(dir_, segment);
  }
  if (fsync(dir_fd_.get()) != 0) {
    return fail(failure("syncing", errno));
  }
  return retired;
}

Result<std::uint64_t> ChainFile::rotate_key() {
  OAP_TRY(const Flock lock, Flock::acquire(lock_fd_.get(), dir_, lock_wait_));
  if (keys_ == nullptr) {
    return fail(Code::kFailedPrecondition,
                "the audit log is not encrypted: set security.audit.encryption_key");
  }
  OAP_CHECK_OK(take_up());
  OAP_TRY(const std::uint64_t version, keys_->rotate(clock_.wall()));
  aged_ = true;
  Event event;
  event.event_type = "key_rotated";
  event.details = {{"version", version}};
  OAP_CHECK_OK(append_own(event));
  return version;
}

Result<void> ChainFile::erase(const std::string& user_id) {
  OAP_TRY(const Flock lock, Flock::acquire(lock_fd_.get(), dir_, lock_wait_));
  if (keys_ == nullptr) {
    return fail(Code::kFailedPrecondition,
                "only an encrypted audit log can forget: set security.audit.encryption_key");
  }
  OAP_CHECK_OK(take_up());
  const std::string subject = keys_->subject_of(user_id);
  if (!keys_->subject_key(subject, false)) {
    return fail(Code::kNotFound, "the audit log holds nothing of '{}' that could be erased",
                user_id);
  }
  Event event;
  event.event_type = "subject_erased";
  event.details = {{"subject", subject}};
  OAP_CHECK_OK(append_own(event));
  OAP_TRY([[maybe_unused]] const bool erased, keys_->erase(subject));
  forget_user(dir_, user_id, *keys_);
  return {};
}

}  // namespace oap::audit
