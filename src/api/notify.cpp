#include "api/notify.hpp"

#include <cstddef>
#include <cstring>
#include <ctime>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "os/fd.hpp"

namespace oap::api {

void notify_manager(std::string_view state, const os::EnvLookup& env) {
  const auto path = env("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (!path || path->size() < 2 || path->size() >= sizeof address.sun_path ||
      (path->front() != '/' && path->front() != '@')) {
    return;
  }
  std::memcpy(address.sun_path, path->data(), path->size());
  if (path->front() == '@') {
    address.sun_path[0] = '\0';
  }
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path->size());
  const os::UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (fd) {
    [[maybe_unused]] const ssize_t sent =
        ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                 reinterpret_cast<const sockaddr*>(&address), length);
  }
}

void notify_reloading(const os::EnvLookup& env) {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const long long micros = now.tv_sec * 1'000'000LL + now.tv_nsec / 1'000;
  notify_manager(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", micros), env);
}

}  // namespace oap::api
