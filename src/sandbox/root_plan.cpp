#include "sandbox/root_plan.hpp"

#include <algorithm>

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "os/file.hpp"
#include "sandbox/host_paths.hpp"
#include "sandbox/kernel.hpp"
#include "sandbox/places.hpp"

namespace oap::sandbox {
namespace {

constexpr std::uint64_t kSafe = kernel::kNoSuid | kernel::kNoDevices;
constexpr std::uint64_t kFixed = kSafe | kernel::kReadOnly;
constexpr std::size_t kMostPasswords = 1u << 20;

}  // namespace

RootPlan::RootPlan(const RootInput& input) : input_(input) {
  if (input.profile == Profile::kService) {
    plan_service();
  } else {
    plan_tool();
  }
  plan_workspace();
  tell_git();
  hide_credentials();
  show_git_settings();
  if (input_.profile == Profile::kTool && !is_bound(input_.home)) {
    Step home{Step::Kind::kSelf, nullptr, place(input_.home), kFixed};
    home.shallow = true;
    home.optional = true;
    steps.push_back(home);
  }
  plan_rules();
}

/// Who commits, and how: of the user's git configuration only that, for the rest may hold
/// credentials and programs.
void RootPlan::show_git_settings() {
  const auto show = [this](const std::string& path, bool optional) {
    Step step{Step::Kind::kText, keep(input_.git_settings), place(path), kFixed};
    step.optional = optional;
    steps.push_back(step);
  };
  if (!is_bound(input_.home)) {
    if (input_.home != "/" && !input_.git_settings.empty()) {
      Step file{Step::Kind::kFile, nullptr, place(input_.home + "/.gitconfig")};
      file.mode = 0644;
      steps.push_back(file);
      show(input_.home + "/.gitconfig", true);
    }
    return;
  }
  for (const char* name : {"/.gitconfig", "/.config/git/config"}) {
    const auto real = os::canonical_path(input_.home + name);
    if (real && kind_of(*real) == S_IFREG && is_bound(*real)) {
      show(*real, false);
    }
  }
}

void RootPlan::plan_tool() {
  for (const std::string& directory : system_directories()) {
    const mode_t kind = kind_of(directory);
    if (kind == S_IFLNK) {
      steps.push_back({Step::Kind::kLink, keep(link_target(directory)), place(directory)});
    } else if (kind == S_IFDIR) {
      bind(directory, kFixed);
    }
  }
  bind_if_there("/sys/devices/system");
  bind_if_there("/var/lib/dpkg");
  if (const auto resolver = os::canonical_path("/etc/resolv.conf");
      input_.network && resolver && !is_bound(*resolver)) {
    bind_if_there(parent_of(*resolver));
  }
  add_passwords();
  add_parents("/proc");
  steps.push_back({Step::Kind::kDirectory, nullptr, "proc", 0, 0555});
  steps.push_back({Step::Kind::kProc, nullptr, "proc", kFixed | kernel::kNoExec});
  plan_devices();
  scratch("tmp", "/tmp", 01777);
  scratch("vartmp", "/var/tmp", 01777);
  scratch("shm", "/dev/shm", 01777);
  plan_home();
  show_program();
  for (const std::string& path : input_.readable) {
    bind_if_there(path, true);
  }
}

void RootPlan::plan_service() {
  steps.push_back({Step::Kind::kProc, nullptr, "proc", kFixed | kernel::kNoExec});
  plan_devices();
  scratch("shm", "/dev/shm", 01777);
  for (const char* directory : {"/tmp", "/var/tmp"}) {
    if (kind_of(directory) != S_IFDIR) {
      continue;
    }
    Step step{Step::Kind::kOverlay, directory, place(directory), kSafe};
    steps.push_back(step);
    scratches_.emplace_back(directory);
    break;  // one tree of changes
  }
  bound_.emplace_back("/");
  for (const auto* caches : {&home_caches(), &service_caches()}) {
    for (const std::string& cache : *caches) {
      const std::string path = input_.home + "/" + cache;
      if (kind_of(path) == S_IFDIR) {
        bind(path, kSafe, false, true);
        scratches_.push_back(path);
      }
    }
  }
}

void RootPlan::plan_devices() {
  struct Device {
    const char* path;
    const char* at;
    unsigned minor;
    unsigned major;
  };
  constexpr Device kDevices[] = {
      {"/dev/null", "dev/null", 3, 1},       {"/dev/zero", "dev/zero", 5, 1},
      {"/dev/full", "dev/full", 7, 1},       {"/dev/random", "dev/random", 8, 1},
      {"/dev/urandom", "dev/urandom", 9, 1}, {"/dev/tty", "dev/tty", 0, 5}};
  add_parents("/dev");
  steps.push_back({Step::Kind::kDirectory, nullptr, "dev", 0, 0755});
  steps.push_back(
      {Step::Kind::kScratch, "scratch/dev", "dev", kernel::kNoSuid | kernel::kNoExec, 0755});
  for (const Device& device : kDevices) {
    Step step{Step::Kind::kNode, device.path, device.at, 0, 0666};
    step.device = static_cast<std::uint32_t>(::makedev(device.major, device.minor));
    steps.push_back(step);
  }
  constexpr const char* kLinks[][2] = {{"/proc/self/fd", "dev/fd"},
                                       {"/proc/self/fd/0", "dev/stdin"},
                                       {"/proc/self/fd/1", "dev/stdout"},
                                       {"/proc/self/fd/2", "dev/stderr"},
                                       {"pts/ptmx", "dev/ptmx"}};
  for (const auto& link : kLinks) {
    steps.push_back({Step::Kind::kLink, link[0], link[1]});
  }
  steps.push_back({Step::Kind::kDirectory, nullptr, "dev/pts", 0, 0755});
  Step terminals{Step::Kind::kTerminals, nullptr, "dev/pts", kernel::kNoSuid | kernel::kNoExec};
  terminals.optional = true;
  steps.push_back(terminals);
}

/// An unprivileged uid of its own has no name; programs ask for one.
void RootPlan::add_passwords() {
  struct File {
    const char* path;
    std::string line;
  };
  const std::string id = std::to_string(input_.uid);
  const File files[] = {
      {"/etc/passwd", "oap:x:" + id + ":" + id + "::" + input_.home + ":/bin/bash\n"},
      {"/etc/group", "oap:x:" + id + ":\n"}};
  for (const File& file : files) {
    auto text = os::read_file(file.path, kMostPasswords);
    if (!text || kind_of(file.path) != S_IFREG) {
      continue;
    }
    if (text->find(":" + id + ":") != std::string::npos) {
      return;  // or of another's group: then the name is not worth the mount
    }
    Step step{Step::Kind::kText, keep(*std::move(text) + file.line), place(file.path), kFixed};
    step.optional = true;
    steps.push_back(step);
  }
}

void RootPlan::plan_home() {
  const std::string& home = input_.home;
  if (home == "/" || is_bound(home)) {
    return;
  }
  add_parents(home + "/x");
  const Listing there(home);
  for (const std::string& name : home_readables()) {
    const std::string path = home + "/" + name;
    if (!there.may_have(path)) {
      continue;
    }
    if (kind_of(path) == S_IFLNK) {
      bind_if_there(os::canonical_path(path).value_or(path));
    } else {
      bind_if_there(path);
    }
  }
  for (std::size_t at = 0; at <= input_.path.size();) {
    const std::size_t end = std::min(input_.path.find(':', at), input_.path.size());
    const std::string directory = input_.path.substr(at, end - at);
    at = end + 1;
    if (directory.starts_with('/') && directory != "/" && kind_of(directory) == S_IFDIR &&
        os::canonical_path(directory).value_or("") == directory) {
      bind_if_there(directory);
    }
  }
  int number = 0;
  for (const std::string& cache : home_caches()) {
    scratch("cache" + std::to_string(number++), home + "/" + cache, 01777);
  }
}

void RootPlan::plan_workspace() {
  std::vector<std::string> places = writables();
  std::sort(places.begin(), places.end());
  for (const std::string& path : places) {
    if (input_.discard) {
      cover_workspace();
    } else {
      bind(path, kSafe, true);
    }
  }
  find_given();
  for (const std::string& path : places) {
    if (os::is_directory(path)) {
      protect(path);
      guard_repositories(path);
      guard_hidden(path);
      guard_linked(path);
      searched.push_back(keep(path));
    }
  }
  for (const std::string& path : places) {  // else they could be moved away, and a link put there
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      keep_in_place(path.substr(0, slash));
    }
  }
  for (const std::string& path : input_.writable) {
    if (std::find(given_.begin(), given_.end(), path) != given_.end()) {
      steps.push_back({Step::Kind::kBind, keep(path), place(path), kSafe});
      steps.back().idmapped = true;
    }
  }
}

