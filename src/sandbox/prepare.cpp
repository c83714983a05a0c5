#include "sandbox/prepare.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <system_error>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/env.hpp"
#include "os/file.hpp"
#include "sandbox/git_settings.hpp"
#include "sandbox/host_paths.hpp"
#include "sandbox/kernel.hpp"
#include "sandbox/places.hpp"
#include "sandbox/seccomp.hpp"

namespace oap::sandbox {
namespace {

constexpr int kNiceUnderCpuLimit = 5;
constexpr std::uint64_t kScratchBytes = 2ull << 30;
constexpr std::uint64_t kEveryRight = (std::uint64_t{kernel::kIoctlDev} << 1U) - 1;

/// Whether the kernel will hold a tree's memory together, also what lies in its private tmpfs.
bool groups_hold_memory() {
  const GroupHome& home = group_home();
  const std::string place = home.memory           ? *home.memory
                            : home.unified_memory ? *home.unified
                                                  : std::string();
  return !place.empty() && ::access(place.c_str(), W_OK) == 0;
}

/// The private tmpfs is memory: where nobody counts it as such, it gets a part of what is allowed.
std::uint64_t scratch_bytes(const Limits& limits) {
  const std::uint64_t most = std::min(limits.disk_bytes.value_or(kScratchBytes), kScratchBytes);
  return limits.memory_bytes && !groups_hold_memory() ? std::min(most, *limits.memory_bytes / 2)
                                                      : most;
}

std::string in_directory(const Spec& spec, const std::string& path) {
  return path.starts_with('/') || spec.cwd.empty() ? path : spec.cwd + "/" + path;
}

std::string absolute_program(const Spec& spec, const std::string& program) {
  const std::string path = in_directory(spec, program);
  return path.starts_with('/') ? path : os::canonical_path(path).value_or(path);
}

/// Of control groups: the process that makes them, so that leftovers of dead ones can be told.
std::string unique_name() {
  static std::atomic<std::uint64_t> count{0};
  return fmt::format("oap-{}-{}", ::getpid(), ++count);
}

bool hands_down_group(const char* folder) {
  struct stat info{};
  return ::lstat(folder, &info) == 0 && S_ISDIR(info.st_mode) && (info.st_mode & S_ISGID) != 0;
}

}  // namespace

Result<std::unique_ptr<Prepared>> Prepared::make(const Spec& spec, std::string program) {
  auto prepared = std::unique_ptr<Prepared>(new Prepared(spec, std::move(program)));
  if (spec.profile != Profile::kOwn) {
    OAP_CHECK_OK(prepared->confine(spec));
  }
  return prepared;
}

Prepared::Prepared(const Spec& spec, std::string program)
    : texts_(spec.argv), program_(std::move(program)), cwd_(spec.cwd) {
  bare_tmp_ = "/tmp/" + unique_name();
  for (const auto& [name, value] : child_environment(spec)) {
    texts_.push_back(name + "=" + value);
  }
  const bool may_get_repository =
      spec.profile == Profile::kTool && !os::exists(spec.workspace + "/.git/HEAD") &&
      !os::exists(spec.workspace + "/HEAD") && spec.env.count("GIT_TEMPLATE_DIR") == 0;
  if (may_get_repository) {
    texts_.emplace_back("GIT_TEMPLATE_DIR=");  // its hooks are closed, also for git's samples
  }
  texts_.push_back("GIT_CONFIG_GLOBAL=" + bare_tmp_ + "/.gitconfig");
  texts_.push_back("TMPDIR=" + bare_tmp_);
  for (std::size_t i = 0; i + 2 < texts_.size(); ++i) {
    (i < spec.argv.size() ? argv_ : environment_).push_back(texts_[i].data());
  }
  for (char* const variable : environment_) {
    if (!std::string_view(variable).starts_with("TMPDIR=")) {
      bare_environment_.push_back(variable);
    }
  }
  bare_environment_.push_back(texts_.back().data());
  bare_environment_.push_back(texts_[texts_.size() - 2].data());
  argv_.push_back(nullptr);
  environment_.push_back(nullptr);
  bare_environment_.push_back(nullptr);
  plan.bare_environment = bare_environment_.data();
  plan.program = program_.c_str();
  plan.argv = argv_.data();
  plan.environment = environment_.data();
  plan.cwd = cwd_.empty() ? nullptr : cwd_.c_str();
  plan.privileged = ::geteuid() == 0;
  plan.uid = ::geteuid();
  plan.gid = ::getegid();
  identity = std::make_unique<Identity>(spec.workspace, spec.profile == Profile::kTool);
  uid_map_ = fmt::format("{} {} 1\n", identity->uid, identity->uid);
  gid_map_ = fmt::format("{} {} 1\n", identity->gid, identity->gid);
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
  if (limits.memory_bytes && spec.profile == Profile::kTool && !groups_hold_memory() &&
      *limits.memory_bytes < default_memory()) {
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
  plan.memory_bytes = limits.memory_bytes.value_or(0);
  plan.processes = limits.processes.value_or(0);
  plan.disk_bytes = limits.disk_bytes.value_or(0);
  groups_ = std::make_unique<Groups>(group_home(), limits, unique_name());
  plan.groups = {groups_->plans.data(), groups_->plans.size()};
}

void Prepared::do_without_root(int refusal, int refused_at) {
  root_->plan_bare_rules();
  plan.bare = true;
  plan.bare_rules = {root_->bare_rules.data(), root_->bare_rules.size()};
  plan.refusal = refusal;
  plan.refused_at = refused_at;
  if (plan.discard) {
    filter_options_.metadata = false;
    compile_filters();
  }
}

void Prepared::set_filters(const Spec& spec) {
  const bool service = spec.profile == Profile::kService;
  filter_options_.allocate = !spec.limits.disk_bytes;
  filter_options_.memory_files = service || !spec.limits.memory_bytes || groups_hold_memory();
  filter_options_.group_folders =
      std::any_of(plan.searched.begin(), plan.searched.end(), hands_down_group);
  compile_filters();
}

void Prepared::compile_filters() {
  FilterOptions filter = filter_options_;
  filter.netlink = true;
  filter_ = seccomp_filter(filter);
  filter.netlink = bare_netlink_;
  filter.network = false;
  bare_filter_ = seccomp_filter(filter);
  plan.filter = {filter_.data(), filter_.size()};
  plan.bare_filter = {bare_filter_.data(), bare_filter_.size()};
}

/// Where something of another home is shown, also what that user keeps secret.
void Prepared::hide_in_other_homes() {
  std::vector<std::string> shown = root_input_.readable;
  shown.insert(shown.end(), root_input_.writable.begin(), root_input_.writable.end());
  shown.push_back(root_input_.profile == Profile::kService ? "/" : root_input_.workspace);
  for (const std::string& home : other_homes(root_input_.home)) {
    const bool touched = std::any_of(shown.begin(), shown.end(), [&home](const auto& place) {
      return is_within(place, home) || is_within(home, place);
    });
    if (!touched) {
      continue;
    }
    const Listing there(home);
    for (const std::string& place : secrets_in_home(home)) {
      if (there.may_have(place) && os::exists(place)) {
        root_input_.hidden.push_back(os::canonical_path(place).value_or(place));
      }
    }
  }
}

Result<void> Prepared::confine(const Spec& spec) {
  root_input_ = {spec.profile,
                 spec.workspace,
                 spec.writable,
                 spec.readable,
                 {},
                 os::home_dir(),
                 child_environment(spec)["PATH"],
                 absolute_program(spec, program_),
                 bare_tmp_,
                 spec.limits.network,
                 plan.privileged,
                 spec.discard,
                 spec.profile == Profile::kTool && spec.hold_git,
                 identity->uid,
                 {},
                 spec.protect,
                 spec.unprotect};
  if (const auto home = os::canonical_path(root_input_.home)) {
    root_input_.home = *home;
  }
  for (const std::string& cache : home_caches()) {
    if (spec.profile == Profile::kService && !os::exists(root_input_.home + "/" + cache)) {
      [[maybe_unused]] const auto made = os::make_dirs(root_input_.home + "/" + cache, 0700);
    }
  }
  const Listing home(root_input_.home);
  for (const std::string& place : credential_places(root_input_.home)) {
    root_input_.hidden.push_back(home.may_have(place) && os::exists(place)
                                     ? os::canonical_path(place).value_or(place)
                                     : place);
  }
  hide_in_other_homes();
  root_input_.git_settings = git_settings(root_input_.home);
  OAP_CHECK_OK(RootPlan::check(root_input_));
  root_ = std::make_unique<RootPlan>(root_input_);
  plan.confine = true;
  plan.host_root = spec.profile == Profile::kService;
  plan.uid = identity->uid;
  plan.gid = identity->gid;
  plan.owner = identity->owner;
  plan.owner_group = identity->owner_group;
  plan.needs_idmap = identity->needs_idmap;
  plan.idmap = identity->idmap ? identity->idmap->get() : -1;
  scratch_options_ = std::to_string(scratch_bytes(spec.limits));
  plan.scratch_options = scratch_options_.c_str();
  staging_ = root_->staging();
  if (staging_ != "/") {
    lower_ = staging_ + "/lower";
    plan.overlay_lower = lower_.c_str();
    upper_ = staging_ + "/upper";
    work_ = staging_ + "/work";
    plan.staging = staging_.c_str();
    plan.overlay_upper = upper_.c_str();
    plan.overlay_work = work_.c_str();
  }
  plan.steps = {root_->steps.data(), root_->steps.size()};
  plan.rules = {root_->rules.data(), root_->rules.size()};
  plan.landlock_files = kEveryRight;
  plan.bare_tmp = bare_tmp_.c_str();
  bare_git_ = bare_tmp_ + "/.gitconfig";
  plan.bare_git = bare_git_.c_str();
  plan.git_settings = root_input_.git_settings.c_str();
  plan.workspace = root_input_.workspace.c_str();
  plan.placeholders = {root_->placeholders.data(), root_->placeholders.size()};
  if (!spec.discard) {  // what the host changes below is the host's
    plan.guards = {root_->guards.data(), root_->guards.size()};
  }
  plan.searched = {root_->searched.data(), root_->searched.size()};
  plan.repositories = {root_->repositories.data(), root_->repositories.size()};
  plan.given = {root_->given.data(), root_->given.size()};
  plan.held = {root_->held.data(), root_->held.size()};
  const bool service = spec.profile == Profile::kService;
  plan.hold_git = spec.hold_git && !service;  // what changes in its long life is mostly the user's
  plan.discard = spec.discard;
  bare_netlink_ = service;
  set_filters(spec);
  plan.listen = spec.through_proxy;
  for (const Kind kind : spec.require) {
    plan.required |= facts_of(spec, kind).value_or(0);
  }
  return {};
}

Changes changes_of(const Spec& spec, std::uint32_t facts) {
  if (!spec.discard) {
    return Changes::kKept;
  }
  if ((facts & kFactDropped) != 0) {
    return Changes::kDropped;
  }
  return (facts & (kFactRoot | kFactLandlock)) != 0 ? Changes::kRefused : Changes::kOpen;
}

Isolation isolation_of(const Spec& spec, std::uint32_t facts) {
  const Limits& limits = spec.limits;
  const auto layer = [&](Kind kind, bool something) {
    const auto needed = facts_of(spec, kind);
    if (needed && (facts & *needed) == *needed) {
      return Layer::kEnforced;
    }
    return something ? Layer::kDegraded : Layer::kNone;
  };
  const auto holds = [facts](std::uint32_t any) { return (facts & any) != 0; };
  Isolation isolation;
  isolation.net = layer(Kind::kNet, !limits.network && holds(kFactNoInet | kFactNet));
  isolation.mem = layer(Kind::kMem, limits.memory_bytes.has_value());
  isolation.cpu = layer(Kind::kCpu, limits.cpu_seconds || limits.cpu_percent.value_or(100) < 100);
  isolation.pids = layer(Kind::kPids, limits.processes.has_value());
  isolation.disk = limits.file_bytes || limits.disk_bytes ? Layer::kDegraded : Layer::kNone;
  if (spec.profile != Profile::kOwn) {
    isolation.fs = layer(Kind::kFs, holds(kFactRoot | kFactLandlock));
    isolation.pid =
        layer(Kind::kPid, holds(kFactScoped) || (holds(kFactOwnUid) && ::geteuid() == 0));
    isolation.seccomp = layer(Kind::kSeccomp, holds(kFactSeccomp));
  }
  return isolation;
}

}  // namespace oap::sandbox
