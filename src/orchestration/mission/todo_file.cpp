#include "orchestration/mission/todo_file.hpp"

#include <cerrno>

#include <sys/stat.h>

#include "os/file.hpp"
#include "os/lock.hpp"

namespace oap::orchestration {
namespace {

constexpr Millis kLockTime{5'000};
constexpr int kTries = 5;

}  // namespace

Result<std::optional<std::string>> PlanFile::read() const {
  struct stat info{};
  if (::lstat(path_.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return std::optional<std::string>();
    }
    return fail(os::errno_error("reading", path_, errno));
  }
  if (!S_ISREG(info.st_mode)) {
    if (os::is_stand_in(info)) {
      return std::optional<std::string>();
    }
    return fail(Code::kFailedPrecondition, "{} is no regular file; put a plain file there", path_);
  }
  OAP_TRY(std::string text, os::read_file(path_, TodoDocument::kMaxBytes));
  return std::optional(std::move(text));
}

Result<std::string> PlanFile::change(
    const std::function<Result<std::string>(const std::string&)>& change) {
  OAP_TRY([[maybe_unused]] const os::FileLock lock,
          os::FileLock::acquire(lock_, Deadline::after(kLockTime)));
  for (int attempt = 0; attempt < kTries; ++attempt) {
    OAP_TRY(const std::optional<std::string> before, read());
    OAP_TRY(std::string after, change(before.value_or("")));
    if (after.size() > TodoDocument::kMaxBytes) {
      return fail(
          Error(Code::kResourceExhausted,
                fmt::format("{} would become larger than {} bytes", path_, TodoDocument::kMaxBytes),
                Audience::kModel));
    }
    if (before && after == *before) {
      return after;
    }
    OAP_TRY(const std::optional<std::string> now, read());
    if (now == before) {
      OAP_CHECK_OK(os::make_dirs(path_.substr(0, path_.rfind('/'))));
      OAP_CHECK_OK(os::write_file_atomic(path_, after));
      return after;
    }
  }
  return fail(Code::kUnavailable, "{} is being changed by someone else all the time; try again",
              path_);
}

}  // namespace oap::orchestration
