#include <algorithm>

#include <sys/stat.h>

#include "os/file.hpp"
#include "sandbox/host_paths.hpp"
#include "sandbox/root_plan.hpp"

namespace oap::sandbox {
namespace {

/// Not these themselves, but what lies in them.
constexpr const char* kNotItself[] = {"/",     "/usr", "/var",   "/opt",
                                      "/home", "/mnt", "/media", "/srv"};

/// Nor anything in these.
constexpr const char* kNoTree[] = {"/bin",           "/sbin",          "/lib",
                                   "/lib32",         "/lib64",         "/libx32",
                                   "/etc",           "/proc",          "/sys",
                                   "/dev",           "/boot",          "/run",
                                   "/snap",          "/nix",           "/usr/bin",
                                   "/usr/sbin",      "/usr/lib",       "/usr/lib32",
                                   "/usr/lib64",     "/usr/libexec",   "/usr/share",
                                   "/usr/include",   "/usr/local/bin", "/usr/local/sbin",
                                   "/usr/local/lib", "/usr/local/etc", "/usr/local/share",
                                   "/var/lib/dpkg",  "/var/lib/apt",   "/var/lib/systemd",
                                   "/var/spool",     "/var/log",       "/var/db",
                                   "/lost+found"};
constexpr const char* kStill[] = {"/run/media"};  // disks that a person has put in

bool belongs_to_system(const std::string& path) {
  const auto is_it = [&path](const char* place) { return path == place; };
  const auto is_in = [&path](const char* place) { return is_within(path, place); };
  return std::any_of(std::begin(kNotItself), std::end(kNotItself), is_it) ||
         (std::any_of(std::begin(kNoTree), std::end(kNoTree), is_in) &&
          std::none_of(std::begin(kStill), std::end(kStill), is_in));
}

Result<void> check_hidden(const RootInput& input, const std::string& path, std::string_view what) {
  for (const std::string& secret : input.hidden) {
    if (is_within(path, secret)) {
      return fail(Code::kInvalidArgument,
                  "{} cannot be {} a sandboxed program: credentials or this program's state are "
                  "kept in {}",
                  path, what, secret);
    }
  }
  return {};
}

Result<void> check_kind(const std::string& path) {
  const mode_t kind = kind_of(path);
  if (kind == S_IFDIR || kind == S_IFREG) {
    return {};
  }
  return fail(Code::kInvalidArgument,
              "{} cannot be given to a sandboxed program: it is neither a folder nor a file", path);
}

Result<void> check_writable(const RootInput& input, const std::string& path, bool workspace) {
  if (belongs_to_system(path)) {
    return fail(Code::kInvalidArgument,
                "{} cannot be given to a sandboxed program to write: it belongs to the system; "
                "choose a folder in it that is yours",
                path);
  }
  OAP_CHECK_OK(check_kind(path));
  return check_hidden(input, path, workspace ? "the workspace of" : "given to");
}

Result<void> check_readable(const RootInput& input, const std::string& path) {
  for (const char* bad : {"/proc", "/sys", "/dev", "/run"}) {
    if (is_within(path, bad)) {
      return fail(Code::kInvalidArgument,
                  "{} cannot be shown to a sandboxed program: it has its own {}, or none", path,
                  bad);
    }
  }
  if (path == "/" || is_within(input.home, path)) {
    return fail(Code::kInvalidArgument,
                "{} cannot be shown to a sandboxed program as a whole: your home is in it; name "
                "the folders that it needs",
                path);
  }
  OAP_CHECK_OK(check_kind(path));
  return check_hidden(input, path, "shown to");
}

}  // namespace

Result<void> RootPlan::check(const RootInput& input) {
  OAP_CHECK_OK(check_writable(input, input.workspace, true));
  for (const std::string& path : input.writable) {
    OAP_CHECK_OK(check_writable(input, path, false));
  }
  for (const std::string& path : input.readable) {
    OAP_CHECK_OK(check_readable(input, path));
  }
  return {};
}

}  // namespace oap::sandbox
