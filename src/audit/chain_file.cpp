#include "audit/chain_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/cipher.hpp"
#include "audit/flock.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "os/file.hpp"

namespace oap::audit {
namespace {

/// How long what the head says is believed without a look at the files.
constexpr Millis kLookEvery{10};
constexpr std::uint64_t kRoomStep = 256U << 10U;
constexpr std::size_t kSmallGroup = 64U << 10U;
constexpr unsigned kWorthRoom = 8;

}  // namespace

ChainFile::ChainFile(const Log::Options& options)
    : dir_(options.dir),
      clock_(options.clock == nullptr ? system_clock() : *options.clock),
      segment_bytes_(options.segment_bytes),
      segment_age_(options.segment_age),
      room_bytes_(options.room_bytes),
      lock_wait_(options.lock_wait) {}

Error ChainFile::failure(std::string_view doing, int error_number) const {
  const bool full = error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
  return {
      full ? Code::kResourceExhausted : Code::kUnavailable,
      fmt::format("{} the audit log in {} failed: {}", doing, dir_, std::strerror(error_number)),
      Audience::kOperator};
}

bool ChainFile::has_next_segment() const {
  const std::string next = segment_name(link_.seq + 1);
  return next != segment_.name && faccessat(dir_fd_.get(), next.c_str(), F_OK, 0) == 0;
}

/// Whether the chain on disk ends where this process left it, by a look at the files.
bool ChainFile::looks_as_left() {
  looked_at_.reset();
  struct stat info{};
  if (file_ == nullptr || fstat(file_->get(), &info) != 0 || info.st_nlink == 0 ||
      static_cast<std::uint64_t>(info.st_size) < segment_.size || has_next_segment()) {
    return false;
  }
  std::array<char, 512> beyond{};
  const ssize_t got =
      pread(file_->get(), beyond.data(), beyond.size(), static_cast<off_t>(segment_.size));
  const HeadText head = head_->read();
  const bool untold =
      got < 0 ||
      std::any_of(beyond.begin(), beyond.begin() + got, [](char byte) { return byte != '\0'; });
  if (untold || head.open || !head.state || head.state->link != link_ ||
      head.state->size != segment_.size) {
    return false;
  }
  room_end_ = static_cast<std::uint64_t>(info.st_size);
  aged_ = is_aged();
  looked_at_ = clock_.steady();
  return true;
}

/// The same; cheap where this process was the last to append and has looked a moment ago.
bool ChainFile::is_as_left() {
  const bool looked = looked_at_ && clock_.steady() - *looked_at_ < kLookEvery;
  return (looked && file_ != nullptr && head_->untouched()) || looks_as_left();
}

Result<void> ChainFile::take_up() { return is_as_left() ? Result<void>() : rescan(); }

bool ChainFile::is_aged() const {
  return !started_.empty() && started_ < format_time(clock_.wall() - segment_age_);
}

bool ChainFile::rotation_due() const {
  return segment_.size > 0 && (segment_.size >= segment_bytes_ || aged_);
}

Result<void> ChainFile::rotate_if_due() {
  if (file_ == nullptr) {
    return begin_segment();
  }
  if (!rotation_due()) {
    return {};
  }
  OAP_CHECK_OK(end_segment());
  ++rotations_;
  return begin_segment();
}

/// Nothing may stand behind the records of a segment that is whole.
Result<void> ChainFile::end_segment() {
  struct stat info{};
  if (fstat(file_->get(), &info) != 0) {
    return fail(failure("reading", errno));
  }
  OAP_TRY(const std::uint64_t written,
          written_size(file_->get(), static_cast<std::uint64_t>(info.st_size)));
  if (written != segment_.size) {
    return fail(Code::kDataLoss,
                "something that is no record was written behind the records of audit segment {}",
                segment_.name);
  }
  if (ftruncate(file_->get(), static_cast<off_t>(segment_.size)) != 0 ||
      fdatasync(file_->get()) != 0) {
    return fail(failure("syncing", errno));
  }
  return {};
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
  room_end_ = 0;
  synced_ = 0;
  made_room_ = false;
  no_room_ = false;
  aged_ = false;
  started_ = format_time(clock_.wall());
  return {};
}

Result<std::string> ChainFile::append(const std::vector<const Body*>& bodies, bool sync) {
  OAP_TRY(const Flock lock, Flock::acquire(lock_fd_.get(), dir_, lock_wait_));
  OAP_CHECK_OK(take_up());
  return write(bodies, sync);
}

std::optional<Result<std::string>> ChainFile::try_append(const std::vector<const Body*>& bodies) {
  const auto lock = Flock::try_acquire(lock_fd_.get());
  if (!lock || !recovery_.empty() || !is_as_left() || rotation_due()) {
    return std::nullopt;
  }
  return write_records(bodies, false);
}

Result<std::string> ChainFile::write(const std::vector<const Body*>& bodies, bool sync) {
  OAP_CHECK_OK(rotate_if_due());
  return write_records(bodies, sync);
}

Body ChainFile::encode_own(const Event& event) const {
  return encode(event, {new_id("evt_"), format_time(clock_.wall())});
}

Result<std::string> ChainFile::write_records(const std::vector<const Body*>& bodies, bool sync) {
  std::string lines;
  Link link = link_;
  if (!recovery_.empty()) {
    Event event;
    event.event_type = "recovered";
    event.reason = "the log did not end where it should, or refused events";
    event.details = recovery_;
    seal(lines, link, encode_own(event));
  }
  for (const Body* body : bodies) {
    if (keys_ == nullptr) {
      seal(lines, link, *body);
      continue;
    }
    OAP_TRY(const Body sealed, encrypt(*keys_, *body, segment_.first, link));
    seal(lines, link, sealed);
  }
  const bool can_tell = head_->begin();
  OAP_CHECK_OK(put(lines, sync));
  recovery_.clear();
  segment_.size += lines.size();
  room_end_ = std::max(room_end_, segment_.size);
  synced_ = sync ? segment_.size : synced_;
  const bool small = lines.size() <= kSmallGroup;
  small_groups_ = small ? small_groups_ + (sync ? 1 : 0) : 0;
  link_ = std::move(link);
  const bool known = found_ && !old_head_;
  if (known ? !can_tell || !head_->commit(state()) : !store_head()) {
    looked_at_.reset();
    log::error("audit", "the head file could not be written: a cut end would not be seen",
               {{"dir", dir_}});
  }
  return lines;
}

/// On failure the file is cut back to what it was.
Result<void> ChainFile::put(std::string_view lines, bool sync) {
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
  if (ftruncate(file_->get(), static_cast<off_t>(segment_.size)) == 0 && found_ && !old_head_) {
    (void)head_->commit(state());
  }
  room_end_ = segment_.size;
  const Error written = failure("writing", error);
  const bool may_be_lost = done == lines.size() && written.code() != Code::kResourceExhausted;
  return fail(may_be_lost ? Error(Code::kDataLoss, written.message(), Audience::kOperator)
                          : written);
}

void ChainFile::note_refused(std::uint64_t count, const Error& why) {
  recovery_["refused_records"] = count;
  recovery_["refusal"] = why.to_string();
}

void ChainFile::note_synced(const Unsynced& synced) {
  if (synced.file == file_) {
    synced_ = std::max(synced_, std::min(synced.size, segment_.size));
  }
}

Result<void> ChainFile::mend() {
  OAP_TRY(const Flock lock, Flock::acquire(lock_fd_.get(), dir_, lock_wait_));
  OAP_CHECK_OK(rescan());
  if (file_ == nullptr) {
    return {};
  }
  std::string again(static_cast<std::size_t>(segment_.size - synced_), '\0');
  const auto size = static_cast<ssize_t>(again.size());
  const auto at = static_cast<off_t>(synced_);
  if (pread(file_->get(), again.data(), again.size(), at) != size ||
      pwrite(file_->get(), again.data(), again.size(), at) != size ||
      fdatasync(file_->get()) != 0) {
    return fail(failure("mending", errno));
  }
  synced_ = segment_.size;
  return {};
}

/// What the log says of itself is in clear: it tells of nobody.
Result<void> ChainFile::append_own(const Event& event) {
  std::unique_ptr<Keyring> keys = std::exchange(keys_, nullptr);
  const Body body = encode_own(event);
  auto written = write({&body}, true);
  keys_ = std::move(keys);
  return written ? Result<void>() : fail(written.error());
}

bool ChainFile::wants_room() const {
  return file_ != nullptr && !no_room_ && small_groups_ >= kWorthRoom &&
         room_end_ < segment_.size + room_bytes_ / 2 && segment_.size < segment_bytes_;
}

ChainFile::Unsynced ChainFile::make_room() {
  const auto lock = Flock::try_acquire(lock_fd_.get());
  struct stat info{};
  if (!lock || !is_as_left() || fstat(file_->get(), &info) != 0) {
    small_groups_ = 0;
    return {};
  }
  static const std::string zeros(kRoomStep, '\0');
  const off_t end = info.st_size;
  made_room_ = made_room_ || flock(file_->get(), LOCK_SH | LOCK_NB) == 0;
  if (!made_room_ ||
      pwrite(file_->get(), zeros.data(), zeros.size(), end) != static_cast<ssize_t>(zeros.size())) {
    (void)ftruncate(file_->get(), end);
    no_room_ = true;
    return {};
  }
  room_end_ = static_cast<std::uint64_t>(end) + zeros.size();
  return {file_, segment_.size};
}

void ChainFile::close() {
  if (!made_room_) {
    return;
  }
  const auto lock = Flock::acquire(lock_fd_.get(), dir_, lock_wait_);
  if (lock && looks_as_left() && flock(file_->get(), LOCK_EX | LOCK_NB) == 0) {
    (void)ftruncate(file_->get(), static_cast<off_t>(segment_.size));
  }
}

}  // namespace oap::audit
