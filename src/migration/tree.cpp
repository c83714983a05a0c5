#include "migration/tree.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::migration {
namespace {

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr int kMostLinks = 16;
constexpr std::size_t kMostEntries = 10'000;
constexpr std::size_t kMostPath = 4096;

Kind kind_of(const struct ::stat& info) {
  if (S_ISREG(info.st_mode)) {
    return Kind::kFile;
  }
  if (S_ISDIR(info.st_mode)) {
    return Kind::kDirectory;
  }
  return S_ISLNK(info.st_mode) ? Kind::kLink : Kind::kOther;
}

Result<void> write_all(int fd, std::string_view text, const std::string& shown) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      return fail(os::errno_error("writing", shown, errno));
    }
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<std::string> link_at(int fd, const std::string& name, const std::string& shown) {
  std::array<char, PATH_MAX> buffer{};
  const ssize_t got = ::readlinkat(fd, name.c_str(), buffer.data(), buffer.size());
  if (got < 0) {
    return fail(os::errno_error("reading the link", shown, errno));
  }
  return std::string(buffer.data(), static_cast<std::size_t>(got));
}

}  // namespace

Result<std::string> inside(std::string_view path) {
  if (path.size() > kMostPath || path.find('\0') != std::string_view::npos) {
    return fail(Code::kInvalidArgument, "a path is too long or holds a NUL byte");
  }
  std::vector<std::string_view> kept;
  for (const std::string_view part : text::split(path, '/')) {
    if (part.empty() || part == ".") {
      continue;
    }
    if (part != "..") {
      kept.push_back(part);
      continue;
    }
    if (kept.empty()) {
      return fail(Code::kInvalidArgument, "{} leads outside", path);
    }
    kept.pop_back();
  }
  if (path.starts_with('/')) {
    return fail(Code::kInvalidArgument, "{} leads outside", path);
  }
  return text::join(kept, "/");
}

Result<Tree> Tree::open(const std::string& root) {
  OAP_TRY(std::string canonical, os::canonical_path(root));
  os::UniqueFd fd(::open(canonical.c_str(), kDirectory));
  if (!fd) {
    return fail(errno == ENOTDIR ? Error(Code::kInvalidArgument, root + " is not a directory")
                                 : os::errno_error("opening", root, errno));
  }
  return Tree(std::move(fd), std::move(canonical));
}

std::string_view Tree::local(std::string_view path) const {
  if (stands_for_.empty() || !path.starts_with(stands_for_)) {
    return path;
  }
  const std::string_view rest = path.substr(stands_for_.size());
  return rest.empty() ? rest : (rest.front() == '/' ? rest.substr(1) : path);
}

