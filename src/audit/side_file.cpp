#include "audit/side_file.hpp"

#include <cerrno>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::audit {
namespace {

constexpr int kFileFlags =
    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
constexpr int kDirFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;

Result<os::UniqueFd> open_file(int dir, const std::string& name, const std::string& path) {
  os::UniqueFd file(::openat(dir, name.c_str(), kFileFlags, 0600));
  if (!file) {
    return fail(os::errno_error("opening", path, errno));
  }
  struct stat info{};
  if (fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return fail(Code::kFailedPrecondition, "{} is not a regular file", path);
  }
  return file;
}

}  // namespace

Result<os::UniqueFd> open_side_file(const std::string& workspace, const std::string& path) {
  if (path.starts_with('/')) {
    const std::size_t slash = path.rfind('/');
    OAP_CHECK_OK(os::make_dirs(path.substr(0, slash + 1), 0700));
    return open_file(AT_FDCWD, path, path);
  }
  os::UniqueFd dir(::open(workspace.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir) {
    return fail(os::errno_error("opening", workspace, errno));
  }
  const std::vector<std::string_view> parts = text::split(path, '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string part(parts[i]);
    if (part == "..") {
      return fail(Code::kConfiguration, "{} leaves the workspace; give an absolute path instead",
                  path);
    }
    if (i + 1 == parts.size()) {
      return open_file(dir.get(), part, path);
    }
    if (part.empty() || part == ".") {
      continue;
    }
    if (::mkdirat(dir.get(), part.c_str(), 0755) != 0 && errno != EEXIST) {
      return fail(os::errno_error("creating the folder of", path, errno));
    }
    os::UniqueFd next(::openat(dir.get(), part.c_str(), kDirFlags));
    if (!next) {
      return fail(os::errno_error("opening the folder of", path, errno));
    }
    dir = std::move(next);
  }
  return fail(Code::kConfiguration, "'{}' names no file", path);
}

Result<void> append_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      return fail(os::errno_error("writing", path, errno));
    }
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

}  // namespace oap::audit
