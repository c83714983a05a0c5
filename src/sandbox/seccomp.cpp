#include "sandbox/seccomp.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <iterator>
#include <map>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/falloc.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sandbox/kernel.hpp"

namespace oap::sandbox {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArch = AUDIT_ARCH_X86_64;
#else
constexpr std::uint32_t kArch = AUDIT_ARCH_AARCH64;
#endif
constexpr std::uint32_t kX32Bit = 0x40000000;
constexpr std::uint32_t kNamespaceFlags = 0x7E020080;  // every CLONE_NEW*
constexpr int kTimeNamespace = 0x80;                   // in clone() these bits are the exit signal
constexpr unsigned kSeccompNewListener = 8;

constexpr long kRefused[] = {
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kcmp,
    kernel::kPidfdGetfd,
    // namespaces and mounts
    SYS_setns,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    kernel::kOpenTree,
    kernel::kMoveMount,
    kernel::kFsOpen,
    kernel::kFsConfig,
    kernel::kFsMount,
    kernel::kFsPick,
    kernel::kMountSetattr,
    kernel::kOpenTreeAttr,
    kernel::kStatmount,
    kernel::kListmount,
    // kernel interfaces with a history
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_fanotify_init,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_lookup_dcookie,
    SYS_vmsplice,
    SYS_move_pages,
    SYS_migrate_pages,
    kernel::kLsmSetSelfAttr,
    // the machine
    SYS_kexec_load,
    SYS_kexec_file_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_quotactl,
    kernel::kQuotactlFd,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_syslog,
    SYS_vhangup,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_nfsservctl,
#if defined(__x86_64__)
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
    SYS_uselib,
    SYS_ustat,
    SYS_sysfs,
    SYS__sysctl,
    SYS_create_module,
    SYS_get_kernel_syms,
    SYS_query_module,
#endif
};

class Assembler {
 public:
  void load(std::size_t offset) {
    code_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
  }
  void load_argument(unsigned index) {
    load(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
  }
  void load_high(unsigned index) {
    load(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t) + sizeof(std::uint32_t));
  }
  void answer(std::uint32_t action) { code_.push_back(BPF_STMT(BPF_RET | BPF_K, action)); }
  void answer_if(std::uint32_t value, std::uint32_t action) {
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
    answer(action);
  }
  void answer_if_bits(std::uint32_t bits, std::uint32_t action) {
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1));
    answer(action);
  }
  void answer_unless_bits(std::uint32_t bits, std::uint32_t action) {
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 1, 0));
    answer(action);
  }
  void answer_if_above(std::uint32_t value, std::uint32_t action) {
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, value, 0, 1));
    answer(action);
  }
  void answer_unless(std::uint32_t value, std::uint32_t action) {
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0));
    answer(action);
  }
  /// What follows until end_case() is for this system call only and must end in an answer. Of two
  /// for one call, the first counts.
  void begin_case(long number) {
    number_ = static_cast<std::uint32_t>(number);
    case_ = code_.size();
  }
  void end_case() {
    const auto begin = code_.begin() + static_cast<std::ptrdiff_t>(case_);
    cases_.try_emplace(number_, begin, code_.end());
    code_.erase(begin, code_.end());
  }
  void answer_case(long number, std::uint32_t action) {
    begin_case(number);
    answer(action);
    end_case();
  }

  /// All cases as a tree, for the kernel goes through it once for each call that there is when the
  /// filter is set. Other calls get `action`.
  std::vector<sock_filter> take(std::uint32_t action) {
    branch(cases_.begin(), cases_.size(), action);
    return std::move(code_);
  }

 private:
  using Cases = std::map<std::uint32_t, std::vector<sock_filter>>;

  void branch(Cases::const_iterator first, std::size_t count, std::uint32_t action) {
    constexpr std::size_t kInARow = 3;
    if (count <= kInARow) {
      for (; count > 0; --count, ++first) {
        const auto over = static_cast<std::uint8_t>(first->second.size());
        code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first->first, 0, over));
        code_.insert(code_.end(), first->second.begin(), first->second.end());
      }
      answer(action);
      return;
    }
    const std::size_t lower = count / 2;
    const auto middle = std::next(first, static_cast<std::ptrdiff_t>(lower));
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, middle->first, 1, 0));
    const std::size_t jump = code_.size();
    code_.push_back(BPF_STMT(BPF_JMP | BPF_JA, 0));
    branch(middle, count - lower, action);
    code_[jump].k = static_cast<std::uint32_t>(code_.size() - jump - 1);
    branch(first, lower, action);
  }

  std::vector<sock_filter> code_;
  Cases cases_;
  std::uint32_t number_ = 0;
  std::size_t case_ = 0;
};

/// Where a call says the mode of a file: its argument, and the flag in another one without which
/// it does not. (mkdir is not among them: the kernel takes both bits out of its mode, and gives a
/// new folder the setgid of the one around it.)
struct ModeAt {
  long number;
  unsigned mode;
  int flags = -1;
  bool changes = false;  ///< of what may be a folder
};

constexpr ModeAt kModes[] = {
#if defined(__x86_64__)
    {SYS_chmod, 1, -1, true},
    {SYS_creat, 1},
    {SYS_mknod, 1},
    {SYS_open, 2, 1},
#endif
    {SYS_fchmod, 1, -1, true},
    {SYS_fchmodat, 2, -1, true},
    {kernel::kFchmodat2, 2, -1, true},
    {SYS_mknodat, 2},
    {SYS_openat, 3, 2},
};

