#include "session/session_locks.hpp"

#include <cstdint>

#include <fcntl.h>

#include "crypto/hash.hpp"
#include "os/file.hpp"

namespace oap::session {
namespace {

off_t place_of(const std::string& session_id) {
  std::uint64_t place = 0;
  for (const char c : crypto::sha256_hex(session_id).substr(0, 15)) {
    place = place * 16 + static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  return static_cast<off_t>(place);
}

}  // namespace

Result<void> SessionLocks::claim(const std::string& session_id) {
  const std::lock_guard lock(mutex_);
  if (held_.contains(session_id)) {
    return {};
  }
  if (!fd_) {
    fd_ = os::UniqueFd(::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd_) {
      return fail(os::errno_error("opening", file_, errno));
    }
  }
  struct flock range{};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  range.l_start = place_of(session_id);
  range.l_len = 1;
  if (::fcntl(fd_.get(), F_OFD_SETLK, &range) != 0) {
    if (errno == EAGAIN || errno == EACCES) {
      return fail(Code::kFailedPrecondition,
                  "another oap is at work in the session {}; wait until it has ended, begin a new "
                  "session, or take a copy: oap sessions fork {}",
                  session_id, session_id);
    }
    return fail(os::errno_error("locking", file_, errno));
  }
  held_.insert(session_id);
  return {};
}

}  // namespace oap::session
