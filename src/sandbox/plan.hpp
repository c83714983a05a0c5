#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <linux/filter.h>
#include <sys/types.h>

#include "os/stand_in.hpp"

namespace oap::sandbox {

// What the processes after the fork carry out. Everything is made ready before it: plain data, the
// pointers belong to the caller, and no memory is taken later.

struct ResourceLimit {
  int resource = 0;
  std::uint64_t value = 0;
};

/// One step in the building of a child's private root. Paths in the root have no leading slash.
struct Step {
  enum class Kind : std::uint8_t {
    kDirectory,  ///< `to` with `mode`; one that exists is fine
    kFile,       ///< an empty file
    kLink,       ///< a symbolic link to `from`
    kNode,       ///< a character device, `device`
    kBind,       ///< the host's tree `from`
    kScratch,    ///< the directory `from` of the private tmpfs
    kSelf,       ///< what is there already, as a mount of its own (so that it cannot be replaced)
    kHide,       ///< something without content in the place of a directory or another file
    kText,       ///< a small file with the text `from`
    kProc,       ///< the processes of the child's own namespace
    kTerminals,  ///< a devpts of its own
    kOverlay,    ///< the host's directory `from`, whose changes stay in the private tmpfs
    kDiscard,    ///< the same for the workspace; where that cannot be had, for reading only
  };
  Kind kind = Kind::kDirectory;
  const char* from = nullptr;
  const char* to = nullptr;
  std::uint64_t attributes = 0;  ///< MOUNT_ATTR_*, for mounts
  std::uint32_t mode = 0;
  std::uint32_t device = 0;
  bool optional = false;   ///< a failure is no failure of the whole
  bool idmapped = false;   ///< with LaunchPlan::idmap, where the kernel does it
  bool shallow = false;    ///< the attributes are not for mounts below
  bool directory = false;  ///< kHide: what is hidden
  bool plain = false;      ///< kBind: `from` is opened without following links
};

struct PathRule {
  const char* path = nullptr;
  std::uint64_t access = 0;  ///< LANDLOCK_ACCESS_FS_*; paths that do not exist are left out
};

/// A name that must stay missing. While children run something harmless is there, also for other
/// programs on the host.
struct Placeholder {
  enum class Kind : std::uint8_t {
    kSocket,     ///< without any permission: no program, git neither, takes it for a file
    kDirectory,  ///< empty, of mode kPlaceholderMode; it stays where somebody has used it
    kLink,       ///< to kNowhere: who follows links finds it missing
    kText,       ///< a file with this text that nobody may write
  };
  Kind kind = Kind::kSocket;
  const char* path = nullptr;
  const char* text = nullptr;
};
inline constexpr std::uint32_t kPlaceholderMode = os::kStandInFolder;
inline constexpr auto& kNowhere = os::kStandInLink;

/// A name that is a mount of its own in the private root, so that nobody there may replace it.
struct Guard {
  const char* path = nullptr;
  std::uint64_t attributes = 0;  ///< of the mount
  bool keep_missing = false;     ///< where it is removed, `stand` comes in its place
  Placeholder stand;
};

struct GroupFile {
  const char* name = nullptr;
  const char* value = nullptr;
  bool optional = false;
};

/// One control group directory to make for the child.
struct GroupPlan {
  const char* directory = nullptr;
  const char* entry = "cgroup.procs";  ///< the file by which a process goes in
  std::array<GroupFile, 8> files{};
  std::size_t file_count = 0;
  const char* memory_events = nullptr;  ///< the file with an "oom_kill N" line
  const char* pids_events = nullptr;    ///< the file with a "max N" line
  std::uint32_t facts = 0;              ///< what holds once the child is in it
};

/// What really holds for a child; told by the processes that did it.
enum Fact : std::uint32_t {
  kFactRoot = 1U << 0U,
  kFactPid = 1U << 1U,
  kFactNet = 1U << 2U,
  kFactUserNs = 1U << 3U,
  kFactLandlock = 1U << 4U,
  kFactScoped = 1U << 5U,
  kFactSeccomp = 1U << 6U,
  kFactOwnUid = 1U << 7U,  ///< an unprivileged uid, of this run alone where started by root
  kFactProtected = 1U << 8U,
  kFactNoInet = 1U << 9U,
  kFactMemory = 1U << 10U,
  kFactCpu = 1U << 11U,
  kFactPids = 1U << 12U,
  kFactNoCaps = 1U << 13U,
  kFactListening = 1U << 14U,
  kFactDropped = 1U << 15U,  ///< changes in the workspace go to a layer of their own
};

template <class T>
struct Span {
  const T* data = nullptr;
  std::size_t size = 0;
  const T* begin() const { return data; }
  const T* end() const { return data + size; }
};

/// A repository that was there before the child, and what its configuration ran then (ConfigRisk).
struct KnownRepository {
  const char* path = nullptr;  ///< of its directory
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t risk = 0;
  std::uint64_t worktree_risk = 0;  ///< of config.worktree
  bool guarded = false;             ///< its configuration and hooks are mounts of their own
  bool worktree_guarded = false;    ///< and its config.worktree
};

struct LaunchPlan {
  const char* program = nullptr;  ///< passed to execve after changing to cwd
  char* const* argv = nullptr;
  char* const* environment = nullptr;
  char* const* bare_environment = nullptr;  ///< where there is no private root
  const char* cwd = nullptr;                ///< null = stay
  std::array<ResourceLimit, 10> limits{};
  std::size_t limit_count = 0;
  int nice = 0;