constexpr long kMetadata[] = {
#if defined(__x86_64__)
    SYS_chmod,          SYS_chown,
    SYS_lchown,
#endif
    SYS_fchmod,         SYS_fchmodat,
    kernel::kFchmodat2, SYS_fchown,
    SYS_fchownat,       SYS_truncate,
    SYS_setxattr,       SYS_lsetxattr,
    SYS_fsetxattr,      kernel::kSetxattrAt,
    SYS_removexattr,    SYS_lremovexattr,
    SYS_fremovexattr,   kernel::kRemovexattrAt,
};

constexpr std::uint32_t error(int number) {
  return SECCOMP_RET_ERRNO | (static_cast<std::uint32_t>(number) & SECCOMP_RET_DATA);
}

void check_architecture(Assembler& to) {
  to.load(offsetof(seccomp_data, arch));
  to.answer_unless(kArch, SECCOMP_RET_KILL_PROCESS);
  to.load(offsetof(seccomp_data, nr));
#if defined(__x86_64__)
  to.answer_if_bits(kX32Bit, SECCOMP_RET_KILL_PROCESS);
#endif
}

void check_sockets(Assembler& to, const FilterOptions& options) {
  to.begin_case(SYS_socketpair);
  to.load_argument(0);
  to.answer_if(AF_UNIX, SECCOMP_RET_ALLOW);
  to.answer(error(EAFNOSUPPORT));
  to.end_case();
  to.begin_case(SYS_socket);
  to.load_argument(0);
  if (options.network) {
    to.answer_if(AF_UNIX, SECCOMP_RET_ALLOW);
    to.answer_if(AF_INET, SECCOMP_RET_ALLOW);
    to.answer_if(AF_INET6, SECCOMP_RET_ALLOW);
  }
  to.answer_unless(AF_NETLINK, error(EAFNOSUPPORT));
  if (options.netlink) {
    to.load_argument(2);
    to.answer_if(NETLINK_ROUTE, SECCOMP_RET_ALLOW);
  }
  to.answer(error(ENOSYS));
  to.end_case();
}

/// Ways to take disk or memory that no watch would see.
void check_space(Assembler& to, const FilterOptions& options) {
  if (!options.allocate) {
    to.begin_case(SYS_fallocate);
    to.load_argument(1);
    to.answer_if_bits(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_COLLAPSE_RANGE, SECCOMP_RET_ALLOW);
    to.answer(error(EOPNOTSUPP));
    to.end_case();
  }
  if (!options.memory_files) {
    constexpr std::uint32_t kLargestSegment = 64u << 10;
    to.answer_case(SYS_memfd_create, error(ENOSYS));
    to.answer_case(kernel::kMemfdSecret, error(ENOSYS));
    to.begin_case(SYS_shmget);
    to.load_high(1);
    to.answer_unless(0, error(ENOMEM));
    to.load_argument(1);
    to.answer_if_above(kLargestSegment, error(ENOMEM));
    to.answer(SECCOMP_RET_ALLOW);
    to.end_case();
  }
}

/// No file may run as somebody else: outside, it would be run as its owner. A folder's setgid,
/// which only hands its group down, cannot be told from a file's here.
void check_modes(Assembler& to, const FilterOptions& options) {
  constexpr std::uint32_t kCreates = O_CREAT | (O_TMPFILE & ~O_DIRECTORY);
  for (const ModeAt& each : kModes) {
    to.begin_case(each.number);
    if (each.flags >= 0) {
      to.load_argument(static_cast<unsigned>(each.flags));
      to.answer_unless_bits(kCreates, SECCOMP_RET_ALLOW);
    }
    to.load_argument(each.mode);
    const bool lets_group = each.changes && options.group_folders;
    to.answer_if_bits(lets_group ? S_ISUID : S_ISUID | S_ISGID, error(EPERM));
    to.answer(SECCOMP_RET_ALLOW);
    to.end_case();
  }
  to.answer_case(kernel::kOpenat2, error(ENOSYS));  // its mode cannot be seen from here
}

void check_arguments(Assembler& to) {
  to.begin_case(SYS_clone);
  to.load_argument(0);
  to.answer_if_bits(kNamespaceFlags & ~static_cast<std::uint32_t>(kTimeNamespace), error(EPERM));
  to.answer(SECCOMP_RET_ALLOW);
  to.end_case();
  to.begin_case(SYS_unshare);
  to.load_argument(0);
  to.answer_if_bits(kNamespaceFlags, error(EPERM));
  to.answer(SECCOMP_RET_ALLOW);
  to.end_case();
  to.begin_case(SYS_ioctl);
  to.load_argument(1);
  to.answer_if(TIOCSTI, error(EPERM));
  to.answer_if(TIOCLINUX, error(EPERM));
  to.answer_if(TIOCSETD, error(EPERM));
  to.answer(SECCOMP_RET_ALLOW);
  to.end_case();
  to.begin_case(SYS_prlimit64);
  to.load_argument(0);
  to.answer_unless(0, error(EPERM));  // its own limits only
  to.answer(SECCOMP_RET_ALLOW);
  to.end_case();
  to.begin_case(SYS_seccomp);
  to.load_argument(1);
  to.answer_if_bits(kSeccompNewListener, error(EPERM));
  to.answer(SECCOMP_RET_ALLOW);
  to.end_case();
}

}  // namespace

std::vector<sock_filter> seccomp_filter(const FilterOptions& options) {
  Assembler to;
  check_architecture(to);
  to.answer_case(SYS_clone3, error(ENOSYS));
  for (const long number : kRefused) {
    to.answer_case(number, error(EPERM));
  }
  for (const long number : kMetadata) {
    if (!options.metadata) {
      to.answer_case(number, error(EPERM));
    }
  }
  check_sockets(to, options);
  check_modes(to, options);
  check_space(to, options);
  check_arguments(to);
  return to.take(SECCOMP_RET_ALLOW);
}

}  // namespace oap::sandbox
