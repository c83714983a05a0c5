#include "workflow/executor.hpp"

#include <algorithm>
#include <cmath>

#include <boost/asio/this_coro.hpp>
#include <unistd.h>

#include "base/ids.hpp"
#include "crypto/hash.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"
#include "workflow/run.hpp"

namespace oap::workflow {
namespace {

/// Names this process so that its number, used again by another, is not taken for it.
std::string this_process() {
  constexpr std::size_t kStartField = 19;  // proc(5): field 22, counted after "pid (name) "
  std::string start = "?";
  if (auto stat = os::read_file("/proc/self/stat", 4'096)) {
    const auto fields = text::split_words(std::string_view(*stat).substr(stat->rfind(')') + 1));
    start = fields.size() > kStartField ? std::string(fields[kStartField]) : start;
  }
  return fmt::format("pid {} start {}", getpid(), start);
}

json::Value time_or_null(const std::optional<WallTime>& at) {
  return at ? json::Value(format_time(*at)) : json::Value(nullptr);
}

}  // namespace

Millis backoff(const RetryPolicy& policy, int n, double part) {
  const double base = static_cast<double>(std::max<Millis::rep>(0, policy.base.count()));
  const double cap = static_cast<double>(std::max<Millis::rep>(0, policy.cap.count()));
  const double top = std::min(cap, std::ldexp(base, std::clamp(n - 1, 0, 60)));
  return Millis(static_cast<Millis::rep>(top * std::clamp(part, 0.0, 1.0)));
}

bool is_retryable(Code code) {
  return code == Code::kUnavailable || code == Code::kUpstream || code == Code::kDeadlineExceeded;
}

std::string idempotency_key(std::string_view run_id, std::string_view step_id) {
  crypto::Sha256 sha;
  sha.update(run_id).update(std::string_view("\0", 1)).update(step_id);
  return sha.finish_hex();
}

json::Object to_json(const RunResult& result) {
  json::Array steps;
  for (const StepReport& step : result.steps) {
    steps.push_back(json::Object{{"id", step.id},
                                 {"status", to_string(step.state)},
                                 {"started_at", time_or_null(step.started_at)},
                                 {"ended_at", time_or_null(step.ended_at)},
                                 {"attempts", step.attempts},
                                 {"outputs", step.output},
                                 {"error", step.error}});
  }
  return {{"run_id", result.run_id},
          {"status", to_string(result.status)},
          {"steps_completed", result.counts.completed},
          {"total_steps", result.counts.total},
          {"execution_time", static_cast<double>(result.duration.count()) / 1'000.0},
          {"steps", std::move(steps)},
          {"outputs", result.outputs},
          {"error", result.error.empty() ? json::Value(nullptr) : json::Value(result.error)}};
}

Executor::Executor(store::RunRepository& runs, StepRunner& runner, const Clock& clock,
                   Options options)
    : runs_(runs), runner_(runner), clock_(clock), options_(std::move(options)) {
  if (options_.owner.empty()) {
    options_.owner = this_process();
  }
}

Task<Result<RunResult>> Executor::run(Graph graph, RunInfo info, Observer observer) {
  if (info.run_id.empty()) {
    info.run_id = new_id("run_");
  }
  const oap::Executor executor = co_await boost::asio::this_coro::executor;
  const Run::Collaborators with{runs_, runner_, clock_, options_};
  Run run(with, std::move(graph), std::move(info), std::move(observer), executor);
  co_return co_await run.execute();
}

}  // namespace oap::workflow
