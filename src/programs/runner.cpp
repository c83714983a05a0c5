#include "programs/runner.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "async/deadline.hpp"
#include "base/log.hpp"
#include "json/print.hpp"
#include "programs/commands.hpp"
#include "sandbox/run.hpp"
#include "text/strings.hpp"

namespace oap::programs {
namespace {

constexpr std::size_t kAtOnce = 16;
constexpr std::size_t kMostBeside = 32;
constexpr std::size_t kMostOutput = 1U << 20U;
constexpr Millis kLongestEnd{60'000};
constexpr Millis kLongestClose{2'000};

std::string in_project(std::string_view word, const std::string& workspace) {
  return text::replace_all(word, "${CLAUDE_PROJECT_DIR}", workspace);
}

std::string identity(const Handler& handler) {
  std::string out = handler.command;
  for (const std::string& word : handler.args.value_or(std::vector<std::string>())) {
    out += '\0' + word;
  }
  for (const auto& [name, value] : handler.headers) {
    out += '\0' + name + '=' + value;
  }
  return out + std::to_string(static_cast<int>(handler.kind)) + (handler.args ? "exec" : "shell");
}

}  // namespace

/// One program of an event while it runs.
struct Runner::Job {
  const Handler* handler = nullptr;
  Ending ending;
};

Runner::Runner(Parts parts) : parts_(std::move(parts)), background_(parts_.executor) {
  for (const Handler& handler : parts_.hooks.handlers) {
    if (handler.owner == Owner::kProject) {
      digests_[&handler] = digest_of(handler, parts_.workspace);
    }
  }
}

/// An agent that edits what a hook runs would else have it run with the hook's rights.
bool Runner::is_changed(const Handler& handler) const {
  const auto known = digests_.find(&handler);
  return known != digests_.end() && known->second != digest_of(handler, parts_.workspace);
}

bool Runner::any(Event event) const {
  return std::any_of(parts_.hooks.handlers.begin(), parts_.hooks.handlers.end(),
                     [event](const Handler& one) { return one.event == event; });
}

std::vector<const Handler*> Runner::fitting(const Occasion& occasion) const {
  std::vector<const Handler*> out;
  std::set<std::string> seen;
  for (const Handler& handler : parts_.hooks.handlers) {
    if (handler.event != occasion.event || !handler.matcher.matches(occasion.subject)) {
      continue;
    }
    const bool conditional =
        !handler.condition.empty() && occasion.call != nullptr && parts_.condition;
    if (conditional && !parts_.condition(handler.condition, *occasion.call,
                                         occasion.cwd.empty() ? parts_.workspace : occasion.cwd)) {
      continue;
    }
    if (seen.insert(identity(handler)).second) {
      out.push_back(&handler);
    }
  }
  return out;
}

std::string Runner::input_for(const Occasion& occasion, const std::string& transcript) const {
  json::Object input{{"session_id", occasion.session_id},
                     {"transcript_path", transcript},
                     {"cwd", occasion.cwd.empty() ? parts_.workspace : occasion.cwd},
                     {"permission_mode", parts_.permission_mode},
                     {"hook_event_name", to_string(occasion.event)}};
  if (!occasion.agent.empty()) {
    input["agent_type"] = occasion.agent;
  }
  for (const auto& member : occasion.details) {
    input[member.key()] = member.value();
  }
  return json::print(json::Value(std::move(input))) + "\n";
}

sandbox::Spec Runner::spec_for(const Handler& handler, const Occasion& occasion,
                               const std::string& transcript) const {
  sandbox::Spec spec = parts_.child;
  const std::string& workspace = parts_.workspace;
  if (handler.args) {
    spec.argv = {in_project(handler.command, workspace)};
    for (const std::string& word : *handler.args) {
      spec.argv.push_back(in_project(word, workspace));
    }
  } else {
    spec.argv = {"bash", "--noprofile", "--norc", "-c", handler.command};
  }
  spec.cwd = occasion.cwd.empty() ? workspace : occasion.cwd;
  spec.workspace = spec.cwd;
  const bool elsewhere = spec.cwd != workspace && !spec.cwd.starts_with(workspace + "/");
  if (spec.cwd.starts_with(workspace + "/")) {
    spec.workspace = workspace;
  } else if (elsewhere) {
    spec.readable.push_back(workspace);
  }
  if (!transcript.empty()) {
    spec.readable.push_back(transcript);
  }
  spec.env = parts_.env;
  spec.env["CLAUDE_PROJECT_DIR"] = workspace;
  spec.profile =
      handler.owner == Owner::kProject ? sandbox::Profile::kService : sandbox::Profile::kOwn;
  return spec;
}

Task<Ending> Runner::run_one(sandbox::Spec spec, std::string input, Millis most) const {
  sandbox::RunOptions options;
  options.input = std::move(input);
  options.deadline = Deadline::after(most);
  options.max_output_bytes = kMostOutput;
  auto output = co_await sandbox::run(parts_.executor, std::move(spec), std::move(options));
  Ending ending;
  if (!output) {
    ending.fault = "could not be started: " + output.error().message();
    co_return ending;
  }
  ending.exit_code = output->exit_code;
  ending.timed_out = output->timed_out;
  ending.out = std::move(output->out);
  ending.err = std::move(output->err);
  if (output->signal != 0) {
    ending.fault = output->timed_out ? "" : fmt::format("was ended by signal {}", output->signal);
  }
  co_return ending;
}

Task<void> Runner::run_job(Job& job, const Occasion& occasion, const std::string& transcript,
                           std::string input) const {
  const Handler& handler = *job.handler;
  const Millis most = occasion.event == Event::kSessionEnd ? std::min(handler.timeout, kLongestEnd)
                                                           : handler.timeout;
  if (handler.kind == Handler::Kind::kCommand) {
    job.ending = co_await run_one(spec_for(handler, occasion, transcript), std::move(input), most);
    co_return;
  }
  if (!parts_.elsewhere) {
    job.ending.fault = "cannot be asked here";
    co_return;
  }
  job.ending = co_await parts_.elsewhere(handler, std::move(input), most);
}

Task<void> Runner::run_beside(const Handler& handler, sandbox::Spec spec, std::string input) {
  const Ending ending = co_await run_one(std::move(spec), std::move(input), handler.timeout);
  Answer answer = read_answer(handler, ending);
  answer.decision = Decision::kNone;
  clean(answer);
  tell(answer);
}

Task<Answer> Runner::run(Occasion occasion) {
  Answer all;
  const std::vector<const Handler*> handlers = fitting(occasion);
  if (handlers.empty()) {
    co_return all;
  }
  const std::string transcript =
      parts_.transcript ? parts_.transcript(occasion.session_id) : std::string();
  const std::string input = input_for(occasion, transcript);
  std::vector<Job> jobs;
  for (const Handler* handler : handlers) {
    if (is_changed(*handler)) {
      jobs.push_back({handler, {}});
      jobs.back().ending.fault =
          "runs a program that was changed since; look at it, then run: oap trust";
    } else if (!handler->background) {
      jobs.push_back({handler, {}});
    } else if (background_.live() < kMostBeside) {
      background_.spawn(run_beside(*handler, spec_for(*handler, occasion, transcript), input));
    } else {
      all.faults.push_back("too many hooks run in the background; one was not started");
    }
  }
  for (std::size_t first = 0; first < jobs.size(); first += kAtOnce) {
    async::Scope scope(parts_.executor);
    const std::size_t end = std::min(jobs.size(), first + kAtOnce);
    for (std::size_t i = first; i < end; ++i) {
      if (jobs[i].ending.fault.empty()) {
        scope.spawn(run_job(jobs[i], occasion, transcript, input));
      }
    }
    co_await scope.join();
  }
  for (const Job& job : jobs) {
    merge(all, read_answer(*job.handler, job.ending));
  }
  clean(all);
  tell(all);
  co_return all;
}

void Runner::clean(json::Value& value) const {
  if (value.is_string()) {
    value = json::String(parts_.clean(std::string(json::view(value.get_string()))));
  } else if (value.is_array()) {
    for (json::Value& item : value.get_array()) {
      clean(item);
    }
  } else if (value.is_object()) {
    for (auto& member : value.get_object()) {
      clean(member.value());
    }
  }
}

void Runner::clean(Answer& answer) const {
  if (!parts_.clean) {
    return;
  }
  if (answer.output) {
    clean(*answer.output);
  }
  answer.reason = parts_.clean(std::move(answer.reason));
  answer.stop_reason = parts_.clean(std::move(answer.stop_reason));
  for (std::vector<std::string>* const list : {&answer.context, &answer.told, &answer.faults}) {
    for (std::string& text : *list) {
      text = parts_.clean(std::move(text));
    }
  }
}

void Runner::tell(const Answer& answer) const {
  for (const std::vector<std::string>* const list : {&answer.told, &answer.faults}) {
    for (const std::string& text : *list) {
      say(text);
    }
  }
}

void Runner::say(std::string_view text) const {
  if (listener_) {
    listener_(text);
  } else {
    log::warn("hooks", text);
  }
}

Task<void> Runner::close() {
  const Deadline soon = Deadline::after(kLongestClose);
  const auto join = [](async::Scope& scope) -> Task<Result<void>> {
    co_await scope.join();
    co_return Result<void>();
  };
  auto ended = co_await async::with_deadline(soon, join(background_), "hooks in the background");
  if (!ended) {
    background_.cancel();
    co_await background_.join();
  }
}

}  // namespace oap::programs
