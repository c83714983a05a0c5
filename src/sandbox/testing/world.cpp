#include "sandbox/testing/world.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/kernel.hpp"

namespace oap::sandbox::testing {
namespace {

constexpr unsigned kUserNamespace = 0x10000000;
constexpr unsigned kAnyNamespace = 0x7E020000;

class Filter {
 public:
  Filter() { load(offsetof(seccomp_data, nr)); }

  void refuse(long number, int error) {
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1));
    code_.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)));
  }
  /// Where the first argument has one of the bits.
  void refuse_bits(long number, unsigned bits, int error) {
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 4));
    load(offsetof(seccomp_data, args));
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1));
    code_.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)));
    code_.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  }
  bool install() {
    code_.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    const sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
  }

 private:
  void load(std::size_t offset) {
    code_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offset)));
  }
  std::vector<sock_filter> code_;
};

}  // namespace

bool enter_world(World world) {
  if (world == World::kFull) {
    return true;
  }
  Filter filter;
  const unsigned bits = world == World::kNoUserNamespaces ? kUserNamespace : kAnyNamespace;
  filter.refuse(SYS_clone3, ENOSYS);
  filter.refuse_bits(SYS_clone, bits, EPERM);
  filter.refuse_bits(SYS_unshare, bits, EPERM);
  if (world == World::kNothing) {
    for (const long number :
         {kernel::kLandlockCreate, kernel::kLandlockAdd, kernel::kLandlockRestrict}) {
      filter.refuse(number, ENOSYS);
    }
    filter.refuse(SYS_seccomp, ENOSYS);
  }
  return filter.install();
}

bool become_ordinary() {
  return ::setgroups(0, nullptr) == 0 &&
         ::setresgid(kOrdinaryUid, kOrdinaryUid, kOrdinaryUid) == 0 &&
         ::setresuid(kOrdinaryUid, kOrdinaryUid, kOrdinaryUid) == 0;
}

std::string in_world(World world, bool ordinary, const std::function<void()>& prepare,
                     const std::function<std::string()>& work) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return "no pipe";
  }
  const pid_t pid = ::fork();
  if (pid == 0) {
    prepare();
    const bool there = (!ordinary || become_ordinary()) && enter_world(world);
    const std::string text = there ? work() : "no such world";
    [[maybe_unused]] const ssize_t written = ::write(ends[1], text.data(), text.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string text;
  std::array<char, 4096> piece{};
  for (ssize_t size = 0; (size = ::read(ends[0], piece.data(), piece.size())) > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  ::close(ends[0]);
  ::waitpid(pid, nullptr, 0);
  return text;
}

}  // namespace oap::sandbox::testing
