#include "tools/workspace.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/file.hpp"
#include "text/nearest.hpp"
#include "text/utf8.hpp"
#include "tools/walk.hpp"

namespace oap::tools {
namespace {

namespace fs = std::filesystem;

constexpr int kCommonFlags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

int open_beneath(int directory, const std::string& path, int flags) {
  struct open_how how = {};
  how.flags = static_cast<unsigned>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how));
}

/// Opens a path that holds no links, name by name, so that one put there meanwhile is refused.
int open_without_links(int directory, const std::string& path, int flags) {
  OpenFile at(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::size_t start = 0;
  while (at) {
    const std::size_t slash = path.find('/', start);
    const std::string name = path.substr(start, slash - start);
    const bool last = slash == std::string::npos;
    const int step = last ? flags | O_NOFOLLOW : O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    at = OpenFile(::openat(at.get(), name.empty() ? "." : name.c_str(), step));
    if (last) {
      return at.release();
    }
    start = slash + 1;
  }
  return -1;
}

tl::unexpected<Error> outside(std::string_view path) {
  return fail(Code::kPermissionDenied,
              "{} is outside the workspace; use a path inside the workspace", printable(path));
}

tl::unexpected<Error> system_error(int number, std::string_view path) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return fail(Code::kNotFound, "there is no file or directory {}", printable(path));
    case ELOOP:
      return fail(Code::kPermissionDenied,
                  "{} is a symbolic link that leads nowhere or outside the workspace",
                  printable(path));
    case ENAMETOOLONG:
      return fail(Code::kInvalidArgument, "the path {} is too long", printable(path));
    default:
      return fail(Code::kFailedPrecondition, "{} cannot be opened: {}", printable(path),
                  std::strerror(number));
  }
}

/// `path` without `root` before it; nothing where it is not below.
std::optional<std::string> below(const std::string& path, const std::string& root) {
  if (path == root) {
    return ".";
  }
  const std::string prefix = root == "/" ? root : root + "/";
  if (!path.starts_with(prefix)) {
    return std::nullopt;
  }
  std::string rest = path.substr(prefix.size());
  rest.erase(0, rest.find_first_not_of('/'));
  return rest.empty() ? "." : rest;
}

Result<void> check_text(std::string_view path) {
  if (path.empty()) {
    return fail(Code::kInvalidArgument, "the path is empty; name a file or use \".\"");
  }
  if (path.find('\0') != std::string_view::npos) {
    return fail(Code::kInvalidArgument, "the path holds a NUL character");
  }
  if (path.size() > 4096) {
    return fail(Code::kInvalidArgument, "the path is longer than 4096 bytes");
  }
  return {};
}

}  // namespace

Result<Workspace> Workspace::open(const std::vector<std::string>& roots) {
  Workspace workspace;
  for (const std::string& given : roots) {
    OAP_TRY(std::string real, os::canonical_path(given));
    OpenFile directory(::open(real.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) {
      return fail(Code::kNotFound, "the workspace {} cannot be opened: {}", printable(given),
                  std::strerror(errno));
    }
    std::error_code error;
    std::string absolute = fs::absolute(given, error).lexically_normal().string();
    while (absolute.size() > 1 && absolute.back() == '/') {
      absolute.pop_back();
    }
    workspace.roots_.push_back({std::move(real), std::move(absolute), std::move(directory)});
  }
  if (workspace.roots_.empty()) {
    return fail(Code::kInvalidArgument, "no workspace was given");
  }
  return workspace;
}

Result<Workspace::Relative> Workspace::relative(std::string_view path) const {
  OAP_CHECK_OK(check_text(path));
  std::string text(path);
  if (text.front() != '/') {
    return Relative{&roots_.front(), std::move(text)};
  }
  for (const Root& root : roots_) {
    for (const std::string& name : {root.path, root.given}) {
      if (auto rest = below(text, name)) {
        return Relative{&root, *std::move(rest)};
      }
    }
  }
  return canonical(path);
}

Result<Workspace::Relative> Workspace::canonical(std::string_view path) const {
  OAP_CHECK_OK(check_text(path));
  std::string absolute = path.front() == '/' ? std::string(path) : root() + "/" + std::string(path);
  OAP_TRY(const std::string text, os::canonical_path(absolute));
  for (const Root& root : roots_) {
    if (auto rest = below(text, root.path)) {
      return Relative{&root, *std::move(rest)};
    }
  }
  return outside(path);
}

Result<OpenFile> Workspace::open_any(std::string_view path, int flags) const {
  OAP_TRY(const Relative first, relative(path));
  constexpr int kTries = 8;  // EAGAIN: something above was renamed during the look-up
  for (int i = 0; i < kTries; ++i) {
    const int fd = open_beneath(first.root->directory.get(), first.path, flags | kCommonFlags);
    if (fd >= 0) {
      return OpenFile(fd);
    }
    if (errno != EAGAIN && errno != EINTR) {
      break;
    }
  }
  const bool try_by_name =
      errno == EXDEV || errno == ENOSYS || errno == EPERM || errno == EINVAL || errno == EAGAIN;
  if (!try_by_name) {
    return errno == ENOENT ? missing(path) : system_error(errno, path);
  }
  OAP_TRY(const Relative real, canonical(path));
  const int fd = open_without_links(real.root->directory.get(), real.path, flags | kCommonFlags);
  if (fd < 0) {
    return errno == ENOENT ? missing(path) : system_error(errno, path);
  }
  return OpenFile(fd);
}

tl::unexpected<Error> Workspace::missing(std::string_view path) const {
  constexpr std::size_t kMostNames = 5000;
  const std::size_t slash = path.rfind('/');
  const std::string name(path.substr(slash == std::string_view::npos ? 0 : slash + 1));
  std::vector<std::string> names;
  if (!name.empty()) {
    const std::string_view parent =
        slash == std::string_view::npos ? "." : path.substr(0, slash + 1);
    const auto directory = relative(parent);
    const OpenFile opened(directory
                              ? open_beneath(directory->root->directory.get(), directory->path,
                                             O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                              : -1);
    if (opened) {
      for (DirectoryEntry& entry : entries_of(opened, kMostNames)) {
        names.push_back(std::move(entry.name));
      }
    }
  }
  return fail(Code::kNotFound, "there is no file or directory {}{}", printable(path),
              text::escape_visible(text::did_you_mean(name, names)));
}

Result<OpenFile> Workspace::open_file(std::string_view path) const {
  OAP_TRY(OpenFile file, open_any(path, O_RDONLY));
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) {
    return system_error(errno, path);
  }
  if (S_ISDIR(status.st_mode)) {
    return fail(Code::kInvalidArgument, "{} is a directory; use list_dir for directories",
                printable(path));
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(Code::kInvalidArgument, "{} is not a regular file", printable(path));
  }
  return file;
}

Result<OpenFile> Workspace::open_directory(std::string_view path) const {
  OAP_TRY(OpenFile file, open_any(path, O_RDONLY));
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) {
    return system_error(errno, path);
  }
  if (!S_ISDIR(status.st_mode)) {
    return fail(Code::kInvalidArgument, "{} is not a directory", printable(path));
  }
  return file;
}

