#include "sandbox/prepare.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

#include "os/file.hpp"

namespace oap::sandbox {
namespace {

constexpr int kNiceUnderCpuLimit = 5;

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

bool is_program(const std::string& path) {
  return ::access(path.c_str(), X_OK) == 0 && !os::is_directory(path);
}

std::string in_directory(const Spec& spec, const std::string& path) {
  return path.starts_with('/') || spec.cwd.empty() ? path : spec.cwd + "/" + path;
}

std::string error_text(int error_number) { return std::generic_category().message(error_number); }

}  // namespace

Result<void> Prepared::check(const Spec& spec) {
  if (spec.argv.empty() || spec.argv.front().empty()) {
    return fail(Code::kInvalidArgument, "no program was given to run");
  }
  if (has_nul(spec.cwd) || std::any_of(spec.argv.begin(), spec.argv.end(), has_nul)) {
    return fail(Code::kInvalidArgument,
                "the command line of '{}' holds a NUL byte, which no program can be given",
                spec.argv.front().c_str());
  }
  for (const auto& [name, value] : spec.env) {
    if (name.empty() || name.find('=') != std::string::npos || has_nul(name) || has_nul(value)) {
      return fail(
          Code::kInvalidArgument,
          "'{}' cannot be set in the environment of '{}': the name is empty or holds '=', or "
          "there is a NUL byte",
          name.c_str(), spec.argv.front());
    }
  }
  if (!spec.cwd.empty() && !os::is_directory(spec.cwd)) {
    return fail(launch_error(spec, Stage::kDirectory, os::exists(spec.cwd) ? ENOTDIR : ENOENT));
  }
  return {};
}

Prepared::Prepared(const Spec& spec, std::string program)
    : texts_(spec.argv), program_(std::move(program)), cwd_(spec.cwd) {
  for (const auto& [name, value] : child_environment(spec)) {
    texts_.push_back(name + "=" + value);
  }
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    (i < spec.argv.size() ? argv_ : environment_).push_back(texts_[i].data());
  }
  argv_.push_back(nullptr);
  environment_.push_back(nullptr);
  const unsigned uid = ::geteuid();
  const unsigned gid = ::getegid();
  uid_map_ = fmt::format("{} {} 1\n", uid, uid);
  gid_map_ = fmt::format("{} {} 1\n", gid, gid);
  plan.program = program_.c_str();
  plan.argv = argv_.data();
  plan.environment = environment_.data();
  plan.cwd = cwd_.empty() ? nullptr : cwd_.c_str();
  plan.uid_map = uid_map_.c_str();
  plan.gid_map = gid_map_.c_str();
  set_limits(spec);
}

void Prepared::set_limits(const Spec& spec) {
  const Limits& limits = spec.limits;
  const auto add = [this](int resource, std::uint64_t value) {
    plan.limits[plan.limit_count++] = {resource, value};
  };
  add(RLIMIT_CORE, 0);
  if (limits.memory_bytes && spec.profile == Profile::kTool) {
    // Each process's writable memory, resident or not: what one allocation can take before the
    // watch on resident memory sees it. RLIMIT_AS would refuse node and Go their reservations.
    add(RLIMIT_DATA, *limits.memory_bytes * 2);
  }
  if (limits.file_bytes || limits.disk_bytes) {
    add(RLIMIT_FSIZE, std::min(limits.file_bytes.value_or(RLIM_INFINITY),
                               limits.disk_bytes.value_or(RLIM_INFINITY)));
  }
  if (limits.cpu_seconds) {
    add(RLIMIT_CPU, *limits.cpu_seconds);
  }
  if (limits.open_files) {
    add(RLIMIT_NOFILE, *limits.open_files);
  }
  plan.nice = limits.cpu_percent && *limits.cpu_percent < 100 ? kNiceUnderCpuLimit : 0;
  plan.cut_network = !limits.network;
  plan.privileged = ::geteuid() == 0;
  plan.memory_bytes = limits.memory_bytes.value_or(0);
  plan.processes = limits.processes.value_or(0);
}

Result<std::string> find_program(const Spec& spec) {
  const std::string& name = spec.argv.front();
  if (name.find('/') != std::string::npos) {
    if (!os::exists(in_directory(spec, name))) {
      return fail(Code::kNotFound, "no such program '{}'{}", name,
                  name.starts_with('/') || spec.cwd.empty() ? "" : " in " + spec.cwd);
    }
    return name;
  }
  const std::string path = child_environment(spec)["PATH"];
  std::string not_executable;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const std::string directory = path.substr(at, end - at);
    at = end + 1;
    if (!directory.starts_with('/')) {
      continue;
    }
    const std::string candidate = directory + "/" + name;
    if (is_program(candidate)) {
      return candidate;
    }
    if (not_executable.empty() && os::exists(candidate) && !os::is_directory(candidate)) {
      not_executable = candidate;
    }
  }
  if (!not_executable.empty()) {
    return fail(Code::kPermissionDenied, "'{}' is not executable; try: chmod +x {}", not_executable,
                not_executable);
  }
  return fail(Code::kNotFound, "no such program '{}' in PATH {}", name, path);
}

Error launch_error(const Spec& spec, Stage stage, int error_number) {
  const std::string& program = spec.argv.front();
  const std::string why = error_text(error_number);
  switch (stage) {
    case Stage::kDirectory:
      return Error(
          error_number == EACCES ? Code::kPermissionDenied : Code::kNotFound,
          fmt::format("cannot run '{}': its working directory {}: {}", program, spec.cwd, why));
    case Stage::kExec:
      break;
    case Stage::kNone:
    case Stage::kSupervisor:
    case Stage::kFork:
    case Stage::kNetwork:
      return Error(Code::kResourceExhausted,
                   fmt::format("cannot run '{}': starting a process failed: {}", program, why));
  }
  switch (error_number) {
    case ENOENT:
      return Error(Code::kNotFound,
                   fmt::format("cannot run '{}': the interpreter in its first line does not exist",
                               program));
    case EACCES:
    case EPERM:
      return Error(Code::kPermissionDenied,
                   fmt::format("cannot run '{}': it is not executable ({})", program, why));
    case ENOEXEC:
      return Error(
          Code::kInvalidArgument,
          fmt::format("cannot run '{}': neither a program for this machine nor a script that "
                      "begins with #!",
                      program));
    case E2BIG:
      return Error(
          Code::kInvalidArgument,
          fmt::format("cannot run '{}': the arguments and the environment are too long", program));
    default:
      return Error(Code::kUnavailable, fmt::format("cannot run '{}': {}", program, why));
  }
}

Isolation isolation_of(const Limits& limits, bool network_cut) {
  const auto degraded_if = [](bool done) { return done ? Layer::kDegraded : Layer::kNone; };
  Isolation isolation;
  isolation.net = network_cut ? Layer::kEnforced : Layer::kNone;
  isolation.mem = degraded_if(limits.memory_bytes.has_value());
  isolation.cpu = degraded_if(limits.cpu_seconds.has_value() ||
                              (limits.cpu_percent && *limits.cpu_percent < 100));
  isolation.pids = degraded_if(limits.processes.has_value());
  isolation.disk = degraded_if(limits.file_bytes.has_value() || limits.disk_bytes.has_value());
  return isolation;
}

}  // namespace oap::sandbox
