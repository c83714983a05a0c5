#include "audit/memory_guard.hpp"

#include <atomic>
#include <csetjmp>
#include <cstring>
#include <mutex>

#include <signal.h>

namespace oap::audit {
namespace {

thread_local sigjmp_buf landing;
thread_local volatile sig_atomic_t guarding = 0;
struct sigaction previous{};

void on_bus_error(int signal, siginfo_t* info, void* context) {
  if (guarding != 0) {
    guarding = 0;
    siglongjmp(landing, 1);
  }
  if ((previous.sa_flags & SA_SIGINFO) != 0 && previous.sa_sigaction != nullptr) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  } else {
    ::signal(SIGBUS, SIG_DFL);
    ::raise(SIGBUS);
  }
}

}  // namespace

void guard_mapped_memory() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action{};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &previous);
  });
}

bool guarded_copy(void* to, const void* from, std::size_t count) {
  if (sigsetjmp(landing, 0) != 0) {
    return false;
  }
  guarding = 1;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  std::memcpy(to, from, count);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  guarding = 0;
  return true;
}

}  // namespace oap::audit