Result<bool> Workspace::is_directory(std::string_view path) const {
  OAP_TRY(const OpenFile file, open_any(path, O_RDONLY));
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) {
    return system_error(errno, path);
  }
  return S_ISDIR(status.st_mode);
}

Result<Place> Workspace::place(std::string_view path) const {
  if (path.ends_with('/')) {
    return fail(Code::kInvalidArgument, "{} names a directory, not a file", printable(path));
  }
  OAP_TRY(const Relative real, canonical(path));
  if (real.path == ".") {
    return fail(Code::kInvalidArgument, "{} is a directory", printable(path));
  }
  OpenFile at(::openat(real.root->directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::size_t start = 0;
  for (std::size_t slash; at && (slash = real.path.find('/', start)) != std::string::npos;
       start = slash + 1) {
    const std::string name = real.path.substr(start, slash - start);
    if (::mkdirat(at.get(), name.c_str(), 0777) != 0 && errno != EEXIST) {
      return fail(Code::kFailedPrecondition, "the directory of {} cannot be created: {}",
                  printable(path), std::strerror(errno));
    }
    at =
        OpenFile(::openat(at.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  }
  if (!at) {
    return errno == ENOTDIR
               ? fail(Code::kInvalidArgument, "a part of the path {} is a file, not a directory",
                      printable(path))
               : system_error(errno, path);
  }
  Place place{std::move(at), real.path.substr(start), shown(path)};
  struct stat status = {};
  if (::fstatat(place.directory.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    if (S_ISDIR(status.st_mode)) {
      return fail(Code::kInvalidArgument, "{} is a directory", printable(path));
    }
    if (S_ISLNK(status.st_mode)) {
      return system_error(ELOOP, path);
    }
    if (!S_ISREG(status.st_mode)) {
      return fail(Code::kInvalidArgument, "{} is not a regular file", printable(path));
    }
  }
  return place;
}

Result<std::vector<PathNames>> Workspace::names_of(std::string_view path) const {
  OAP_TRY(const Relative named, relative(path));
  OAP_TRY(const Relative real, canonical(path));
  std::vector<PathNames> all;
  for (const Relative& each : {named, real}) {
    PathNames names{fs::path(each.path).lexically_normal().string(), {each.root->path}};
    if (each.root->given != each.root->path) {
      names.roots.push_back(each.root->given);
    }
    if (names.relative.ends_with('/')) {
      names.relative.pop_back();
    }
    if (names.relative == ".") {
      names.relative.clear();
    }
    const bool outside_root = names.relative == ".." || names.relative.starts_with("../");
    const bool known =
        !all.empty() && all.front().relative == names.relative && all.front().roots == names.roots;
    if (!outside_root && !known) {
      all.push_back(std::move(names));
    }
  }
  return all;
}

std::string Workspace::shown(std::string_view path) const {
  const std::string text = fs::path(path).lexically_normal().string();
  if (text.starts_with('/')) {
    for (const std::string& name : {root(), roots_.front().given}) {
      if (auto rest = below(text, name)) {
        return printable(*rest);
      }
    }
  }
  return printable(text);
}

std::string printable(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out.empty() ? "\"\"" : out;
}

}  // namespace oap::tools
