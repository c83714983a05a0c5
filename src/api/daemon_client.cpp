#include "api/daemon_client.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "os/fd.hpp"
#include "os/file.hpp"

namespace oap::api {
namespace {

constexpr std::size_t kMostAnswer = 64U << 20U;

Result<os::UniqueFd> connected(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(Code::kNotFound, "{} cannot be a socket's path", path);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  os::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd ||
      ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail(Code::kNotFound, "no daemon listens on {} ({})", path,
                os::errno_error("connecting", path, errno).message());
  }
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 ||
      (who.uid != ::geteuid() && who.uid != 0)) {
    return fail(Code::kNotFound, "what listens on {} belongs to another user", path);
  }
  return fd;
}

Result<void> wait_for(int fd, short what, Deadline deadline) {
  pollfd one{fd, what, 0};
  for (;;) {
    const auto left =
        static_cast<int>(std::min<std::int64_t>(deadline.left().count() + 1, 1'000'000));
    const int ready = deadline.passed() ? 0 : ::poll(&one, 1, left);
    if (ready > 0) {
      return {};
    }
    if (ready == 0) {
      return fail(Code::kDeadlineExceeded, "the daemon did not answer in time");
    }
    if (errno != EINTR) {
      return fail(Code::kUnavailable, "waiting for the daemon failed");
    }
  }
}

Result<void> send_all(int fd, std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      OAP_CHECK_OK(wait_for(fd, POLLOUT, deadline));
    } else if (errno != EINTR) {
      return fail(Code::kUpstream, "the daemon ended the connection");
    }
  }
  return {};
}

Result<std::string> read_line(int fd, Deadline deadline) {
  std::string line;
  std::string piece(64U << 10U, '\0');
  for (;;) {
    const ssize_t count = ::recv(fd, piece.data(), piece.size(), 0);
    if (count > 0) {
      const std::string_view got(piece.data(), static_cast<std::size_t>(count));
      const std::size_t end = got.find('\n');
      line.append(got.substr(0, end));
      if (end != std::string_view::npos) {
        return line;
      }
      if (line.size() > kMostAnswer) {
        return fail(Code::kUpstream, "the daemon's answer is too long");
      }
    } else if (count == 0) {
      return fail(Code::kUpstream, "the daemon ended the connection");
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      OAP_CHECK_OK(wait_for(fd, POLLIN, deadline));
    } else if (errno != EINTR) {
      return fail(Code::kUpstream, "the daemon's answer cannot be read");
    }
  }
}

}  // namespace

Result<json::Value> ask_daemon(const std::string& socket, std::string_view method,
                               const json::Object& params, Deadline deadline) {
  OAP_TRY(const os::UniqueFd fd, connected(socket));
  const std::string line = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":" + json::quote(method) +
                           ",\"params\":" + json::print(json::Value(params)) + "}\n";
  OAP_CHECK_OK(send_all(fd.get(), line, deadline));
  OAP_TRY(const std::string text, read_line(fd.get(), deadline));
  auto answer = json::parse_object(text);
  if (!answer) {
    return fail(Code::kUpstream, "the daemon's answer is no JSON object");
  }
  if (const json::Object* error = json::find_object(*answer, "error")) {
    return fail(Code::kUpstream, "{}", json::get_string(*error, "message", "the daemon failed"));
  }
  const json::Value* result = json::find(*answer, "result");
  if (result == nullptr || json::get_int(*answer, "id") != 1) {
    return fail(Code::kUpstream, "the daemon's answer has no result");
  }
  return *result;
}

}  // namespace oap::api