/// What is mounted in the workspace is not seen through the layer over it: it is shown, and can be
/// read.
void RootPlan::cover_workspace() {
  const std::string& path = input_.workspace;
  add_parents(path);
  Step spot{Step::Kind::kDirectory, nullptr, place(path), 0, 0755};
  steps.push_back(spot);
  Step step{Step::Kind::kDiscard, keep(path), place(path), kFixed};
  step.idmapped = true;
  steps.push_back(step);
  bound_.push_back(path);
  for (const std::string& mounted : mounts_below(path)) {
    Step shown{Step::Kind::kBind, keep(mounted), place(mounted), kFixed};
    shown.plain = true;
    shown.optional = true;
    steps.push_back(shown);
  }
}

std::vector<std::string> RootPlan::writables() const {
  std::vector<std::string> places = input_.writable;
  places.push_back(input_.workspace);
  return places;
}

std::string RootPlan::staging() const {
  for (const char* place : {"/mnt", "/media", "/srv", "/boot", "/run"}) {
    const bool used = std::any_of(steps.begin(), steps.end(), [place](const Step& step) {
      const bool reads = step.kind == Step::Kind::kBind || step.kind == Step::Kind::kOverlay ||
                         step.kind == Step::Kind::kDiscard;
      return reads && is_within(step.from, place);
    });
    if (!used && kind_of(place) == S_IFDIR) {
      return place;
    }
  }
  return "/";
}

