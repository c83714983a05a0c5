#include "api/socket_place.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "crypto/hash.hpp"
#include "os/file.hpp"

namespace oap::api {
namespace {

constexpr std::size_t kMostName = sizeof(sockaddr_un::sun_path) - 1;
constexpr int kBacklog = 4'096;

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

std::string state_lock(const std::string& state_root) { return state_root + "/serve.lock"; }

Result<void> private_folder(const std::string& folder) {
  OAP_CHECK_OK(os::make_dirs(folder, 0700));
  struct stat info{};
  if (::lstat(folder.c_str(), &info) != 0) {
    return fail(os::errno_error("opening", folder, errno));
  }
  if (!S_ISDIR(info.st_mode) || info.st_uid != ::geteuid() || (info.st_mode & 077) != 0) {
    return fail(Code::kFailedPrecondition,
                "the folder {0} of the daemon's socket must be a folder of yours that is closed to "
                "others; run: chmod 700 '{0}'",
                folder);
  }
  return {};
}

/// What the holder of a lock has written into it.
pid_t noted_pid(int fd) {
  std::array<char, 24> text{};
  const ssize_t count = ::pread(fd, text.data(), text.size() - 1, 0);
  pid_t pid = 0;
  if (count > 0) {
    std::from_chars(text.data(), text.data() + count, pid);
  }
  return pid;
}

pid_t noted_pid(const std::string& path) {
  const os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  return fd ? noted_pid(fd.get()) : 0;
}

Result<os::FileLock> lock(const std::string& path) {
  constexpr Millis kWait{20};
  auto held = os::FileLock::acquire(path, Deadline::after(kWait));
  if (!held) {
    return held.error().code() == Code::kDeadlineExceeded
               ? fail(Code::kAlreadyExists,
                      "a daemon runs already (process {}); oap serve --stop ends it",
                      noted_pid(path))
               : fail(std::move(held).error());
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(held->fd(), 0) != 0 ||
      ::pwrite(held->fd(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return fail(os::errno_error("writing", path, errno));
  }
  return held;
}

Result<void> remove_stale(const std::string& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? Result<void>()
                           : Result<void>(fail(os::errno_error("opening", path, errno)));
  }
  if (!S_ISSOCK(info.st_mode)) {
    return fail(Code::kFailedPrecondition,
                "{} is in the place of the daemon's socket and is none; move it away", path);
  }
  if (::unlink(path.c_str()) != 0) {
    return fail(os::errno_error("removing", path, errno));
  }
  return {};
}

Result<os::UniqueFd> listening(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() > kMostName || path.find('\0') != std::string::npos) {
    return fail(Code::kConfiguration,
                "the socket's path {} is longer than {} bytes; set OAP_SOCKET", path, kMostName);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  os::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) {
    return fail(os::errno_error("making the socket", path, errno));
  }
  const mode_t before = ::umask(0177);
  const int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int why = errno;
  ::umask(before);
  if (bound != 0) {
    return fail(os::errno_error("making the socket", path, why));
  }
  if (::chmod(path.c_str(), 0600) != 0 || ::listen(fd.get(), kBacklog) != 0) {
    return fail(os::errno_error("listening on", path, errno));
  }
  return fd;
}

}  // namespace

std::string socket_path(const std::string& state_root, const os::EnvLookup& env) {
  if (const auto named = env("OAP_SOCKET"); named && !named->empty()) {
    return *named;
  }
  std::string path = state_root + "/oap.sock";
  if (path.size() <= kMostName) {
    return path;
  }
  const auto runtime = env("XDG_RUNTIME_DIR");
  const std::string folder =
      runtime && runtime->starts_with('/') ? *runtime : fmt::format("/tmp/oap-{}", ::geteuid());
  return folder + "/oap-" + crypto::sha256_hex(state_root).substr(0, 16) + ".sock";
}

Result<SocketClaim> SocketClaim::take(const std::string& state_root, const std::string& socket) {
  if (!socket.starts_with('/')) {
    return fail(Code::kConfiguration, "OAP_SOCKET must be an absolute path, not {}", socket);
  }
  OAP_CHECK_OK(private_folder(state_root));
  OAP_CHECK_OK(private_folder(folder_of(socket)));
  OAP_TRY(os::FileLock state, lock(state_lock(state_root)));
  OAP_TRY(os::FileLock own, lock(socket + ".lock"));
  OAP_CHECK_OK(remove_stale(socket));
  OAP_TRY(os::UniqueFd fd, listening(socket));
  return SocketClaim(socket, std::move(state), std::move(own), std::move(fd));
}

SocketClaim::SocketClaim(std::string path, os::FileLock state, os::FileLock own, os::UniqueFd fd)
    : path_(std::move(path)),
      state_lock_(std::move(state)),
      own_lock_(std::move(own)),
      fd_(std::move(fd)) {
  struct stat info{};
  if (::lstat(path_.c_str(), &info) == 0) {
    device_ = info.st_dev;
    inode_ = info.st_ino;
  }
}

SocketClaim::SocketClaim(SocketClaim&& other) noexcept
    : path_(std::exchange(other.path_, "")),
      state_lock_(std::move(other.state_lock_)),
      own_lock_(std::move(other.own_lock_)),
      fd_(std::move(other.fd_)),
      device_(other.device_),
      inode_(other.inode_) {}

SocketClaim::~SocketClaim() { remove_name(); }

void SocketClaim::remove_name() {
  struct stat info{};
  if (!path_.empty() && ::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ &&
      info.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
  path_.clear();
}

pid_t running_daemon(const std::string& state_root) {
  const std::string path = state_lock(state_root);
  const os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd || ::flock(fd.get(), LOCK_SH | LOCK_NB) == 0) {
    return 0;
  }
  return noted_pid(fd.get());
}

Result<void> wait_until_gone(const std::string& state_root, Deadline deadline) {
  if (running_daemon(state_root) == 0) {
    return {};
  }
  auto held = os::FileLock::acquire(state_lock(state_root), deadline);
  return held ? Result<void>() : Result<void>(fail(std::move(held).error()));
}

}  // namespace oap::api
