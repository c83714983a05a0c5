#include <algorithm>
#include <cerrno>
#include <system_error>

#include <unistd.h>

#include "os/file.hpp"
#include "sandbox/prepare.hpp"

namespace oap::sandbox {
namespace {

bool is_program(const std::string& path) {
  return ::access(path.c_str(), X_OK) == 0 && !os::is_directory(path);
}

std::string in_directory(const Spec& spec, const std::string& path) {
  return path.starts_with('/') || spec.cwd.empty() ? path : spec.cwd + "/" + path;
}

std::string error_text(int error_number) { return std::generic_category().message(error_number); }

std::string names_of(const std::vector<Kind>& kinds) {
  std::string text;
  for (const Kind kind : kinds) {
    text += (text.empty() ? "" : ", ") + std::string(to_string(kind));
  }
  return text;
}

}  // namespace

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

Error launch_error(const Spec& spec, Stage stage, int error_number, std::uint32_t facts,
                   const std::string& place) {
  const std::string& program = spec.argv.front();
  const std::string why = error_text(error_number);
  switch (stage) {
    case Stage::kDirectory:
      return Error(
          error_number == EACCES ? Code::kPermissionDenied : Code::kNotFound,
          fmt::format("cannot run '{}': its working directory {}: {}", program, spec.cwd, why));
    case Stage::kExec:
      break;
    case Stage::kRefused:
      return Error(
          Code::kFailedPrecondition,
          fmt::format("'{}' is not run: {} must be enforced, but this machine gives {}", program,
                      names_of(spec.require), to_string(isolation_of(spec, facts))));
    case Stage::kHidden:
      return Error(Code::kNotFound,
                   fmt::format("cannot run '{}': it, or the interpreter in its first line, is not "
                               "among what a sandboxed program sees",
                               program));
    case Stage::kUnguarded:
      return Error(
          Code::kFailedPrecondition,
          fmt::format("'{}' is not run: the protected names that are missing in {} (as "
                      ".git/hooks, .mcp.json) cannot be guarded there. Make the folder and "
                      "its .git writable for its owner (chmod u+w), or make room on its "
                      "file system",
                      program, spec.workspace));
    case Stage::kNamespaces:
      return Error(Code::kFailedPrecondition,
                   fmt::format("'{}' is not run: its private file system could not be made ({}{})",
                               program, place.empty() ? "" : place + ": ", why));
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

}  // namespace oap::sandbox