Result<os::UniqueFd> Tree::open_dir(std::string_view path) const {
  path = local(path);
  os::UniqueFd at(::openat(fd_.get(), ".", kDirectory));
  if (!at) {
    return fail(os::errno_error("opening", root_, errno));
  }
  if (path.empty()) {
    return at;
  }
  for (const std::string_view part : text::split(path, '/')) {
    const std::string name(part);
    os::UniqueFd next(::openat(at.get(), name.c_str(), kDirectory));
    if (!next) {
      const int why = errno;
      struct stat info{};
      const bool link = ::fstatat(at.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                        S_ISLNK(info.st_mode);
      if (link) {
        return fail(Code::kFailedPrecondition, "{}/{}: '{}' is a symbolic link", root_, path, name);
      }
      return fail(os::errno_error("opening", fmt::format("{}/{}", root_, path), why));
    }
    at = std::move(next);
  }
  return at;
}

Result<std::pair<os::UniqueFd, std::string>> Tree::parent(const std::string& given) const {
  const std::string path(local(given));
  if (path.empty()) {
    return fail(Code::kInvalidArgument, "{} itself cannot be worked on", root_);
  }
  const std::size_t slash = path.rfind('/');
  OAP_TRY(os::UniqueFd fd,
          open_dir(slash == std::string::npos ? std::string_view()
                                              : std::string_view(path).substr(0, slash)));
  return std::pair(std::move(fd), slash == std::string::npos ? path : path.substr(slash + 1));
}

Kind Tree::kind(const std::string& path) const {
  if (local(path).empty()) {
    return Kind::kDirectory;
  }
  const auto place = parent(path);
  struct stat info{};
  if (!place ||
      ::fstatat(place->first.get(), place->second.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return Kind::kAbsent;
  }
  return os::is_stand_in(info) ? Kind::kAbsent : kind_of(info);
}

Result<std::string> Tree::link_text(const std::string& path) const {
  OAP_TRY(const auto place, parent(path));
  return link_at(place.first.get(), place.second, root_ + "/" + path);
}

Result<std::string> Tree::resolve(const std::string& path) const {
  OAP_TRY(std::string todo, inside(path));
  std::string done;
  int links = 0;
  while (!todo.empty()) {
    const std::size_t slash = todo.find('/');
    const std::string part = todo.substr(0, slash);
    const std::string rest = slash == std::string::npos ? "" : todo.substr(slash + 1);
    const std::string next = done.empty() ? part : done + "/" + part;
    if (kind(next) != Kind::kLink) {
      done = next;
      todo = rest;
      continue;
    }
    if (++links > kMostLinks) {
      return fail(Code::kInvalidArgument, "{}: too many symbolic links, perhaps a loop", path);
    }
    OAP_TRY(std::string to, link_text(next));
    if (to.starts_with('/')) {
      if (to != root_ && !to.starts_with(root_ + "/")) {
        return fail(Code::kInvalidArgument, "{}: the symbolic link {} leads outside, to {}", path,
                    next, to);
      }
      to.erase(0, std::min(to.size(), root_.size() + 1));
    } else {
      to = done.empty() ? to : done + "/" + to;
    }
    const auto within = inside(rest.empty() ? to : to + "/" + rest);
    if (!within) {
      return fail(Code::kInvalidArgument, "{}: the symbolic link {} leads outside", path, next);
    }
    todo = *within;
    done.clear();
  }
  return done;
}

Result<FileText> Tree::read(const std::string& path, std::size_t max_bytes) const {
  OAP_TRY(const std::string real, resolve(path));
  OAP_TRY(const auto place, parent(real));
  const os::UniqueFd fd(::openat(place.first.get(), place.second.c_str(),
                                 O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    return fail(os::errno_error("reading", path, errno));
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(Code::kInvalidArgument, "{} is not a regular file", path);
  }
  FileText out;
  out.executable = (info.st_mode & 0111U) != 0;
  const auto size = static_cast<std::size_t>(std::max<off_t>(info.st_size, 0));
  if (size > max_bytes) {
    return fail(Code::kResourceExhausted, "{} has {} bytes; at most {} are read", path, size,
                max_bytes);
  }
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return fail(os::errno_error("reading", path, errno));
    }
    if (got == 0) {
      return out;
    }
    out.text.append(buffer.data(), static_cast<std::size_t>(got));
    if (out.text.size() > max_bytes) {
      return fail(Code::kResourceExhausted, "{} has more than {} bytes", path, max_bytes);
    }
  }
}

Result<std::vector<Entry>> Tree::list(const std::string& path) const {
  OAP_TRY(const std::string real, resolve(path));
  OAP_TRY(os::UniqueFd fd, open_dir(real));
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(fd.get()), &::closedir);
  if (!dir) {
    return fail(os::errno_error("listing", path, errno));
  }
  (void)fd.release();
  std::vector<Entry> out;
  while (const dirent* one = ::readdir(dir.get())) {
    const std::string name = one->d_name;
    struct stat info{};
    if (name == "." || name == ".." ||
        ::fstatat(::dirfd(dir.get()), one->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        os::is_stand_in(info)) {
      continue;
    }
    if (out.size() == kMostEntries) {
      return fail(Code::kResourceExhausted, "{} holds more than {} entries", path, kMostEntries);
    }
    out.push_back({name, kind_of(info)});
  }
  std::sort(out.begin(), out.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return out;
}

Result<void> Tree::make_dirs(const std::string& given, std::vector<std::string>& made) const {
  const std::string path(local(given));
  if (path.empty()) {
    return {};
  }
  const std::string above_it = given.substr(0, given.size() - path.size());
  std::string done;
  for (const std::string_view part : text::split(path, '/')) {
    OAP_TRY(const os::UniqueFd above, open_dir(done));
    const std::string name(part);
    done += (done.empty() ? "" : "/") + name;
    if (::mkdirat(above.get(), name.c_str(), 0755) == 0) {
      made.push_back(above_it + done);
    } else if (errno != EEXIST) {
      return fail(os::errno_error("creating", root_ + "/" + done, errno));
    }
  }
  return open_dir(path).map([](const os::UniqueFd&) {});
}

Result<void> Tree::write(const std::string& path, std::string_view text, int mode,
                         bool replace) const {
  OAP_TRY(const auto place, parent(path));
  const int dir = place.first.get();
  const std::string shown = root_ + "/" + path;
  const std::string temporary = fmt::format(".oap-migrate-{}-{}", ::getpid(), place.second.size());
  (void)::unlinkat(dir, temporary.c_str(), 0);
  const os::UniqueFd fd(
      ::openat(dir, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) {
    return fail(os::errno_error("writing", shown, errno));
  }
  Result<void> done = write_all(fd.get(), text, shown);
  if (done && (::fchmod(fd.get(), static_cast<mode_t>(mode)) != 0 || ::fsync(fd.get()) != 0)) {
    done = fail(os::errno_error("writing", shown, errno));
  }
  if (done && ::renameat2(dir, temporary.c_str(), dir, place.second.c_str(),
                          replace ? 0U : RENAME_NOREPLACE) != 0) {
    done = errno == EEXIST ? fail(Code::kAlreadyExists, "{} exists already", shown)
                           : fail(os::errno_error("writing", shown, errno));
  }
  if (!done) {
    (void)::unlinkat(dir, temporary.c_str(), 0);
    return done;
  }
  (void)::fsync(dir);
  return {};
}

Result<void> Tree::make_link(const std::string& path, const std::string& to) const {
  OAP_TRY(const auto place, parent(path));
  if (::symlinkat(to.c_str(), place.first.get(), place.second.c_str()) != 0) {
    return fail(os::errno_error("linking", root_ + "/" + path, errno));
  }
  return {};
}

Result<void> Tree::remove(const std::string& path) const {
  OAP_TRY(const auto place, parent(path));
  if (::unlinkat(place.first.get(), place.second.c_str(), 0) != 0 && errno != ENOENT) {
    return fail(os::errno_error("removing", root_ + "/" + path, errno));
  }
  return {};
}

Result<bool> Tree::remove_dir(const std::string& path) const {
  const auto place = parent(path);
  if (!place) {
    return false;
  }
  if (::unlinkat(place->first.get(), place->second.c_str(), AT_REMOVEDIR) == 0) {
    return true;
  }
  if (errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR) {
    return false;
  }
  return fail(os::errno_error("removing", root_ + "/" + path, errno));
}

}  // namespace oap::migration
