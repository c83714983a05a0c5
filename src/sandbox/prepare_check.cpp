#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <unistd.h>

#include "os/file.hpp"
#include "sandbox/host_paths.hpp"
#include "sandbox/prepare.hpp"

namespace oap::sandbox {
namespace {

constexpr std::uint32_t kToolProcesses = 4096;        // of a tool whose limit nobody gave
constexpr std::uint64_t kLeastMemory = 512ull << 20;  // of a tool whose limit nobody gave
constexpr std::uint64_t kMostMemory = 8ull << 30;
constexpr std::uint64_t kToolDisk = 10ull << 30;
constexpr std::uint64_t kLargestLimit = 1ull << 60;

Result<void> check_limits(const Spec& spec) {
  const Limits& limits = spec.limits;
  const auto check = [&](const std::optional<std::uint64_t>& limit, std::string_view what,
                         std::uint64_t least) -> Result<void> {
    if (limit && (*limit < least || *limit > kLargestLimit)) {
      return fail(Code::kInvalidArgument, "'{}' is not run: a {} limit of {} bytes is {}",
                  spec.argv.front(), what, *limit,
                  *limit < least ? "too small for any program" : "more than any machine has");
    }
    return {};
  };
  OAP_CHECK_OK(check(limits.memory_bytes, "memory", 1u << 20));
  OAP_CHECK_OK(check(limits.disk_bytes, "disk", 1));
  OAP_CHECK_OK(check(limits.file_bytes, "file size", 1));
  if (limits.processes == 0U || limits.open_files == 0U || limits.cpu_seconds == 0U ||
      limits.cpu_percent.value_or(1) < 1) {
    return fail(Code::kInvalidArgument,
                "'{}' is not run: a limit of 0 leaves nothing to run with; leave it out for none",
                spec.argv.front());
  }
  return {};
}

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

Result<void> check_text(const Spec& spec) {
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
  return {};
}

Result<std::string> existing(const std::string& path, const std::string& program,
                             std::string_view what) {
  if (has_nul(path)) {
    return fail(Code::kInvalidArgument, "a {} of '{}' holds a NUL byte", what, program);
  }
  if (path.empty()) {
    return fail(Code::kInvalidArgument, "cannot run '{}': a {} is named by an empty text", program,
                what);
  }
  OAP_TRY(std::string real, os::canonical_path(path));
  if (!os::exists(real)) {
    return fail(Code::kNotFound, "cannot run '{}': its {} {} does not exist", program, what, path);
  }
  return real;
}

/// A program that may write a place could have put a link there that leads elsewhere. `names` are
/// as they were given, `places` what they are; the workspace is the first.
Result<void> check_links(const std::string& program, const std::vector<std::string>& names,
                         const std::vector<std::string>& places) {
  for (std::size_t i = 1; i < names.size(); ++i) {
    const std::string name = std::filesystem::absolute(names[i]).lexically_normal();
    for (std::size_t base = 0; base < names.size(); ++base) {
      const std::string around = std::filesystem::absolute(names[base]).lexically_normal();
      const bool by_name =
          base != i && name != around && (is_within(name, places[base]) || is_within(name, around));
      if (by_name && !is_within(places[i], places[base])) {
        return fail(Code::kInvalidArgument,
                    "'{}' is not run: the writable place {} leads out of {}, to {}, by a link that "
                    "a program may have put there; if that is meant, name {} itself",
                    program, names[i], places[base], places[i], places[i]);
      }
    }
  }
  return {};
}

Result<void> check_requirements(const Spec& spec) {
  for (const Kind kind : spec.require) {
    if (spec.profile == Profile::kOwn || !facts_of(spec, kind)) {
      return fail(Code::kFailedPrecondition, "'{}' is not run: {} must be enforced, but {}",
                  spec.argv.front(), to_string(kind),
                  kind == Kind::kDisk  ? "this machine can only watch what is written"
                  : kind == Kind::kNet ? "the whole network was asked for"
                                       : "no limit for it was given");
    }
  }
  return {};
}

}  // namespace

/// Half of the machine's.
std::uint64_t default_memory() {
  const auto pages = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES));
  const auto size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return std::clamp(pages * size / 2, kLeastMemory, kMostMemory);
}

/// The Facts that together make a kind of isolation "enforced" for this spec; nothing where nothing
/// can.
std::optional<std::uint32_t> facts_of(const Spec& spec, Kind kind) {
  switch (kind) {
    case Kind::kFs:
      return kFactRoot | kFactProtected | kFactOwnUid;
    case Kind::kNet:
      return spec.limits.network ? std::optional<std::uint32_t>()
                                 : kFactNet | (spec.through_proxy ? kFactListening : 0U);
    case Kind::kPid:
      return kFactPid;
    case Kind::kSeccomp:
      return kFactSeccomp | kFactNoCaps;
    case Kind::kMem:
      return spec.limits.memory_bytes ? std::optional<std::uint32_t>(kFactMemory) : std::nullopt;
    case Kind::kCpu:
      return spec.limits.cpu_percent ? std::optional<std::uint32_t>(kFactCpu) : std::nullopt;
    case Kind::kPids:
      return spec.limits.processes ? std::optional<std::uint32_t>(kFactPids) : std::nullopt;
    case Kind::kDisk:
      return std::nullopt;
  }
  return std::nullopt;
}

Result<Spec> Prepared::complete(Spec spec) {
  OAP_CHECK_OK(check_text(spec));
  OAP_CHECK_OK(check_limits(spec));
  const std::string& program = spec.argv.front();
  if (!spec.cwd.empty() && !os::is_directory(spec.cwd)) {
    return fail(launch_error(spec, Stage::kDirectory, os::exists(spec.cwd) ? ENOTDIR : ENOENT));
  }
  if (spec.discard && (spec.profile != Profile::kTool || !spec.writable.empty())) {
    return fail(Code::kInvalidArgument,
                "'{}' is not run: only a tool without further writable places can have its changes "
                "thrown away",
                program);
  }
  if (spec.profile == Profile::kOwn) {
    OAP_CHECK_OK(check_requirements(spec));
    return spec;
  }
  OAP_TRY(spec.cwd, os::canonical_path(spec.cwd.empty() ? "." : spec.cwd));
  const std::string workspace = spec.workspace.empty() ? spec.cwd : spec.workspace;
  OAP_TRY(spec.workspace, existing(workspace, program, "workspace"));
  if (spec.discard && !os::is_directory(spec.workspace)) {
    return fail(Code::kInvalidArgument,
                "'{}' is not run: its changes cannot be thrown away, for {} is no folder", program,
                spec.workspace);
  }
  std::vector<std::string> names{workspace};
  std::vector<std::string> places{spec.workspace};
  for (std::string& path : spec.writable) {
    names.push_back(path);
    OAP_TRY(path, existing(path, program, "writable place"));
    places.push_back(path);
  }
  OAP_CHECK_OK(check_links(program, names, places));
  for (std::string& path : spec.readable) {
    OAP_TRY(path, existing(path, program, "readable place"));
  }
  if (spec.profile == Profile::kTool) {
    spec.limits.processes = spec.limits.processes.value_or(kToolProcesses);
    spec.limits.memory_bytes = spec.limits.memory_bytes.value_or(default_memory());
    spec.limits.disk_bytes = spec.limits.disk_bytes.value_or(kToolDisk);
  }
  OAP_CHECK_OK(check_requirements(spec));
  return spec;
}

}  // namespace oap::sandbox
