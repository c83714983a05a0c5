#include "config/paths.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/state_root.hpp"
#include "crypto/hash.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::config {
namespace {

std::string join(const std::string& base, const std::string& path) {
  if (path.empty() || path[0] == '/') {
    return path;
  }
  return base == "/" ? "/" + path : base + "/" + path;
}

std::string parent(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

/// A variable that names an absolute folder (XDG Base Directory 0.8: others are ignored).
std::string xdg(const Env& env, std::string_view name, const std::string& home,
                std::string_view fallback) {
  if (const auto value = env(name); value && !value->empty() && (*value)[0] == '/') {
    return *value;
  }
  return home.empty() ? "" : home + "/" + std::string(fallback);
}

bool is_mount_point(const std::string& path) {
  struct statx info{};
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_BASIC_STATS, &info) != 0) {
    return true;
  }
  if ((info.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0) {
    return (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  }
  struct stat here{};
  struct stat above{};
  return ::stat(path.c_str(), &here) != 0 || ::stat(parent(path).c_str(), &above) != 0 ||
         here.st_dev != above.st_dev;
}

Result<std::string> existing_dir(const std::string& path, std::string_view what) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return fail(errno == ENOENT ? Code::kNotFound : Code::kInvalidArgument,
                "{} {} cannot be used: {}", what, path,
                os::errno_error("opening", path, errno).message());
  }
  if (!S_ISDIR(info.st_mode)) {
    return fail(Code::kInvalidArgument, "{} {} is not a folder", what, path);
  }
  return os::canonical_path(path);
}

Result<std::string> current_dir(const std::string& given) {
  if (!given.empty()) {
    return given;
  }
  std::array<char, 4096> buffer{};
  if (::getcwd(buffer.data(), buffer.size()) == nullptr) {
    return fail(os::errno_error("finding the current folder", ".", errno));
  }
  return std::string(buffer.data());
}

}  // namespace

Env process_env() { return os::env; }

std::string find_home(const Env& env) {
  if (const auto home = env("HOME"); home && !home->empty() && (*home)[0] == '/') {
    return *home;
  }
  std::array<char, 4096> buffer{};
  struct passwd entry{};
  struct passwd* found = nullptr;
  const bool known = ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
                     found != nullptr;
  return known && found->pw_dir != nullptr && found->pw_dir[0] == '/' ? found->pw_dir : "";
}

Result<std::string> find_state_root(const Env& env, const std::string& home) {
  if (const auto data = env("OPENCODE_DATA_PATH"); data && !data->empty()) {
    if ((*data)[0] != '/') {
      return fail(Code::kUsage,
                  "OPENCODE_DATA_PATH is '{}', which would be another place in each folder, with "
                  "other rules and another trust; give it an absolute path",
                  *data);
    }
    return os::canonical_path(*data);
  }
  const std::string base = xdg(env, "XDG_STATE_HOME", home, ".local/state");
  if (base.empty()) {
    return fail(Code::kConfiguration,
                "there is no place for the state: set HOME or OPENCODE_DATA_PATH");
  }
  return base + "/oap";
}

Result<std::string> find_workspace(const std::optional<std::string>& explicit_dir,
                                   const std::string& cwd, const Env& env) {
  if (explicit_dir) {
    if (explicit_dir->empty()) {
      return fail(Code::kUsage, "--workspace needs the name of a folder");
    }
    return existing_dir(join(cwd, *explicit_dir), "the workspace");
  }
  OAP_TRY(const std::string start, existing_dir(cwd, "the current folder"));
  const std::string home = find_home(env);
  const auto real_home = home.empty() ? Result<std::string>("") : os::canonical_path(home);
  for (std::string at = start; !(real_home && at == *real_home); at = parent(at)) {
    if (os::is_directory(join(at, ".opencode")) || os::exists(join(at, ".git"))) {
      return at;
    }
    if (at == "/" || is_mount_point(at)) {
      break;
    }
  }
  return start;
}

std::string state_name(std::string_view canonical_workspace) {
  const std::size_t slash = canonical_workspace.rfind('/');
  std::string name;
  for (const char c : canonical_workspace.substr(slash == std::string_view::npos ? 0 : slash + 1)) {
    const bool plain = text::is_alpha(c) || text::is_digit(c) || c == '.' || c == '_' || c == '-';
    name += plain ? c : '_';
  }
  name = name.empty() ? "root" : name.substr(0, 64);
  return name + "-" + crypto::sha256_hex(canonical_workspace).substr(0, 16);
}

Result<Paths> resolve_paths(const PathOptions& options) {
  OAP_TRY(const std::string cwd, current_dir(options.cwd));
  Paths paths;
  OAP_TRY(paths.workspace, find_workspace(options.workspace, cwd, options.env));
  paths.home = find_home(options.env);
  paths.managed_dir = options.managed_dir;
  paths.project_dir = join(paths.workspace, ".opencode");
  if (const auto dir = options.env("OPENCODE_CONFIG_PATH"); dir && !dir->empty()) {
    OAP_TRY(paths.project_dir, existing_dir(join(cwd, *dir), "OPENCODE_CONFIG_PATH"));
  }
  if (const std::string base = xdg(options.env, "XDG_CONFIG_HOME", paths.home, ".config");
      !base.empty()) {
    paths.user_dir = base + "/oap";
  }
  OAP_TRY(paths.state_root, find_state_root(options.env, paths.home));
  paths.state_dir = paths.state_root + "/workspaces/" + state_name(paths.workspace);
  return paths;
}

Result<void> create_state_dir(const Paths& paths) {
  for (const std::string& dir :
       {paths.state_root, paths.state_root + "/workspaces", paths.state_dir}) {
    OAP_CHECK_OK(os::make_dirs(dir, 0700));
    struct stat info{};
    if (::stat(dir.c_str(), &info) != 0) {
      return fail(os::errno_error("opening", dir, errno));
    }
    const bool state_dir = dir == paths.state_dir;
    const mode_t forbidden = state_dir ? 077 : (S_IWGRP | S_IWOTH);
    if ((state_dir && info.st_uid != ::geteuid()) || (info.st_mode & forbidden) != 0) {
      return fail(Code::kFailedPrecondition,
                  "the state folder {0} must be yours and closed to others; run: chmod {1} '{0}'",
                  dir, state_dir ? "700" : "go-w");
    }
  }
  return {};
}

}  // namespace oap::config
