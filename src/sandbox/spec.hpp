#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace oap::sandbox {

/// What a child may use; nothing set = no limit. Bytes, seconds, per cent of one core.
struct Limits {
  std::optional<std::uint64_t> memory_bytes;  ///< the whole tree's memory
  std::optional<std::uint64_t> file_bytes;    ///< the largest file it may write
  std::optional<std::uint64_t> disk_bytes;    ///< what the whole tree may write
  std::optional<std::uint32_t> cpu_seconds;   ///< of each process
  std::optional<std::uint32_t> open_files;    ///< of each process
  std::optional<std::uint32_t> processes;     ///< in the whole tree; a tool always has a limit
  std::optional<int> cpu_percent;
  bool network = true;
};

enum class Profile {
  kTool,     ///< one command for an agent: as tight as can be
  kService,  ///< a configured server that the user trusts: sees the host but for credentials
  kOwn,      ///< this program itself, or what the user asked for: supervised, not confined
};

/// The kinds of isolation, in the order of the report.
enum class Kind { kFs, kNet, kPid, kSeccomp, kMem, kCpu, kPids, kDisk };
inline constexpr std::array<Kind, 8> kKinds{Kind::kFs,  Kind::kNet, Kind::kPid,  Kind::kSeccomp,
                                            Kind::kMem, Kind::kCpu, Kind::kPids, Kind::kDisk};
std::string_view to_string(Kind kind);
/// "fs,net,mem" as kinds; kInvalidArgument names the unknown word.
Result<std::vector<Kind>> parse_kinds(std::string_view text);

/// One child process. A value. `argv[0]` with a slash is a path (relative to cwd), otherwise it is
/// looked up in the absolute entries of the child's PATH. cwd empty = that of this process. The
/// environment is HOME LANG LC_ALL PATH TERM TMPDIR USER of this process, as far as set, and `env`.
struct Spec {
  std::vector<std::string> argv;
  std::string cwd;
  std::map<std::string, std::string> env;
  Limits limits;
  Profile profile = Profile::kTool;
  bool merge_stderr = false;   ///< the child's stderr goes where its stdout goes
  bool inherit_stdio = false;  ///< the child has this process's descriptors 0 to 2

  /// The folder that the child may write, but for its protected paths. Empty = cwd.
  std::string workspace;
  /// Further places it may write; a protected path named here, or one around it, is not protected.
  /// They must exist.
  std::vector<std::string> writable;
  std::vector<std::string> readable;  ///< further places a tool may see
  /// Names in the workspace that are protected beside the built-in ones (relative), and those of
  /// the built-in ones that are not.
  std::vector<std::string> protect;
  std::vector<std::string> unprotect;
  /// Whether files by which git on the host would run what the child has chosen are renamed when it
  /// has ended; else they are only told.
  bool hold_git = true;
  /// The program may do in the workspace what it wants, but nothing of that stays (see Changes).
  /// For a tool only, and without further writable places: else kInvalidArgument.
  bool discard = false;
  /// Hosts it may connect to, through the proxy on 127.0.0.1:3128 that the caller serves (see
  /// Child::listener); then limits.network is false.
  bool through_proxy = false;
  std::vector<std::string> hosts;  ///< those hosts, for run() and for who serves the proxy
  /// Below "enforced" for one of these, it is not started: kFailedPrecondition.
  std::vector<Kind> require;
};

enum class Layer { kNone, kDegraded, kEnforced };
std::string_view to_string(Layer layer);

/// What becomes of a child's changes in its workspace.
enum class Changes {
  kKept,     ///< they were not to be discarded
  kDropped,  ///< it works on a layer of its own, which goes with it
  kRefused,  ///< it can only read: the kernel gives no such layer
  kOpen,     ///< they were to be discarded, but the kernel gives nothing to do so
};

/// How far each kind of isolation really holds for one child, told by the kernel when it started.
/// kNone also where none was asked for; kDegraded: something is done, but a hostile child may get
/// past it.
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
  Layer of(Kind kind) const;
};

/// "fs=none net=enforced …", for messages and logs.
std::string to_string(const Isolation& isolation);

/// The environment that a child of this process would get; its keys are sorted.
std::map<std::string, std::string> child_environment(const Spec& spec);

}  // namespace oap::sandbox
