#include "sandbox/child_launch.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async/deadline.hpp"
#include "base/clock.hpp"
#include "os/file.hpp"
#include "sandbox/supervisor.hpp"

namespace oap::sandbox {
namespace {

constexpr Millis kLongestLaunch{30'000};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(os::errno_error("making a pipe for", "a child process", errno));
  }
  return Pipe{os::UniqueFd(ends[0]), os::UniqueFd(ends[1])};
}

Result<Pipe> make_sockets() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail(os::errno_error("making a socket for", "a child process", errno));
  }
  return Pipe{os::UniqueFd(ends[0]), os::UniqueFd(ends[1])};
}

/// Waits for the first report; the supervisor's end is the only other thing that can come.
Result<Report> first_report(const Launched& launched, const Spec& spec) {
  Report report;
  const int fd = launched.ends.status.read.get();
  const Deadline deadline = launched.until;
  pollfd waiting{fd, POLLIN, 0};
  while (::poll(&waiting, 1, static_cast<int>(deadline.left().count())) < 0 && errno == EINTR) {
  }
  const ssize_t size = waiting.revents != 0 ? ::read(fd, &report, sizeof report) : -1;
  if (size != static_cast<ssize_t>(sizeof report)) {
    return fail(Code::kUnavailable, "'{}' did not start: its supervisor {}", spec.argv.front(),
                size == 0 ? "ended early" : "does not answer");
  }
  return report;
}

pid_t fork_with_signals_blocked(const LaunchPlan& plan) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = fork_supervisor(plan);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return pid;
}

}  // namespace

Result<Ends> Ends::make(const Spec& spec) {
  Ends ends;
  OAP_TRY(ends.status, make_pipe());
  OAP_TRY(ends.life, make_pipe());
  if (!spec.inherit_stdio) {
    OAP_TRY(ends.in, make_pipe());
    OAP_TRY(ends.out, make_pipe());
    OAP_TRY(ends.err, make_pipe());
  }
  if (spec.through_proxy) {
    OAP_TRY(ends.listener, make_sockets());
  }
  return ends;
}

void Ends::hand_to(LaunchPlan& plan, const Spec& spec) const {
  plan.child_in = spec.inherit_stdio ? STDIN_FILENO : in.read.get();
  plan.child_out = spec.inherit_stdio ? STDOUT_FILENO : out.write.get();
  plan.child_err = spec.merge_stderr    ? plan.child_out
                   : spec.inherit_stdio ? STDERR_FILENO
                                        : err.write.get();
  plan.status_out = status.write.get();
  plan.life_in = life.read.get();
  plan.listener_out = listener.write.get();
}

void Ends::close_theirs() {
  for (os::UniqueFd* end :
       {&in.read, &out.write, &err.write, &status.write, &life.read, &listener.write}) {
    end->reset();
  }
}

Result<Launched> launch(const Spec& spec, Prepared& prepared) {
  Launched launched;
  OAP_TRY(launched.ends, Ends::make(spec));
  Ends& ends = launched.ends;
  ends.hand_to(prepared.plan, spec);
  launched.supervisor = fork_with_signals_blocked(prepared.plan);
  if (launched.supervisor < 0) {
    return fail(launch_error(spec, Stage::kFork, -launched.supervisor));
  }
  ends.close_theirs();
  launched.until = Deadline::after(kLongestLaunch);
  return launched;
}

Result<void> hear_first(Launched& launched, const Spec& spec) {
  auto report = first_report(launched, spec);
  if (!report || report->kind == Report::Kind::kFailed) {
    launched.ends.life.write.reset();
    reap(launched.supervisor);
  }
  OAP_TRY(launched.report, std::move(report));
  return {};
}

Task<Result<void>> reported(Executor executor, const Launched& launched) {
  const int copy = ::fcntl(launched.ends.status.read.get(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) {
    co_return Result<void>{};  // hear_first waits then
  }
  boost::asio::posix::stream_descriptor status(executor, copy);
  auto readable = [](boost::asio::posix::stream_descriptor& from) -> Task<Result<void>> {
    co_await from.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                             boost::asio::as_tuple(boost::asio::use_awaitable));
    co_return Result<void>{};
  };
  auto waiting = readable(status);
  co_return co_await async::with_deadline(launched.until, std::move(waiting), "a supervisor");
}

void reap(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

os::UniqueFd take_descriptor(int from) {
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(from, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) <= 0) {
    return {};
  }
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) {
    return {};
  }
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return os::UniqueFd(fd);
}

}  // namespace oap::sandbox
