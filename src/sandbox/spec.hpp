#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace oap::sandbox {

/// What a child may use; nothing set = no limit. Bytes, seconds, per cent of one core.
struct Limits {
  std::optional<std::uint64_t> memory_bytes;  ///< the whole tree's resident memory
  std::optional<std::uint64_t> file_bytes;    ///< the largest file it may write
  std::optional<std::uint64_t> disk_bytes;    ///< in this version: as file_bytes
  std::optional<std::uint32_t> cpu_seconds;   ///< of each process
  std::optional<std::uint32_t> open_files;    ///< of each process
  std::optional<std::uint32_t> processes;     ///< in the whole tree
  std::optional<int> cpu_percent;
  bool network = true;
};

enum class Profile {
  kTool,     ///< one command for an agent: as tight as can be
  kService,  ///< a configured server that the user trusts
};

/// One child process. A value. `argv[0]` with a slash is a path (relative to cwd), otherwise it is
/// looked up in the absolute entries of the child's PATH. cwd empty = that of this process. The
/// environment is HOME LANG LC_ALL PATH TERM TMPDIR USER of this process, as far as set, and `env`.
struct Spec {
  std::vector<std::string> argv;
  std::string cwd;
  std::map<std::string, std::string> env;
  Limits limits;
  Profile profile = Profile::kTool;
  bool merge_stderr = false;  ///< the child's stderr goes where its stdout goes
};

enum class Layer { kNone, kDegraded, kEnforced };
std::string_view to_string(Layer layer);

/// How far each kind of isolation really holds for one child. kNone also where none was asked for;
/// kDegraded: something is done, but a hostile child may get past it.
struct Isolation {
  Layer fs = Layer::kNone;
  Layer net = Layer::kNone;
  Layer pid = Layer::kNone;
  Layer seccomp = Layer::kNone;
  Layer mem = Layer::kNone;
  Layer cpu = Layer::kNone;
  Layer pids = Layer::kNone;
  Layer disk = Layer::kNone;
  bool operator==(const Isolation&) const = default;
};

/// "fs=none net=enforced …", for messages and logs.
std::string to_string(const Isolation& isolation);

/// The environment that a child of this process would get; its keys are sorted.
std::map<std::string, std::string> child_environment(const Spec& spec);

}  // namespace oap::sandbox
