#include "sandbox/confine.hpp"

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sys/prctl.h>

#include "sandbox/kernel.hpp"
#include "sandbox/raw.hpp"

namespace oap::sandbox {
namespace {

constexpr int kLandlockVersion = 1;   // LANDLOCK_CREATE_RULESET_VERSION
constexpr int kPathBeneath = 1;       // LANDLOCK_RULE_PATH_BENEATH
constexpr std::uint64_t kTcp = 3;     // bind, connect
constexpr std::uint64_t kScopes = 3;  // abstract Unix sockets, signals
constexpr std::uint64_t kForFiles = kernel::kExecute | kernel::kWriteFile | kernel::kReadFile |
                                    kernel::kTruncate | kernel::kIoctlDev;
constexpr long kAbiRefer = 2;
constexpr long kAbiTruncate = 3;
constexpr long kAbiNetwork = 4;
constexpr long kAbiIoctl = 5;
constexpr long kAbiScope = 6;
constexpr int kLastCapability = 63;

OAP_AFTER_FORK std::uint64_t known_rights(long abi) {
  std::uint64_t known = kernel::kRefer - 1;
  known |= abi >= kAbiRefer ? kernel::kRefer : 0;
  known |= abi >= kAbiTruncate ? kernel::kTruncate : 0;
  known |= abi >= kAbiIoctl ? kernel::kIoctlDev : 0;
  return known;
}

OAP_AFTER_FORK void add_rule(int ruleset, const PathRule& rule, std::uint64_t handled) {
  const int fd = raw::open_at(AT_FDCWD, rule.path, O_PATH);
  if (fd < 0) {
    return;
  }
  kernel::LandlockPath path{rule.access & handled, fd};
  if (raw::call(kernel::kLandlockAdd, ruleset, kPathBeneath, &path, 0) < 0) {
    path.access &= kForFiles;  // it is no directory
    raw::call(kernel::kLandlockAdd, ruleset, kPathBeneath, &path, 0);
  }
  raw::close(fd);
}

}  // namespace

OAP_AFTER_FORK std::uint32_t apply_landlock(Span<PathRule> rules, std::uint64_t handled,
                                            bool cut_tcp) {
  const long abi = raw::call(kernel::kLandlockCreate, nullptr, 0, kLandlockVersion);
  if (abi < 1) {
    return 0;
  }
  kernel::LandlockRuleset wanted;
  wanted.files = handled & known_rights(abi);
  wanted.network = cut_tcp && abi >= kAbiNetwork ? kTcp : 0;
  wanted.scoped = abi >= kAbiScope ? kScopes : 0;
  const std::size_t size = abi >= kAbiScope     ? sizeof wanted
                           : abi >= kAbiNetwork ? sizeof wanted - sizeof wanted.scoped
                                                : sizeof wanted.files;
  const auto ruleset = static_cast<int>(raw::call(kernel::kLandlockCreate, &wanted, size, 0));
  if (ruleset < 0) {
    return 0;
  }
  for (const PathRule& rule : rules) {
    add_rule(ruleset, rule, wanted.files);
  }
  const bool done = raw::call(kernel::kLandlockRestrict, ruleset, 0) == 0;
  raw::close(ruleset);
  if (!done) {
    return 0;
  }
  return kFactLandlock | (wanted.scoped != 0 ? kFactScoped : 0U);
}

OAP_AFTER_FORK std::uint32_t apply_filter(Span<sock_filter> filter) {
  const sock_fprog program{static_cast<unsigned short>(filter.size),
                           const_cast<sock_filter*>(filter.data)};
  if (raw::call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    return 0;
  }
  return raw::call(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER ? kFactSeccomp
                                                                                 : 0U;
}

OAP_AFTER_FORK std::uint32_t drop_capabilities() {
  raw::call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  for (int number = 0; number <= kLastCapability; ++number) {
    if (raw::call(SYS_prctl, PR_CAPBSET_DROP, number, 0, 0, 0) == -EINVAL) {
      break;
    }
  }
  constexpr long kNoRoot = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                           SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  raw::call(SYS_prctl, PR_SET_SECUREBITS, kNoRoot, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  raw::call(SYS_capset, &header, data);
  __user_cap_data_struct now[2] = {};
  now[0].effective = 1;
  raw::call(SYS_capget, &header, now);
  const bool none = (now[0].effective | now[1].effective | now[0].permitted | now[1].permitted |
                     now[0].inheritable | now[1].inheritable) == 0;
  return none ? kFactNoCaps : 0U;
}

OAP_AFTER_FORK bool become_user(std::uint32_t uid, std::uint32_t gid) {
  if (raw::call(SYS_setgroups, 0, nullptr) != 0 || raw::call(SYS_setresgid, gid, gid, gid) != 0 ||
      raw::call(SYS_setresuid, uid, uid, uid) != 0) {
    return false;
  }
  return raw::call(SYS_getuid) == static_cast<long>(uid) &&
         raw::call(SYS_geteuid) == static_cast<long>(uid) &&
         raw::call(SYS_getgid) == static_cast<long>(gid);
}

}  // namespace oap::sandbox
