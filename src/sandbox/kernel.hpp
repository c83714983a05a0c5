#pragma once

#include <cstdint>

#include <sys/syscall.h>

namespace oap::sandbox::kernel {

// What the kernel knows and Debian 12's headers may not: values of its user interface.

inline constexpr long kOpenTree = 428;
inline constexpr long kMoveMount = 429;
inline constexpr long kFsOpen = 430;
inline constexpr long kFsConfig = 431;
inline constexpr long kFsMount = 432;
inline constexpr long kFsPick = 433;
inline constexpr long kOpenat2 = 437;
inline constexpr long kPidfdGetfd = 438;
inline constexpr long kMountSetattr = 442;
inline constexpr long kQuotactlFd = 443;
inline constexpr long kLandlockCreate = 444;
inline constexpr long kLandlockAdd = 445;
inline constexpr long kLandlockRestrict = 446;
inline constexpr long kMemfdSecret = 447;
inline constexpr long kFchmodat2 = 452;
inline constexpr long kSetxattrAt = 463;
inline constexpr long kRemovexattrAt = 466;
inline constexpr long kStatmount = 457;
inline constexpr long kListmount = 458;
inline constexpr long kLsmSetSelfAttr = 460;
inline constexpr long kOpenTreeAttr = 467;

inline constexpr unsigned kOpenTreeClone = 1;
inline constexpr unsigned kCloexec = 02000000;
inline constexpr unsigned kEmptyPath = 0x1000;
inline constexpr unsigned kNoFollow = 0x100;
inline constexpr unsigned kRecursive = 0x8000;
inline constexpr unsigned kMoveFromEmptyPath = 4;
inline constexpr unsigned kStatxMountId = 0x1000;
inline constexpr unsigned kFsConfigFlag = 0;
inline constexpr unsigned kFsConfigString = 1;
inline constexpr unsigned kFsConfigCreate = 6;

inline constexpr std::uint64_t kReadOnly = 0x1;
inline constexpr std::uint64_t kNoSuid = 0x2;
inline constexpr std::uint64_t kNoDevices = 0x4;
inline constexpr std::uint64_t kNoExec = 0x8;
inline constexpr std::uint64_t kIdmap = 0x100000;
inline constexpr std::uint64_t kPrivate = 1U << 18U;

struct MountAttributes {
  std::uint64_t set = 0;
  std::uint64_t clear = 0;
  std::uint64_t propagation = 0;
  std::uint64_t user_namespace = 0;
};

struct LandlockRuleset {
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scoped = 0;
};

struct __attribute__((packed)) LandlockPath {
  std::uint64_t access = 0;
  std::int32_t fd = -1;
};

/// linux/landlock.h
enum LandlockFile : std::uint64_t {
  kExecute = 1U << 0U,
  kWriteFile = 1U << 1U,
  kReadFile = 1U << 2U,
  kReadDir = 1U << 3U,
  kRemoveDir = 1U << 4U,
  kRemoveFile = 1U << 5U,
  kMakeChar = 1U << 6U,
  kMakeDir = 1U << 7U,
  kMakeReg = 1U << 8U,
  kMakeSock = 1U << 9U,
  kMakeFifo = 1U << 10U,
  kMakeBlock = 1U << 11U,
  kMakeSym = 1U << 12U,
  kRefer = 1U << 13U,     ///< ABI 2
  kTruncate = 1U << 14U,  ///< ABI 3
  kIoctlDev = 1U << 15U,  ///< ABI 5
};

}  // namespace oap::sandbox::kernel
