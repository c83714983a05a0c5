#include "sandbox/supervisor_ends.hpp"

#include <signal.h>
#include <sys/signalfd.h>

#include "sandbox/raw.hpp"
#include "sandbox/start.hpp"

namespace oap::sandbox {
namespace {

constexpr int kOutOfTheWay = 16;
constexpr int kHanded = kFirstFree;  // descriptors that the caller hands over

OAP_AFTER_FORK void close_from(unsigned first) {
  if (raw::call(SYS_close_range, first, ~0U, 0) == 0) {
    return;
  }
  constexpr int kFormerKernels = 65536;
  for (int fd = static_cast<int>(first); fd < kFormerKernels; ++fd) {
    raw::close(fd);
  }
}

}  // namespace

OAP_AFTER_FORK void arrange_descriptors(const LaunchPlan& plan) {
  const int from[kHanded] = {plan.child_in, plan.child_out, plan.child_err,   plan.status_out,
                             plan.life_in,  plan.idmap,     plan.listener_out};
  long moved[kHanded] = {};
  for (int i = 0; i < kHanded; ++i) {
    moved[i] = from[i] < 0 ? -1 : raw::call(SYS_fcntl, from[i], F_DUPFD_CLOEXEC, kOutOfTheWay);
    if (moved[i] < 0 && from[i] >= 0) {
      raw::exit(1);
    }
  }
  for (int i = 0; i < kHanded; ++i) {
    if (moved[i] < 0) {
      raw::close(i);
    } else {
      raw::call(SYS_dup3, moved[i], i, i >= kStatus ? O_CLOEXEC : 0);
    }
  }
  close_from(kFirstFree);
}

OAP_AFTER_FORK int open_signals() {
  std::uint64_t mask = std::uint64_t{1} << (SIGCHLD - 1);
  return static_cast<int>(
      raw::call(SYS_signalfd4, -1, &mask, sizeof mask, SFD_CLOEXEC | SFD_NONBLOCK));
}

}  // namespace oap::sandbox