  bool cut_network = false;
  bool bare = false;         ///< without a private root and namespaces, which could not be had
  std::int32_t refusal = 0;  ///< then: -errno, and at which step
  std::int32_t refused_at = -1;
  bool confine = false;     ///< namespaces, Landlock, seccomp, no capabilities
  bool privileged = false;  ///< runs as root
  bool host_root = false;   ///< the private root begins as a read-only copy of the host's
  std::uint32_t uid = 0;    ///< of the program
  std::uint32_t gid = 0;
  std::uint32_t owner = 0;  ///< of the workspace: the uid where there is no idmapped mount
  std::uint32_t owner_group = 0;
  bool needs_idmap = false;  ///< without idmapped mounts `uid` could not write
  int idmap = -1;            ///< a user namespace
  std::uint64_t scratch_bytes = 0;
  const char* uid_map = nullptr;  ///< the line for /proc/self/uid_map
  const char* gid_map = nullptr;
  const char* staging = "/";  ///< a directory that no step reads from: there the root is built
  const char* overlay_lower = "/../lower";
  const char* overlay_upper = "/../upper";
  const char* overlay_work = "/../work";
  const char* scratch_options = nullptr;  ///< the size of the private tmpfs
  Span<Step> steps;
  Span<PathRule> rules;       ///< in the private root
  Span<PathRule> bare_rules;  ///< on the host's file system
  std::uint64_t landlock_files = 0;
  bool landlock_network = false;  ///< refuse TCP where only Landlock can
  Span<sock_filter> filter;
  Span<sock_filter> bare_filter;  ///< where there is no network namespace though one is wanted
  const char* workspace = nullptr;
  const char* bare_tmp = nullptr;  ///< made for temporary files where there is no private root
  const char* bare_git = "";       ///< there: a file with `git_settings`
  const char* git_settings = "";
  Span<Placeholder> placeholders;
  Span<Guard> guards;
  bool disturbed = false;      ///< a guarded name was replaced by another program meanwhile
  Span<const char*> searched;  ///< at the end, for what git would run; absolute folders
  Span<KnownRepository> repositories;
  Span<const char*> held;   ///< missing names: what comes there is set aside
  Span<const char*> given;  ///< where the child may leave for git what it wants
  bool hold_git = true;     ///< what is found is renamed, not only told
  bool discard = false;     ///< changes in the workspace do not stay
  Span<GroupPlan> groups;
  std::uint32_t required = 0;  ///< Facts without which the program is not executed
  bool listen = false;         ///< a TCP socket on loopback is made and sent to listener_out

  std::uint64_t memory_bytes = 0;  ///< of the whole tree; 0 = not watched
  std::uint64_t processes = 0;
  std::uint64_t disk_bytes = 0;

  int child_in = -1;
  int child_out = -1;
  int child_err = -1;
  int status_out = -1;
  int life_in = -1;
  int listener_out = -1;
};

/// Where a launch failed.
enum class Stage : std::uint32_t {
  kNone,
  kSupervisor,
  kFork,
  kDirectory,
  kExec,
  kNetwork,
  kNamespaces,  ///< the private root; `where` is the step
  kHidden,      ///< the program is not in the private root
  kRefused,     ///< less holds than the plan requires
  kUnguarded,   ///< a missing protected name could be made by the program
};

/// Why the supervisor ended the tree.
enum class Cause : std::uint32_t { kNone, kMemory, kProcesses, kDisk, kUnwatched };

/// What the supervisor tells over status_out: first kStarted or kFailed, after kStarted one
/// kExited, and before that perhaps kWeaker, where some Facts hold no longer, and kFindings and
/// kDropped, which are followed by so many bytes of text.
struct Report {
  enum class Kind : std::uint32_t { kStarted = 1, kFailed, kExited, kFindings, kWeaker, kDropped };
  Kind kind = Kind::kStarted;
  std::uint32_t detail = 0;  ///< kStarted, kWeaker: Facts; kFailed: Stage; kExited: Cause
  /// kStarted: pid; kFailed, kWeaker: errno; kExited: wait status; kFindings, kDropped: size
  std::int32_t value = 0;
  std::uint32_t facts = 0;  ///< kFailed: those that held
  std::int32_t where = -1;  ///< kFailed, kNamespaces: the step of the plan that was refused
};

/// What the supervisor is told over life_in. Its end means: kill everything.
struct Command {
  enum class Kind : std::uint32_t { kTerminate = 1, kKill };
  Kind kind = Kind::kKill;
  std::uint32_t grace_ms = 0;
};

/// What a process tells the supervisor on the way to its program, and afterwards.
struct LaunchNote {
  enum class Kind : std::uint32_t { kReady = 1, kFailed, kRunning, kEnded, kNamespaces };
  Kind kind = Kind::kReady;
  Stage stage = Stage::kNone;
  std::int32_t error = 0;   ///< -errno
  std::uint32_t facts = 0;  ///< kReady, kFailed
  std::int32_t where = -1;  ///< kFailed: the step
  std::int32_t status = 0;  ///< kEnded: wait status
};

}  // namespace oap::sandbox
