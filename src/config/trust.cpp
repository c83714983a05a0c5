#include "config/trust.hpp"

#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::config {
namespace {

constexpr std::size_t kMaxRecord = 4U << 20U;
constexpr std::string_view kAdvice = "; run: oap trust";

std::string trust_dir(const Paths& paths) { return paths.state_root + "/trust"; }

std::string record_path(const Paths& paths) {
  return trust_dir(paths) + "/" + state_name(paths.workspace) + ".json";
}

TrustStatus untrusted(bool recorded, std::string reason) {
  TrustStatus status;
  status.recorded = recorded;
  status.reason = std::move(reason) + std::string(kAdvice);
  return status;
}

/// A record counts only where nobody else can have written it.
bool is_own(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == ::geteuid() &&
         (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

}  // namespace

TrustStatus check_trust(const Paths& paths, const std::map<std::string, std::string>& digests) {
  const std::string path = record_path(paths);
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0 && errno == ENOENT) {
    return untrusted(false, "the folder " + paths.workspace + " is not trusted");
  }
  if (!is_own(path)) {
    return untrusted(true, "the trust record " + path + " could have been written by others");
  }
  const Result<std::string> text = os::read_file(path, kMaxRecord);
  const Result<json::Object> record =
      text ? json::parse_object(*text) : Result<json::Object>(fail(text.error()));
  const json::Value value = record ? json::Value(*record) : json::Value();
  const json::Value* const known = json::find(value, "commands");
  if (known == nullptr || !known->is_object() ||
      json::get_string(value, "workspace") != paths.workspace) {
    return untrusted(true, "the trust record " + path + " is damaged");
  }
  TrustStatus status;
  status.recorded = true;
  for (const auto& [name, digest] : digests) {
    if (json::get_string(*known, name) != digest) {
      status.changed.push_back(name);
    }
  }
  status.trusted = status.changed.empty();
  if (!status.trusted) {
    status.reason = "changed since the folder was trusted: " + text::join(status.changed, ", ") +
                    std::string(kAdvice);
  }
  return status;
}

Result<void> record_trust(const Paths& paths, const std::map<std::string, std::string>& digests) {
  OAP_CHECK_OK(os::make_dirs(trust_dir(paths), 0700));
  json::Object commands;
  for (const auto& [name, digest] : digests) {
    commands[name] = json::String(digest);
  }
  const json::Object record{{"version", 1},
                            {"workspace", json::String(paths.workspace)},
                            {"trusted_at", format_time(system_clock().wall())},
                            {"commands", std::move(commands)}};
  return os::write_file_atomic(record_path(paths), json::print_pretty(record) + "\n", 0600);
}

Result<bool> revoke_trust(const Paths& paths) {
  const std::string path = record_path(paths);
  if (::unlink(path.c_str()) == 0) {
    return true;
  }
  const int reason = errno;
  if (reason == ENOENT || reason == ENOTDIR) {
    return false;
  }
  return fail(os::errno_error("removing", path, reason));
}

}  // namespace oap::config