void RootPlan::add_parents(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string above = path.substr(0, slash);
    if (std::find(made_.begin(), made_.end(), above) == made_.end()) {
      made_.push_back(above);
      steps.push_back({Step::Kind::kDirectory, nullptr, place(above), 0, 0755});
    }
  }
}

void RootPlan::bind(const std::string& path, std::uint64_t attributes, bool idmapped,
                    bool optional) {
  add_parents(path);
  Step spot{os::is_directory(path) ? Step::Kind::kDirectory : Step::Kind::kFile};
  spot.to = place(path);
  spot.mode = 0755;
  spot.optional = optional;
  steps.push_back(spot);
  Step step{Step::Kind::kBind, keep(path), place(path), attributes};
  step.idmapped = idmapped;
  step.optional = optional;
  steps.push_back(step);
  bound_.push_back(path);
}

void RootPlan::bind_if_there(const std::string& path, bool plain) {
  if (!path.starts_with('/') || is_bound(path) || path == "/" || kind_of(path) == S_IFLNK ||
      !os::exists(path) || is_within("/tmp", path) || is_within("/proc", path) ||
      is_within("/dev", path) || is_within(input_.home, path)) {
    return;
  }
  for (const std::string& secret : input_.hidden) {
    if (is_within(path, secret)) {
      return;
    }
  }
  bind(path, kFixed, false, true);
  steps.back().plain = plain;
}

/// A program outside of what a tool sees is shown alone; where it is a link, with what it names.
void RootPlan::show_program() {
  if (kind_of(input_.program) != S_IFLNK) {
    bind_if_there(input_.program);
    return;
  }
  const auto real = os::canonical_path(input_.program);
  const auto folder = os::canonical_path(parent_of(input_.program));
  if (!real || is_bound(input_.program) || folder.value_or("") != parent_of(input_.program)) {
    return;
  }
  add_parents(input_.program);
  Step link{Step::Kind::kLink, keep(*real), place(input_.program)};
  link.optional = true;
  steps.push_back(link);
  bind_if_there(*real);
}

void RootPlan::scratch(const std::string& name, const std::string& at, std::uint32_t mode) {
  add_parents(at);
  steps.push_back({Step::Kind::kDirectory, nullptr, place(at), 0, 0755});
  steps.push_back({Step::Kind::kScratch, keep("scratch/" + name), place(at), kSafe, mode});
  scratches_.push_back(at);
}

bool RootPlan::is_bound(const std::string& path) const {
  return std::any_of(bound_.begin(), bound_.end(),
                     [&path](const std::string& tree) { return is_within(path, tree); });
}

const char* RootPlan::keep(std::string text) {
  return texts_.emplace_back(std::move(text)).c_str();
}

const char* RootPlan::place(const std::string& path) { return keep(path.substr(1)); }

}  // namespace oap::sandbox
