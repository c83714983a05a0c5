#include <array>

#include <fmt/format.h>
#include <unistd.h>

#include "async/deadline.hpp"
#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "async/signal.hpp"
#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "config/paths.hpp"
#include "config/size.hpp"
#include "json/print.hpp"
#include "sandbox/child.hpp"
#include "sandbox/proxy.hpp"
#include "sandbox/report.hpp"

namespace oap::cli {
namespace {

constexpr int kWrongOptions = 2;
constexpr int kTimeUp = 124;
constexpr int kNotStarted = 125;
constexpr int kRefused = 126;
constexpr Millis kLongestKill{10'000};

struct Ended {
  int code = 0;
  int signal = 0;
  bool timed_out = false;
  std::string note;
  std::string weakness;
  std::vector<std::string> warnings;
  std::string dropped;
  sandbox::Changes changes = sandbox::Changes::kKept;
  sandbox::Isolation isolation;
};

Result<std::uint64_t> size_of(const std::string& text, std::string_view option) {
  const auto bytes = config::parse_size(text);
  if (!bytes) {
    return fail(Code::kInvalidArgument, "{} {}: expected a size such as 512MB or 1GiB", option,
                text);
  }
  return *bytes;
}

struct Job {
  sandbox::Spec spec;
  sandbox::AllowList hosts;
};

Result<void> set_network(const SandboxArgs& args, Job& job) {
  sandbox::Spec& spec = job.spec;
  spec.limits.network = false;
  for (const std::string& word : args.network) {
    if (word == "none" || word == "full") {
      if (args.network.size() != 1) {
        return fail(Code::kInvalidArgument, "--network {} cannot be combined with anything else",
                    word);
      }
      spec.limits.network = word == "full";
      return {};
    }
  }
  OAP_TRY(job.hosts, sandbox::AllowList::parse(args.network));
  spec.through_proxy = !args.network.empty();
  return {};
}

Result<Job> job_of(const Common& common, const SandboxArgs& args) {
  config::PathOptions where;
  if (!common.workspace.empty()) {
    where.workspace = common.workspace;
  }
  std::array<char, 4096> cwd{};
  const char* const here = ::getcwd(cwd.data(), cwd.size());
  OAP_TRY(const std::string workspace,
          config::find_workspace(where.workspace, here != nullptr ? here : "/", where.env));
  Job job;
  sandbox::Spec& spec = job.spec;
  spec.argv = args.command;
  spec.cwd = workspace;
  spec.writable = args.writable;
  spec.readable = args.readable;
  spec.discard = args.discard;
  spec.inherit_stdio = true;
  spec.limits.cpu_percent = args.cpu_percent;
  spec.limits.processes = args.processes;
  if (!args.memory.empty()) {
    OAP_TRY(spec.limits.memory_bytes, size_of(args.memory, "--memory"));
  }
  if (!args.disk.empty()) {
    OAP_TRY(spec.limits.disk_bytes, size_of(args.disk, "--disk"));
  }
  OAP_TRY(spec.require, sandbox::parse_kinds(args.require));
  OAP_CHECK_OK(set_network(args, job));
  return job;
}

/// The program's end, its time's, or that of the person's patience.
Task<Ended> attend(sandbox::Child& child, Deadline deadline) {
  Ended ended;
  auto exit = co_await async::with_deadline(deadline, child.wait(), "the program");
  if (!exit) {
    ended.timed_out = true;
    child.kill();
    const Deadline last = Deadline::after(kLongestKill);
    exit = co_await async::with_deadline(last, child.wait(), "the end of a killed program");
  }
  if (exit) {
    ended.code = ended.timed_out ? kTimeUp : exit->code;
    ended.signal = exit->signal;
    ended.note = exit->note;
    ended.warnings = exit->warnings;
    ended.dropped = exit->dropped;
  }
  ended.isolation = child.isolation();
  ended.weakness = child.weakness();
  ended.changes = child.changes();
  co_return ended;
}

/// Refused connections are told to the person, who may want to allow the host.
void tell_refusal(const sandbox::Contact& contact) {
  if (!contact.refusal.empty()) {
    print_error("network: " + contact.refusal);
  }
}

/// The first interrupt asks the program to end, the second ends it.
void interrupt(sandbox::Child& child, int count) {
  if (count == 1) {
    child.terminate();
  } else {
    child.kill();
  }
}

Task<Result<Ended>> run_confined(Executor executor, Job job, Deadline deadline) {
  const bool through_proxy = job.spec.through_proxy;
  sandbox::Child* running = nullptr;
  int interrupts = 0;
  const async::Signals signals(executor, [&running, &interrupts](int /*number*/, int count) {
    interrupts = count;
    if (running != nullptr) {
      interrupt(*running, count);
    }
  });
  OAP_CO_TRY(const auto child, sandbox::Child::start(executor, std::move(job.spec)));
  running = child.get();
  if (interrupts > 0) {
    interrupt(*child, interrupts);
  }
  async::Scope proxy(executor);
  if (through_proxy) {
    proxy.spawn(sandbox::serve_proxy(executor, child->listener(), std::move(job.hosts),
                                     &tell_refusal, sandbox::ProxyOptions()));
  }
  Ended ended = co_await attend(*child, deadline);
  proxy.cancel();
  co_await proxy.join();
  co_return ended;
}

void show(const Ended& ended, Millis took, bool as_json) {
  if (!ended.note.empty()) {
    print_error(ended.note);
  }
  if (ended.timed_out) {
    print_error("its time is up, it was killed");
  }
  for (const std::string& warning : ended.warnings) {
    print_error("warning: " + warning);
  }
  if (!ended.dropped.empty()) {
    print_error("thrown away: " + ended.dropped);
  } else if (ended.changes == sandbox::Changes::kRefused) {
    print_error("this machine gives no layer for changes: the workspace could only be read");
  } else if (ended.changes == sandbox::Changes::kOpen) {
    print_error("warning: this machine keeps no program from changing the workspace");
  }
  if (!as_json) {
    return;
  }
  json::Array warnings;
  for (const std::string& warning : ended.warnings) {
    warnings.emplace_back(warning);
  }
  json::Object report{{"exit_code", ended.code},
                      {"signal", ended.signal},
                      {"timed_out", ended.timed_out},
                      {"duration_ms", took.count()},
                      {"note", ended.note},
                      {"weakness", ended.weakness},
                      {"warnings", std::move(warnings)},
                      {"dropped", ended.dropped},
                      {"isolation", sandbox::to_json(ended.isolation)}};
  const std::string line = json::print(json::Value(std::move(report))) + "\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

int refuse(const Error& error, int code, bool as_json) {
  print_error(error.message());
  if (as_json) {
    const std::string line =
        json::print(json::Value(json::Object{
            {"exit_code", code}, {"error", error.message()}, {"isolation", nullptr}})) +
        "\n";
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
  }
  return code;
}

}  // namespace

int sandbox_command(const Common& common, const SandboxArgs& args) {
  auto job = job_of(common, args);
  if (!job) {
    return refuse(job.error(), kWrongOptions, common.json);
  }
  const SteadyTime began = std::chrono::steady_clock::now();
  const Deadline deadline =
      args.timeout > 0 ? Deadline::after(Millis{static_cast<Millis::rep>(args.timeout * 1000)})
                       : Deadline::never();
  async::Runtime runtime;
  const auto ended = runtime.run(run_confined(runtime.executor(), *std::move(job), deadline));
  if (!ended) {
    const bool refused = ended.error().code() == Code::kFailedPrecondition;
    return refuse(ended.error(), refused ? kRefused : kNotStarted, common.json);
  }
  const auto took = std::chrono::steady_clock::now() - began;
  show(*ended, std::chrono::duration_cast<Millis>(took), common.json);
  return ended->code;
}

}  // namespace oap::cli
