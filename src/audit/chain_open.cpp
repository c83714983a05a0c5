#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/chain_file.hpp"
#include "audit/crash_tail.hpp"
#include "audit/flock.hpp"
#include "audit/loss.hpp"
#include "audit/regular_file.hpp"
#include "os/file.hpp"

namespace oap::audit {
namespace {

std::optional<HeadState> old_state(const Result<std::string>& text) {
  const auto link = text ? parse_link(*text) : std::nullopt;
  return link ? std::optional(HeadState{*link, 0, 0, 0}) : std::nullopt;
}

}  // namespace

Result<std::unique_ptr<ChainFile>> ChainFile::open(const Log::Options& options) {
  std::unique_ptr<ChainFile> chain(new ChainFile(options));
  OAP_CHECK_OK(chain->open_folder());
  OAP_TRY(const Flock lock, Flock::acquire(chain->lock_fd_.get(), chain->dir_, options.lock_wait));
  if (!options.encryption_keys.empty()) {
    OAP_TRY(std::vector<crypto::FernetKey> masters, parse_keys(options.encryption_keys));
    OAP_TRY(chain->keys_,
            Keyring::open(chain->dir_, std::move(masters), true, chain->clock_.wall()));
  }
  OAP_CHECK_OK(chain->rescan());
  if (!chain->recovery_.empty()) {
    OAP_TRY([[maybe_unused]] const std::string lines, chain->write({}, true));
  }
  const std::string seen = seen_path(chain->dir_);
  OAP_TRY(const bool told, is_there(seen));
  if (!told) {
    OAP_CHECK_OK(os::write_file_atomic(seen, kSeenText, 0600));
  }
  return chain;
}

Result<void> ChainFile::open_folder() {
  OAP_CHECK_OK(os::make_dirs(dir_, 0700));
  dir_fd_.reset(::open(dir_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat info{};
  if (!dir_fd_ || fstat(dir_fd_.get(), &info) != 0) {
    return fail(failure("opening", errno));
  }
  if ((info.st_mode & 0077U) != 0 && fchmod(dir_fd_.get(), 0700) != 0) {
    return fail(failure("making private", errno));
  }
  OAP_TRY(lock_fd_, open_regular(dir_fd_.get(), dir_, std::string(kLockFile), O_RDWR | O_CREAT));
  return {};
}

Result<void> ChainFile::rescan() {
  looked_at_.reset();
  OAP_TRY(std::vector<Segment> segments, list_segments(dir_));
  OAP_CHECK_OK(read_head());
  if (segments.empty()) {
    OAP_TRY(const bool retired, is_there(path(kAnchorFile)));
    if (link_.seq > 0 || retired) {
      return fail(Code::kDataLoss, "the segments of the audit log in {} are gone", dir_);
    }
    return compare_head(true);
  }
  const Segment newest = segments.back();
  OAP_TRY(os::UniqueFd opened, open_regular(dir_fd_.get(), dir_, newest.name, O_RDWR));
  auto file = std::make_shared<os::UniqueFd>(std::move(opened));
  segments.pop_back();
  const Link known = link_;
  OAP_TRY(link_, link_before(segments));
  if (newest.first != link_.seq + 1) {
    return fail(Code::kDataLoss,
                "audit segment {} does not begin where the one before it ends (record {}); see "
                "`oap audit verify`",
                newest.name, link_.seq);
  }
  OAP_CHECK_OK(adopt(newest, std::move(file)));
  if (link_.seq < known.seq) {
    return fail(Code::kDataLoss,
                "the audit log in {} was cut while in use: it ended at record {}, now at {}", dir_,
                known.seq, link_.seq);
  }
  return compare_head(false);
}

/// The link that the newest segment goes on from.
Result<Link> ChainFile::link_before(const std::vector<Segment>& older) const {
  if (older.empty()) {
    auto text = read_regular(path(kAnchorFile), 4'096);
    if (!text) {
      return text.error().code() == Code::kNotFound ? Result<Link>(Link{})
                                                    : fail(std::move(text).error());
    }
    const auto anchor = parse_link(*text);
    if (!anchor) {
      return fail(Code::kDataLoss, "{} is damaged", path(kAnchorFile));
    }
    return *anchor;
  }
  const Segment& segment = older.back();
  OAP_TRY(const os::UniqueFd file, open_regular(dir_fd_.get(), dir_, segment.name, O_RDONLY));
  OAP_TRY(const SegmentEnd end, read_end(file.get(), segment));
  if (!end.last || end.torn > 0) {
    return fail(Code::kDataLoss, "audit segment {} is incomplete; see `oap audit verify`",
                segment.name);
  }
  return end.last->link;
}

/// Where the records end, once what a crash left behind them has been cut. `link_` is the one
/// before the segment.
Result<std::uint64_t> ChainFile::settle(const Segment& newest, int fd) {
  OAP_TRY(const std::uint64_t written, written_size(fd, newest.size));
  std::uint64_t from = written;
  if (found_ && found_->first != 0) {
    from = found_->first == newest.first ? found_->synced : 0;
  }
  CrashTail tail{written, 0};
  if (from < written) {
    OAP_TRY(tail, read_crash_tail(fd, {newest.name, newest.first, written}, from, link_));
  } else {
    OAP_TRY(const SegmentEnd end, read_end(fd, {newest.name, newest.first, written}));
    tail = {written - end.torn, end.torn};
  }
  if (tail.torn > 0) {
    recovery_["cut_bytes"] = tail.torn;
  }
  const bool unused = tail.end < newest.size && flock(fd, LOCK_EX | LOCK_NB) == 0;
  if ((tail.torn > 0 || unused) && ftruncate(fd, static_cast<off_t>(tail.end)) != 0) {
    return fail(failure("repairing", errno));
  }
  if (unused) {
    flock(fd, LOCK_UN);
  }
  return tail.end;
}

/// Takes over the segment as it is now.
Result<void> ChainFile::adopt(const Segment& newest, std::shared_ptr<os::UniqueFd> file) {
  Segment settled = newest;
  OAP_TRY(settled.size, settle(newest, file->get()));
  OAP_TRY(const SegmentEnd end, read_end(file->get(), settled));
  const bool same_segment = newest.name == segment_.name;
  if (!same_segment || started_.empty()) {
    OAP_TRY(started_, first_timestamp(file->get()));
    no_room_ = false;
  }
  made_room_ = made_room_ && same_segment && flock(file->get(), LOCK_SH | LOCK_NB) == 0;
  if (end.last) {
    link_ = end.last->link;
    ends_with_loss_ = told_loss(*end.last).has_value();
  }
  struct stat info{};
  if (fstat(file->get(), &info) != 0) {
    return fail(failure("reading", errno));
  }
  room_end_ = static_cast<std::uint64_t>(info.st_size);
  synced_ = found_ && found_->first == newest.first ? std::min(found_->synced, settled.size) : 0;
  file_ = std::move(file);
  segment_ = std::move(settled);
  aged_ = is_aged();
  looked_at_ = clock_.steady();
  return {};
}

Result<void> ChainFile::read_head() {
  HeadText text;
  if (head_) {
    text = head_->read();
  }
  if (!text.state) {
    OAP_TRY(head_, MappedHead::open(dir_fd_.get(), dir_));
    text = head_->read();
  }
  found_ = text.state;
  OAP_TRY(old_head_, is_there(path(kOldHeadFile)));
  if (!found_ && old_head_) {
    found_ = old_state(read_regular(path(kOldHeadFile), 4'096));
  }
  return {};
}

/// The head may lag behind after a crash, but never lead.
Result<void> ChainFile::compare_head(bool was_empty) {
  OAP_TRY(const bool seen, is_there(seen_path(dir_)));
  const bool same = found_ && found_->link.seq == link_.seq;
  if (same && found_->link.hash != link_.hash && !ends_with_loss_) {
    return fail(Code::kDataLoss,
                "record {} of the audit log in {} is not the one that was written; see `oap audit "
                "verify`",
                link_.seq, dir_);
  }
  if (found_ && found_->link.seq > link_.seq) {
    recovery_["lost_records"] = found_->link.seq - link_.seq;
  } else if (!found_ && !was_empty) {
    recovery_["head_missing"] = true;
  } else if (!found_ && seen) {
    recovery_["chain_removed"] = true;
  } else if (!found_ || old_head_) {
    return store_head();
  }
  return {};
}

/// Makes the head anew from where the chain ends.
Result<void> ChainFile::store_head() {
  OAP_CHECK_OK(head_->reset(state()));
  found_ = state();
  if (old_head_ && unlinkat(dir_fd_.get(), std::string(kOldHeadFile).c_str(), 0) != 0) {
    return fail(failure("replacing the head of", errno));
  }
  old_head_ = false;
  return {};
}

}  // namespace oap::audit
