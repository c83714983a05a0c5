#include "audit/chain_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/flock.hpp"
#include "audit/loss.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "os/file.hpp"

namespace oap::audit {
namespace {

Result<std::string> first_timestamp(int fd) {
  std::string start(1U << 20U, '\0');
  const ssize_t got = pread(fd, start.data(), start.size(), 0);
  start.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  const std::size_t end = start.find('\n');
  if (end == std::string::npos) {
    return std::string();
  }
  OAP_TRY(const Parsed first, parse_line(std::string_view(start).substr(0, end)));
  return first.text("timestamp");
}

std::string last_timestamp(const SegmentEnd& end) {
  return end.last ? end.last->text("timestamp") : std::string();
}

}  // namespace

ChainFile::ChainFile(const Log::Options& options)
    : dir_(options.dir),
      clock_(options.clock == nullptr ? system_clock() : *options.clock),
      segment_bytes_(options.segment_bytes),
      segment_age_(options.segment_age) {}

Error ChainFile::failure(std::string_view doing, int error_number) const {
  const bool full = error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
  return {
      full ? Code::kResourceExhausted : Code::kUnavailable,
      fmt::format("{} the audit log in {} failed: {}", doing, dir_, std::strerror(error_number)),
      Audience::kOperator};
}

Result<std::unique_ptr<ChainFile>> ChainFile::open(const Log::Options& options) {
  std::unique_ptr<ChainFile> chain(new ChainFile(options));
  OAP_CHECK_OK(chain->open_folder());
  OAP_TRY(const Flock lock, Flock::acquire(chain->lock_fd_.get(), chain->dir_));
  OAP_CHECK_OK(chain->rescan());
  if (!chain->recovery_.empty()) {
    OAP_TRY([[maybe_unused]] const std::string lines, chain->write({}, true));
  }
  if (const std::string seen = seen_path(chain->dir_); !os::exists(seen)) {
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
  constexpr int kFlags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
  lock_fd_.reset(::openat(dir_fd_.get(), std::string(kLockFile).c_str(), kFlags, 0600));
  if (!lock_fd_) {
    return fail(failure("opening", errno));
  }
  return {};
}

bool ChainFile::has_next_segment() const {
  const std::string next = segment_name(link_.seq + 1);
  return next != segment_.name && faccessat(dir_fd_.get(), next.c_str(), F_OK, 0) == 0;
}

/// Cheap where this process was the last to append: one fstat and one look for a next segment.
Result<void> ChainFile::take_up() {
  struct stat info{};
  if (file_ == nullptr || fstat(file_->get(), &info) != 0 || info.st_nlink == 0) {
    return rescan();
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size < segment_.size) {
    return rescan();
  }
  if (size > segment_.size) {
    Segment grown = segment_;
    grown.size = size;
    OAP_CHECK_OK(adopt(grown, file_));
  }
  return has_next_segment() ? rescan() : Result<void>();
}

Result<void> ChainFile::rescan() {
  OAP_TRY(std::vector<Segment> segments, list_segments(dir_));
  if (segments.empty()) {
    if (link_.seq > 0 || os::exists(path(kAnchorFile))) {
      return fail(Code::kDataLoss, "the segments of the audit log in {} are gone", dir_);
    }
    return compare_head(true);
  }
  const Segment newest = segments.back();
  auto file = std::make_shared<os::UniqueFd>(
      ::openat(dir_fd_.get(), newest.name.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!*file) {
    return fail(failure("opening", errno));
  }
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
    auto text = os::read_file(path(kAnchorFile), 4'096);
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
  const os::UniqueFd file(
      ::openat(dir_fd_.get(), segment.name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) {
    return fail(failure("opening", errno));
  }
  OAP_TRY(const SegmentEnd end, read_end(file.get(), segment));
  if (!end.last || end.torn > 0) {
    return fail(Code::kDataLoss, "audit segment {} is incomplete; see `oap audit verify`",
                segment.name);
  }
  return end.last->link;
}

/// Takes over the segment as it is now; cuts an incomplete record at its end.
Result<void> ChainFile::adopt(const Segment& segment, std::shared_ptr<os::UniqueFd> file) {
  OAP_TRY(const SegmentEnd end, read_end(file->get(), segment));
  if (end.torn > 0) {
    if (ftruncate(file->get(), static_cast<off_t>(segment.size - end.torn)) != 0) {
      return fail(failure("repairing", errno));
    }
    recovery_["cut_bytes"] = end.torn;
  }
  if (segment.name != segment_.name || started_.empty()) {
    OAP_TRY(started_, first_timestamp(file->get()));
  }
  if (end.last) {
    link_ = end.last->link;
    ends_with_loss_ = told_loss(*end.last).has_value();
  }
  file_ = std::move(file);
  segment_ = segment;
  segment_.size -= end.torn;
  return {};
}

/// The head may lag behind after a crash, but never lead.
Result<void> ChainFile::compare_head(bool was_empty) {
  const bool was_open = static_cast<bool>(head_fd_);
  if (!was_open) {
    constexpr int kFlags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
    head_fd_.reset(::openat(dir_fd_.get(), std::string(kHeadFile).c_str(), kFlags, 0600));
    if (!head_fd_) {
      return fail(failure("opening", errno));
    }
  }
  std::string text(4'096, '\0');
  const ssize_t got = pread(head_fd_.get(), text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  const auto head = parse_link(text);
  if (head && head->seq == link_.seq && head->hash != link_.hash && !ends_with_loss_) {
    return fail(Code::kDataLoss,
                "record {} of the audit log in {} is not the one that was written; see `oap audit "
                "verify`",
                link_.seq, dir_);
  }
  if (head && head->seq > link_.seq) {
    recovery_["lost_records"] = head->seq - link_.seq;
  } else if (!head && !was_empty) {
    recovery_["head_missing"] = true;
  } else if (!head && os::exists(seen_path(dir_))) {
    recovery_["chain_removed"] = true;
  } else if (!head && (!put_head() || fsync(head_fd_.get()) != 0)) {
    return fail(failure("writing the head of", errno));
  }
  return {};
}

bool ChainFile::put_head() const {
  const std::string head = print_link(link_);
  return pwrite(head_fd_.get(), head.data(), head.size(), 0) == static_cast<ssize_t>(head.size());
}

Body ChainFile::encode_own(const Event& event) const {
  return encode(event, {new_id("evt_"), format_time(clock_.wall())});
}

bool ChainFile::rotation_due() const {
  return segment_.size > 0 &&
         (segment_.size >= segment_bytes_ ||
          (!started_.empty() && started_ < format_time(clock_.wall() - segment_age_)));
}

Result<void> ChainFile::rotate_if_due() {
  if (file_ == nullptr) {
    return begin_segment();
  }
  if (!rotation_due()) {
    return {};
  }
  if (fdatasync(file_->get()) != 0) {
    return fail(failure("syncing", errno));
  }
  return begin_segment();
}

Result<void> ChainFile::begin_segment() {
  Segment segment{segment_name(link_.seq + 1), link_.seq + 1, 0};
  constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  auto file =
      std::make_shared<os::UniqueFd>(::openat(dir_fd_.get(), segment.name.c_str(), kFlags, 0600));
  if (!*file || fsync(dir_fd_.get()) != 0) {
    return fail(failure("beginning a segment of", errno));
  }
  file_ = std::move(file);
  segment_ = std::move(segment);
  started_ = format_time(clock_.wall());
  return {};
}

Result<std::string> ChainFile::append(const std::vector<const Body*>& bodies, bool sync) {
  OAP_TRY(const Flock lock, Flock::acquire(lock_fd_.get(), dir_));
  OAP_CHECK_OK(take_up());
  return write(bodies, sync);
}

/// Whether the chain on disk ends where this process left it.
bool ChainFile::unchanged() const {
  struct stat info{};
  return file_ != nullptr && fstat(file_->get(), &info) == 0 && info.st_nlink > 0 &&
         static_cast<std::uint64_t>(info.st_size) == segment_.size && !has_next_segment();
}

std::optional<Result<std::string>> ChainFile::try_append(const Body& body) {
  const auto lock = Flock::try_acquire(lock_fd_.get());
  if (!lock || !recovery_.empty() || !unchanged() || rotation_due()) {
    return std::nullopt;
  }
  return write_records({&body}, false);
}

Result<std::string> ChainFile::write(const std::vector<const Body*>& bodies, bool sync) {
  OAP_CHECK_OK(rotate_if_due());
  return write_records(bodies, sync);
}

Result<std::string> ChainFile::write_records(const std::vector<const Body*>& bodies, bool sync) {
  std::string lines;
  Link link = link_;
  const auto add = [&lines, &link](const Body& body) {
    Sealed sealed = seal(link, body);
    lines += sealed.line;
    link = std::move(sealed.link);
  };
  if (!recovery_.empty()) {
    Event event;
    event.event_type = "recovered";
    event.reason = "the log did not end where it should";
    event.details = recovery_;
    add(encode_own(event));
  }
  for (const Body* body : bodies) {
    add(*body);
  }
  OAP_CHECK_OK(put(lines, sync));
  recovery_.clear();
  segment_.size += lines.size();
  link_ = std::move(link);
  if (!put_head()) {
    log::error("audit", "head.json could not be written: a cut end would not be seen",
               {{"reason", failure("writing the head of", errno).to_string()}});
  }
  return lines;
}

/// On failure the file is cut back to what it was.
Result<void> ChainFile::put(const std::string& lines, bool sync) {
  std::size_t done = 0;
  int error = 0;
  while (done < lines.size() && error == 0) {
    const ssize_t put = pwrite(file_->get(), lines.data() + done, lines.size() - done,
                               static_cast<off_t>(segment_.size + done));
    if (put > 0) {
      done += static_cast<std::size_t>(put);
    } else if (put == 0 || errno != EINTR) {
      error = put == 0 ? ENOSPC : errno;
    }
  }
  if (error == 0) {
    if (!sync || fdatasync(file_->get()) == 0) {
      return {};
    }
    error = errno;
  }
  (void)ftruncate(file_->get(), static_cast<off_t>(segment_.size));
  const Error written = failure("writing", error);
  const bool may_be_lost = done == lines.size() && written.code() != Code::kResourceExhausted;
  return fail(may_be_lost ? Error(Code::kDataLoss, written.message(), Audience::kOperator)
                          : written);
}

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
    if (!end.last || last_timestamp(end) >= cutoff) {
      break;
    }
    OAP_TRY(const std::uint64_t losses, count_losses(file.get(), segment));
    old.losses += losses;
    old.last = end.last->link;
    old.segments.push_back(segment);
  }
  return old;
}

Result<Log::Retired> ChainFile::retire(Millis age) {
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
  const Body body = encode_own(event);
  OAP_TRY([[maybe_unused]] const std::string lines, write({&body}, true));
  OAP_CHECK_OK(os::write_file_atomic(path(kAnchorFile), print_link(old.last), 0600));
  for (const Segment& segment : old.segments) {
    if (unlinkat(dir_fd_.get(), segment.name.c_str(), 0) != 0) {
      return fail(failure("deleting a segment of", errno));
    }
  }
  if (fsync(dir_fd_.get()) != 0) {
    return fail(failure("syncing", errno));
  }
  return retired;
}

}  // namespace oap::audit
