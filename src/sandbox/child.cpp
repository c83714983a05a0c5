#include "sandbox/child.hpp"

#include <algorithm>
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

#include "async/deadline.hpp"
#include "base/log.hpp"
#include "os/file.hpp"
#include "sandbox/child_launch.hpp"
#include "sandbox/prepare.hpp"
#include "text/utf8.hpp"

namespace oap::sandbox {
namespace {

constexpr Millis kLongestGoodbye{5'000};

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
    case Cause::kUnwatched:
      return "it was killed: fs must be enforced, but its protected names cannot be watched";
  }
  return "";
}

/// The place in the private root at which its making stopped, or "".
std::string refused_place(const LaunchPlan& plan, int where) {
  const bool step = where >= 0 && static_cast<std::size_t>(where) < plan.steps.size;
  return step ? fmt::format("/{}", plan.steps.data[where].to) : "";
}

std::string weakness_of(const LaunchPlan& plan) {
  const std::string why = std::generic_category().message(-plan.refusal);
  const std::string place = refused_place(plan, plan.refused_at);
  return fmt::format("{}: {}", place.empty() ? "namespaces" : place, why);
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
  Changes changes = Changes::kKept;
  std::unique_ptr<Identity> identity;
  std::string weakness;
  std::string bare_tmp;  ///< to be removed
  os::UniqueFd listener;
  bool service = false;
  std::string reported;
  std::vector<std::string> warnings;
  std::string dropped;
  std::optional<Exit> exit;

  void send(Command command) const {
    if (life && !exit && ::write(life.get(), &command, sizeof command) < 0) {
      log::debug("sandbox", "the supervisor is gone already", {{"error", std::strerror(errno)}});
    }
  }

  /// The supervisor's last words, or how to understand that there is none.
  Exit read_exit() {
    Exit ended;
    ended.warnings = std::move(warnings);
    ended.dropped = std::move(dropped);
    const auto report = next_report();
    if (!report || report->kind != Report::Kind::kExited) {
      ::kill(-pid, SIGKILL);
      ended.signal = SIGKILL;
      ended.code = 128 + SIGKILL;
      ended.note = "its supervisor was killed";
      return ended;
    }
    ended.signal = WIFSIGNALED(report->value) ? WTERMSIG(report->value) : 0;
    ended.code = ended.signal != 0 ? 128 + ended.signal : WEXITSTATUS(report->value);
    ended.note = note_of(static_cast<Cause>(report->detail), limits);
    return ended;
  }

  /// What came before them, as far as it is there wholly.
  void take_reports() {
    for (auto report = next_report(); report; report = next_report()) {
      if (report->kind == Report::Kind::kWeaker) {
        reported.erase(0, sizeof *report);
        weaken(*report);
      } else if ((report->kind != Report::Kind::kFindings &&
                  report->kind != Report::Kind::kDropped) ||
                 !take_findings(*report)) {
        return;
      }
    }
  }

 private:
  std::optional<Report> next_report() const {
    Report report;
    if (reported.size() < sizeof report) {
      return std::nullopt;
    }
    std::memcpy(&report, reported.data(), sizeof report);
    return report;
  }

  void weaken(const Report& report) {
    if ((report.detail & kFactProtected) != 0 && isolation.fs == Layer::kEnforced) {
      isolation.fs = Layer::kDegraded;
    }
    weakness = fmt::format(
        "its protected names cannot be watched ({}; see fs.inotify in sysctl): one that another "
        "program replaces is open from then on",
        std::generic_category().message(report.value));
    log::warn("sandbox", "less is enforced than at the start", {{"why", weakness}});
  }

  bool take_findings(const Report& report) {
    const std::size_t size = sizeof report + static_cast<std::size_t>(report.value);
    if (reported.size() < size) {
      return false;
    }
    std::istringstream text(reported.substr(sizeof report, size - sizeof report));
    if (report.kind == Report::Kind::kDropped) {
      dropped = text::sanitize_utf8(text.str());
      reported.erase(0, size);
      return true;
    }
    for (std::string line; std::getline(text, line);) {
      warnings.push_back(text::sanitize_utf8(line));
      if (service) {
        log::warn("sandbox", "left by a server for git to run", {{"what", warnings.back()}});
      }
    }
    reported.erase(0, size);
    return true;
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

/// What is to run, and how; until it runs.
struct Child::Launching {
  Spec spec;
  std::string program;
  std::unique_ptr<Prepared> prepared;
  int disturbed = 0;

  static Result<Launching> make(Spec wanted) {
    Launching launching;
    OAP_TRY(launching.spec, Prepared::complete(std::move(wanted)));
    OAP_TRY(launching.program, find_program(launching.spec));
    OAP_TRY(launching.prepared, Prepared::make(launching.spec, launching.program));
    return launching;
  }

  /// Whether it is to be launched once more, in another way.
  Result<bool> plan_again(const Report& report) {
    if (is_in_the_way(report) && disturbed < kMostAgain) {
      ++disturbed;
      OAP_TRY(prepared, Prepared::make(spec, program));  // what was looked at may be gone by now
      return true;
    }
    if (lacks_namespaces(report) && !prepared->plan.bare) {
      prepared->do_without_root(-report.value, report.where);
      return true;
    }
    return false;
  }
};

Result<std::unique_ptr<Child>> Child::start(Executor executor, Spec spec) {
  OAP_TRY(Launching launching, Launching::make(std::move(spec)));
  while (true) {
    OAP_TRY(Launched running, launch(launching.spec, *launching.prepared));
    OAP_CHECK_OK(hear_first(running, launching.spec));
    OAP_TRY(const bool again, launching.plan_again(running.report));
    if (!again) {
      return attend(std::move(executor), std::move(launching), std::move(running));
    }
  }
}

Task<Result<std::unique_ptr<Child>>> Child::start_beside(Executor executor, Spec spec) {
  OAP_CO_TRY(Launching launching, Launching::make(std::move(spec)));
  while (true) {
    OAP_CO_TRY(Launched running, launch(launching.spec, *launching.prepared));
    auto waiting = reported(executor, running);
    co_await async::shielded(std::move(waiting));
    OAP_CO_CHECK_OK(hear_first(running, launching.spec));
    OAP_CO_TRY(const bool again, launching.plan_again(running.report));
    if (!again) {
      co_return attend(std::move(executor), std::move(launching), std::move(running));
    }
  }
}

Result<std::unique_ptr<Child>> Child::attend(Executor executor, Launching launching,
                                             Launched running) {
  const Spec& spec = launching.spec;
  const std::unique_ptr<Prepared>& prepared = launching.prepared;
  Ends& ends = running.ends;
  const Report* const report = &running.report;
  const pid_t supervisor = running.supervisor;
  if (report->kind == Report::Kind::kFailed) {
    return fail(launch_error(spec, static_cast<Stage>(report->detail), report->value, report->facts,
                             refused_place(prepared->plan, report->where)));
  }
  auto state = std::make_unique<State>(std::move(executor), std::move(ends.in.write),
                                       std::move(ends.out.read), std::move(ends.err.read),
                                       std::move(ends.status.read));
  ::fcntl(ends.life.write.get(), F_SETFL, O_NONBLOCK);
  state->life = std::move(ends.life.write);
  state->supervisor = supervisor;
  state->pid = report->value;
  state->limits = spec.limits;
  state->service = spec.profile == Profile::kService;
  state->isolation = isolation_of(spec, report->detail);
  state->changes = changes_of(spec, report->detail);
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
Changes Child::changes() const { return state_->changes; }
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
      state.take_reports();
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
