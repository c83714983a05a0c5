#include "sandbox/child.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.hpp"
#include "os/file.hpp"
#include "sandbox/prepare.hpp"
#include "sandbox/supervisor.hpp"
#include "text/utf8.hpp"

namespace oap::sandbox {
namespace {

constexpr Millis kLongestLaunch{30'000};
constexpr Millis kLongestGoodbye{5'000};

struct Pipe {
  os::UniqueFd read;
  os::UniqueFd write;
};

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
Result<Report> first_report(int fd, const Spec& spec) {
  Report report;
  const Deadline deadline = Deadline::after(kLongestLaunch);
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

void reap(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t kMega = 1u << 20;
  return bytes % kMega == 0 ? fmt::format("{} MB", bytes / kMega) : fmt::format("{} bytes", bytes);
}

std::string note_of(Cause cause, const Limits& limits) {
  switch (cause) {
    case Cause::kNone:
      return "";
    case Cause::kMemory:
      return "it was killed: it used more than " + size_text(limits.memory_bytes.value_or(0)) +
             " of memory";
    case Cause::kProcesses:
      return fmt::format("it was killed: it ran more than {} processes",
                         limits.processes.value_or(0));
    case Cause::kDisk:
      return "it was killed: it wrote more than " + size_text(limits.disk_bytes.value_or(0)) +
             " to disk";
  }
  return "";
}

/// The descriptor that the child's init has sent, if it has.
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

std::string weakness_of(const LaunchPlan& plan) {
  const std::string why = std::generic_category().message(-plan.refusal);
  const bool step =
      plan.refused_at >= 0 && static_cast<std::size_t>(plan.refused_at) < plan.steps.size;
  return step ? fmt::format("/{}: {}", plan.steps.data[plan.refused_at].to, why)
              : "namespaces: " + why;
}

/// Removes what a child without a private root leaves in its folder for temporary files.
class TreeRemoval {
 public:
  explicit TreeRemoval(const std::string& path) : path_(path) {}
  ~TreeRemoval() {
    std::error_code ignored;
    if (!path_.empty()) {
      std::filesystem::remove_all(path_, ignored);
    }
  }
  TreeRemoval(const TreeRemoval&) = delete;
  TreeRemoval& operator=(const TreeRemoval&) = delete;

 private:
  const std::string& path_;
};

/// The ends of everything between this process and a child.
struct Ends {
  Pipe in;
  Pipe out;
  Pipe err;
  Pipe status;
  Pipe life;
  Pipe listener;

  static Result<Ends> make(const Spec& spec) {
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

  void hand_to(LaunchPlan& plan, const Spec& spec) const {
    plan.child_in = spec.inherit_stdio ? STDIN_FILENO : in.read.get();
    plan.child_out = spec.inherit_stdio ? STDOUT_FILENO : out.write.get();
    plan.child_err = spec.merge_stderr    ? plan.child_out
                     : spec.inherit_stdio ? STDERR_FILENO
                                          : err.write.get();
    plan.status_out = status.write.get();
    plan.life_in = life.read.get();
    plan.listener_out = listener.write.get();
  }

  void close_theirs() {
    for (os::UniqueFd* end :
         {&in.read, &out.write, &err.write, &status.write, &life.read, &listener.write}) {
      end->reset();
    }
  }
};

struct Launched {
  Ends ends;
  Report report;  ///< the first one; where it is a failure, the supervisor is gone
  pid_t supervisor = -1;
};

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
  auto report = first_report(ends.status.read.get(), spec);
  if (!report || report->kind == Report::Kind::kFailed) {
    ends.life.write.reset();
    reap(launched.supervisor);
  }
  OAP_TRY(launched.report, std::move(report));
  return launched;
}

}  // namespace

struct Child::State {
  State(Executor executor, os::UniqueFd in_fd, os::UniqueFd out_fd, os::UniqueFd err_fd,
        os::UniqueFd status_fd)
      : in(executor, std::move(in_fd)),
        out(executor, std::move(out_fd)),
        err(executor, std::move(err_fd)),
        status(std::move(executor), std::move(status_fd)) {}

  async::WritePipe in;
  async::ReadPipe out;
  async::ReadPipe err;
  async::ReadPipe status;
  os::UniqueFd life;
  pid_t supervisor = -1;
  pid_t pid = -1;
  Limits limits;
  Isolation isolation;
  std::unique_ptr<Identity> identity;
  std::string weakness;
  std::string bare_tmp;  ///< to be removed
  os::UniqueFd listener;
  std::string reported;
  std::optional<Exit> exit;

  void send(Command command) const {
    if (life && !exit && ::write(life.get(), &command, sizeof command) < 0) {
      log::debug("sandbox", "the supervisor is gone already", {{"error", std::strerror(errno)}});
    }
  }

  /// The supervisor's last words, or how to understand that there is none.
  Exit read_exit() {
    Report report;
    std::vector<std::string> warnings = take_findings();
    if (reported.size() < sizeof report) {
      ::kill(-pid, SIGKILL);
      return Exit{128 + SIGKILL, SIGKILL, "its supervisor was killed", std::move(warnings)};
    }
    std::memcpy(&report, reported.data(), sizeof report);
    Exit ended;
    ended.signal = WIFSIGNALED(report.value) ? WTERMSIG(report.value) : 0;
    ended.code = ended.signal != 0 ? 128 + ended.signal : WEXITSTATUS(report.value);
    ended.note = note_of(static_cast<Cause>(report.detail), limits);
    ended.warnings = std::move(warnings);
    return ended;
  }

  std::vector<std::string> take_findings() {
    std::vector<std::string> lines;
    Report report;
    if (reported.size() < sizeof report) {
      return lines;
    }
    std::memcpy(&report, reported.data(), sizeof report);
    if (report.kind != Report::Kind::kFindings) {
      return lines;
    }
    std::istringstream text(reported.substr(sizeof report, static_cast<std::size_t>(report.value)));
    for (std::string line; std::getline(text, line);) {
      lines.push_back(text::sanitize_utf8(line));
    }
    reported.erase(0, sizeof report + static_cast<std::size_t>(report.value));
    return lines;
  }
};

namespace {

/// Whether this machine does not let a private root be made. Anything else that is in its way is a
/// failure: it may have been put there, and less isolation would be the reward.
bool lacks_namespaces(const Report& report) {
  const bool refused = report.kind == Report::Kind::kFailed &&
                       static_cast<Stage>(report.detail) == Stage::kNamespaces;
  const int why = report.value;
  return refused && (report.where < 0 || why == EPERM || why == ENOSYS);
}

/// What another child of the same workspace may have made or removed just then.
bool is_in_the_way(const Report& report) {
  const auto stage = static_cast<Stage>(report.detail);
  return report.kind == Report::Kind::kFailed && !lacks_namespaces(report) &&
         (stage == Stage::kUnguarded || stage == Stage::kNamespaces);
}
constexpr int kMostAgain = 3;

}  // namespace

Child::Child(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Child>> Child::start(Executor executor, Spec spec) {
  OAP_TRY(spec, Prepared::complete(std::move(spec)));
  OAP_TRY(std::string program, find_program(spec));
  OAP_TRY(const std::unique_ptr<Prepared> prepared, Prepared::make(spec, std::move(program)));
  auto launched = launch(spec, *prepared);
  for (int again = 0; again < kMostAgain && launched && is_in_the_way(launched->report); ++again) {
    launched = launch(spec, *prepared);
  }
  if (launched && lacks_namespaces(launched->report)) {
    prepared->do_without_root(-launched->report.value, launched->report.where);
    launched = launch(spec, *prepared);
  }
  OAP_TRY(Launched running, std::move(launched));
  Ends& ends = running.ends;
  const Report* const report = &running.report;
  const pid_t supervisor = running.supervisor;
  if (report->kind == Report::Kind::kFailed) {
    return fail(
        launch_error(spec, static_cast<Stage>(report->detail), report->value, report->facts));
  }
  auto state = std::make_unique<State>(std::move(executor), std::move(ends.in.write),
                                       std::move(ends.out.read), std::move(ends.err.read),
                                       std::move(ends.status.read));
  ::fcntl(ends.life.write.get(), F_SETFL, O_NONBLOCK);
  state->life = std::move(ends.life.write);
  state->supervisor = supervisor;
  state->pid = report->value;
  state->limits = spec.limits;
  state->isolation = isolation_of(spec, report->detail);
  state->identity = std::move(prepared->identity);
  if (prepared->plan.refusal != 0) {
    state->bare_tmp = prepared->plan.bare_tmp;
    state->weakness = weakness_of(prepared->plan);
    log::debug("sandbox", "no private root", {{"why", state->weakness}});
  }
  std::unique_ptr<Child> child(new Child(std::move(state)));
  if (spec.through_proxy) {
    child->state_->listener = take_descriptor(ends.listener.read.get());
    if (!child->state_->listener) {
      return fail(
          Code::kFailedPrecondition,
          "'{}' is not run: hosts were allowed one by one, which needs a network namespace, "
          "and this machine gives none ({})",
          spec.argv.front(), child->state_->weakness);
    }
  }
  return child;
}

Child::~Child() {
  const TreeRemoval after(state_->bare_tmp);
  if (state_->exit) {
    return;
  }
  state_->life.reset();
  const os::UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, state_->supervisor, 0)));
  pollfd waiting{handle.get(), POLLIN, 0};
  if (handle && ::poll(&waiting, 1, static_cast<int>(kLongestGoodbye.count())) == 0) {
    log::error("sandbox", "a killed process does not end; its supervisor goes on trying",
               {{"pid", std::to_string(state_->pid)}});
    return;
  }
  reap(state_->supervisor);
}

async::ReadPipe& Child::out() { return state_->out; }
async::ReadPipe& Child::err() { return state_->err; }
async::WritePipe& Child::in() { return state_->in; }
pid_t Child::pid() const { return state_->pid; }
const Isolation& Child::isolation() const { return state_->isolation; }
const std::string& Child::weakness() const { return state_->weakness; }
os::UniqueFd Child::listener() { return std::move(state_->listener); }

Task<Result<Exit>> Child::wait() {
  State& state = *state_;
  while (!state.exit) {
    auto piece = co_await state.status.read_some(sizeof(Report));
    if (!piece && piece.error().code() == Code::kCancelled) {
      co_return fail(std::move(piece).error());
    }
    if (piece && !piece->empty()) {
      state.reported += *piece;
      continue;
    }
    state.exit = state.read_exit();
    state.life.reset();
    reap(state.supervisor);
  }
  co_return *state.exit;
}

void Child::terminate(Millis grace) {
  const auto ms = static_cast<std::uint32_t>(std::clamp<Millis::rep>(grace.count(), 0, 3'600'000));
  state_->send({Command::Kind::kTerminate, ms});
}

void Child::kill() { state_->send({Command::Kind::kKill, 0}); }

}  // namespace oap::sandbox
