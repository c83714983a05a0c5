#include "audit/at_once.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <system_error>
#include <thread>
#include <vector>

namespace oap::audit {

void at_once(std::size_t count, const std::function<void(std::size_t)>& work) {
  constexpr std::size_t kThreads = 4;
  constexpr std::chrono::milliseconds kLong{50};
  const auto start = std::chrono::steady_clock::now();
  std::size_t done = 0;
  while (done < count && std::chrono::steady_clock::now() - start < kLong) {
    work(done++);
  }
  std::atomic<std::size_t> next = done;
  const auto take = [&next, &work, count] {
    for (std::size_t i = next++; i < count; i = next++) {
      work(i);
    }
  };
  std::vector<std::jthread> others;
  bool has_more = true;
  while (has_more && others.size() + 1 < std::min(count - done, kThreads)) {
    try {
      others.emplace_back(take);
    } catch (const std::system_error&) {
      has_more = false;
    }
  }
  take();
}

}  // namespace oap::audit
