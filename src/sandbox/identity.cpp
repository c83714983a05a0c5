#include "sandbox/identity.hpp"

#include <array>
#include <map>
#include <mutex>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/raw.hpp"

// glibc's clone under the name that sanitizers leave alone.
extern "C" int __clone(int (*function)(void*), void* stack, int flags, void* argument, ...);

namespace oap::sandbox {
namespace {

// 0x70000000 to 0x7fffffff: above what systems and containers give out, below 2^31.
constexpr std::uint32_t kFirstUid = 0x70000000;
constexpr int kSlotBits = 6;
constexpr int kSlots = 1 << kSlotBits;
constexpr std::uint32_t kLargestPid = 1u << 22;
constexpr std::uint64_t kIds = 0xffffffff;
constexpr std::size_t kMostMaps = 64;

struct Slots {
  std::mutex mutex;
  std::uint64_t taken = 0;
  std::map<std::array<std::uint32_t, 4>, std::shared_ptr<os::UniqueFd>> maps;
};

Slots& slots() {
  static Slots all;
  return all;
}

OAP_AFTER_FORK int wait_to_be_killed(void* /*argument*/) {
  while (true) {
    raw::call(SYS_ppoll, nullptr, 0, nullptr, nullptr, 0);
  }
}

bool write_map(const std::string& path, const std::string& text) {
  const os::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// A user namespace lives as long as its descriptor: the process that is made in it need not.
std::shared_ptr<os::UniqueFd> make_user_namespace(const std::string& uids,
                                                  const std::string& gids) {
  constexpr std::size_t kStackSize = 16u << 10;
  const auto stack = std::make_unique<char[]>(kStackSize);
  const auto top = reinterpret_cast<std::uintptr_t>(stack.get() + kStackSize) & ~std::uintptr_t{15};
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const int pid =
      __clone(&wait_to_be_killed, reinterpret_cast<void*>(top), CLONE_VM | CLONE_NEWUSER, nullptr);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) {
    return nullptr;
  }
  const std::string proc = "/proc/" + std::to_string(pid);
  os::UniqueFd fd;
  if (write_map(proc + "/uid_map", uids) && write_map(proc + "/gid_map", gids)) {
    fd.reset(::open((proc + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  }
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, __WALL) < 0 && errno == EINTR) {
  }
  return fd ? std::make_shared<os::UniqueFd>(std::move(fd)) : nullptr;
}

std::shared_ptr<os::UniqueFd> idmap_of(Slots& all, const Identity& who) {
  const std::array<std::uint32_t, 4> key{who.owner, who.owner_group, who.uid, who.gid};
  if (const auto found = all.maps.find(key); found != all.maps.end()) {
    return found->second;
  }
  auto made = make_user_namespace(swap_map(who.owner, who.uid), swap_map(who.owner_group, who.gid));
  if (made) {
    if (all.maps.size() >= kMostMaps) {
      all.maps.clear();
    }
    all.maps[key] = made;
  }
  return made;
}

}  // namespace

std::string swap_map(std::uint32_t inside, std::uint32_t outside) {
  const std::uint64_t low = std::min(inside, outside);
  const std::uint64_t high = std::max(inside, outside);
  std::string text;
  const auto add = [&text](std::uint64_t from, std::uint64_t to, std::uint64_t count) {
    if (count > 0) {
      text += fmt::format("{} {} {}\n", from, to, count);
    }
  };
  add(0, 0, low);
  add(inside, outside, 1);
  if (low != high) {
    add(outside, inside, 1);
    add(low + 1, low + 1, high - low - 1);
  }
  add(high + 1, high + 1, kIds - high - 1);
  return text;
}

Identity::Identity(const std::string& workspace, bool apart)
    : uid(::geteuid()), gid(::getegid()), owner(uid), owner_group(gid) {
  struct stat info{};
  if (::geteuid() != 0 || !apart || ::stat(workspace.c_str(), &info) != 0) {
    return;
  }
  owner = info.st_uid;
  owner_group = info.st_gid;
  const auto pid = static_cast<std::uint32_t>(::getpid());
  if (pid >= kLargestPid) {
    return;
  }
  Slots& all = slots();
  const std::lock_guard lock(all.mutex);
  for (int slot = 0; slot < kSlots && slot_ < 0; ++slot) {
    slot_ = (all.taken >> slot & 1U) == 0 ? slot : -1;
  }
  const int used = slot_ < 0 ? kSlots - 1 : slot_;
  all.taken |= std::uint64_t{1} << used;
  uid = kFirstUid | pid << kSlotBits | static_cast<std::uint32_t>(used);
  gid = uid;
  needs_idmap = true;
  idmap = idmap_of(all, *this);
}

Identity::~Identity() {
  if (slot_ < 0) {
    return;
  }
  Slots& all = slots();
  const std::lock_guard lock(all.mutex);
  all.taken &= ~(std::uint64_t{1} << slot_);
}

}  // namespace oap::sandbox
