#include "platform/workflow_tests.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include <stdlib.h>

#include "async/scope.hpp"
#include "base/ids.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"
#include "workflow/view/critical_path.hpp"

namespace oap::platform {
namespace {

using workflow::StepReport;
using workflow::StepRequest;
using workflow::StepResult;
using workflow::StepState;

constexpr Millis kPatience{60'000};
constexpr Millis kMoment{1};

/// As the author writes it: "loop[3].body" → "loop.body", "finally.notify" → "notify".
std::string author_path(std::string_view path) {
  constexpr std::string_view kFinally = "finally.";
  return workflow::author_path(path.starts_with(kFinally) ? path.substr(kFinally.size()) : path);
}

std::string tool_name(const workflow::StepBody& body) {
  if (const auto* const tool = std::get_if<workflow::ToolStep>(&body)) {
    const bool builtin = tool->server == kBuiltinServer || tool->server == "default";
    return builtin ? tool->tool : tool->server + "__" + tool->tool;
  }
  if (const auto* const script = std::get_if<workflow::ScriptStep>(&body)) {
    return script->shell;
  }
  return "agent";
}

class StubRunner final : public workflow::StepRunner {
 public:
  explicit StubRunner(const WorkflowTestCase& test) : test_(test) {}

  Task<Result<StepResult>> run(StepRequest request) override {
    const std::string tool = tool_name(request.step->body);
    calls[request.path].push_back(request.input);
    called.push_back(request.path);
    called.push_back(author_path(request.path));
    called.push_back(tool);
    const Stub* const stub = find(request.path, tool);
    StepResult result;
    if (stub == nullptr) {
      missing.push_back(
          fmt::format("step '{}' called {}, and there is no stub for it", request.path, tool));
      result.ok = false;
      result.error = missing.back();
      result.error_code = "no_stub";
      co_return result;
    }
    result.output = shaped(*request.step, stub->output);
    result.usage.tokens = stub->tokens;
    result.usage.cost_usd = stub->cost_usd;
    if (!stub->error.empty()) {
      result.ok = false;
      result.error = stub->error;
      result.error_code = stub->code;
      result.retryable = stub->retryable.value_or(stub->code != "permission_denied" &&
                                                  stub->code != "invalid_argument");
    }
    co_return result;
  }

  std::map<std::string, std::vector<json::Value>, std::less<>>
      calls;  ///< by path: what it was given
  std::vector<std::string> called;
  std::vector<std::string> missing;

 private:
  const Stub* find(const std::string& path, const std::string& tool) {
    for (const auto& [list, key] :
         {std::pair(&test_.stubs, path), std::pair(&test_.stubs, author_path(path)),
          std::pair(&test_.tools, tool)}) {
      const auto found = list->find(key);
      if (found != list->end()) {
        std::size_t& used = used_[(list == &test_.tools ? "tool " : "step ") + key];
        const StubSequence& sequence = found->second;
        const Stub& stub = sequence[std::min(used, sequence.size() - 1)];
        ++used;
        return &stub;
      }
    }
    return nullptr;
  }

  /// A text is what a script printed.
  static json::Value shaped(const workflow::StepDefinition& step, const json::Value& output) {
    const auto* const script = std::get_if<workflow::ScriptStep>(&step.body);
    if (script == nullptr || script->json_output || output.is_object()) {
      return output;
    }
    return json::Object{{"exit_code", 0},
                        {"stdout", output.is_null() ? json::Value("") : output},
                        {"stderr", ""},
                        {"timed_out", false},
                        {"truncated", false}};
  }

  const WorkflowTestCase& test_;
  std::map<std::string, std::size_t> used_;
};

/// The definition with everything that takes time taking none.
void hurry(workflow::Steps& steps, const WorkflowTestCase& test, const std::string& above);

void hurry(workflow::StepDefinition& step, const WorkflowTestCase& test, const std::string& path) {
  step.retry.initial = kMoment;
  step.retry.max = kMoment;
  if (auto* const wait = std::get_if<workflow::WaitStep>(&step.body);
      wait != nullptr && wait->signal.empty()) {
    wait->duration = "0";
    wait->until.clear();
  }
  if (auto* const approval = std::get_if<workflow::ApprovalStep>(&step.body)) {
    const bool expires =
        std::find(test.expires.begin(), test.expires.end(), path) != test.expires.end();
    approval->expires = expires ? std::optional(kMoment) : std::nullopt;
  }
  const auto inner = [&](std::unique_ptr<workflow::Steps>& block) {
    if (block != nullptr) {
      hurry(*block, test, path + ".");
    }
  };
  if (auto* const loop = std::get_if<workflow::LoopStep>(&step.body)) {
    inner(loop->body);
  } else if (auto* const group = std::get_if<workflow::GroupStep>(&step.body)) {
    inner(group->body);
  } else if (auto* const condition = std::get_if<workflow::ConditionStep>(&step.body)) {
    inner(condition->then_steps);
    inner(condition->else_steps);
  }
  if (step.compensate != nullptr) {
    hurry(*step.compensate, test, path + ".compensate");
  }
}

void hurry(workflow::Steps& steps, const WorkflowTestCase& test, const std::string& above) {
  for (workflow::StepDefinition& step : steps) {
    hurry(step, test, above + step.id);
  }
}

std::shared_ptr<const workflow::Blueprint> compiled(const std::string& file,
                                                    const WorkflowTestCase& test,
                                                    std::vector<workflow::Problem>& problems) {
  const auto text = os::read_file(file);
  if (!text) {
    problems.push_back({file, text.error().to_string(), false});
    return nullptr;
  }
  workflow::Reading reading = workflow::read_workflow(*text, file);
  hurry(reading.definition.steps, test, "");
  hurry(reading.definition.finally, test, "");
  return workflow::Blueprint::compile(std::move(reading.definition), file, nullptr, problems);
}

/// A store in a folder of its own, removed with it.
class Scratch {
 public:
  static Result<std::unique_ptr<Scratch>> make() {
    std::string folder = (std::filesystem::temp_directory_path() / "oap-test-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) {
      return fail(Code::kUnavailable, "no temporary folder can be made in {}",
                  std::filesystem::temp_directory_path().string());
    }
    auto scratch = std::unique_ptr<Scratch>(new Scratch(folder));
    OAP_TRY(scratch->store_, store::Store::open(folder + "/oap.db"));
    return scratch;
  }
  ~Scratch() {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  store::Store& store() { return *store_; }

 private:
  explicit Scratch(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
  std::unique_ptr<store::Store> store_;
};

/// Whether `given` has all that `wanted` has.
bool has_all(const json::Value& given, const json::Value& wanted) {
  if (!wanted.is_object() || !given.is_object()) {
    return given == wanted;
  }
  return std::all_of(wanted.get_object().begin(), wanted.get_object().end(), [&](const auto& pair) {
    const json::Value* const member = json::find(given, pair.key());
    return member != nullptr && has_all(*member, pair.value());
  });
}

class Case {
 public:
  Case(const Workflows& workflows, WorkflowTestCase test, Executor executor)
      : workflows_(workflows),
        test_(std::move(test)),
        runner_(test_),
        scope_(executor),
        executor_(std::move(executor)) {}

  Task<WorkflowTestResult> run(std::string file) {
    const SteadyTime began = system_clock().steady();
    WorkflowTestResult out;
    out.name = test_.name;
    out.where = test_.where;
    auto done = co_await execute(std::move(file));
    if (done) {
      out.status = to_string(done->status);
      compare(*done);
    } else {
      problem("{}", done.error().to_string());
    }
    out.problems = std::move(problems_);
    out.duration = std::chrono::duration_cast<Millis>(system_clock().steady() - began);
    co_return out;
  }

 private:
  template <class... Args>
  void problem(fmt::format_string<Args...> format, Args&&... args) {
    problems_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  Task<Result<workflow::RunResult>> execute(std::string file) {
    OAP_CO_TRY(const LoadedWorkflow loaded, workflows_.load(file));
    std::vector<workflow::Problem> faults;
    for (const workflow::Problem& fault : loaded.problems) {
      if (!fault.warning) {
        faults.push_back(fault);
      }
    }
    if (!faults.empty()) {
      co_return fail(Code::kConfiguration, "{}", text::trim(workflow::to_text(faults)));
    }
    workflow::StartRequest request;
    request.blueprint = compiled(loaded.file, test_, faults);
    for (const auto& [name, path] : loaded.called) {
      request.subworkflows[name] = compiled(path, test_, faults);
    }
    if (request.blueprint == nullptr) {
      co_return fail(Code::kConfiguration, "{}", text::trim(workflow::to_text(faults)));
    }
    check_names(request);
    request.inputs = test_.inputs;
    request.user = "tester";
    OAP_CO_TRY(const std::unique_ptr<Scratch> scratch, Scratch::make());
    workflow::Engine::Options options;
    options.seed = 1;
    options.park_after = Millis(3'600'000);
    options.secret = [this](std::string_view name) -> std::optional<std::string> {
      const auto found = test_.secrets.find(name);
      return found == test_.secrets.end() ? std::nullopt : std::optional(found->second);
    };
    workflow::KeySeal seal({std::string(32, 't')});  // of a store that is gone after the test
    options.seal = &seal;
    workflow::Engine engine(executor_, scratch->store().runs(), runner_, system_clock(),
                            std::move(options));
    engine_ = &engine;
    const auto watching = engine.observe("", observer());
    auto result = co_await to_the_end(std::move(request));
    scope_.cancel();
    co_await scope_.join();
    const Deadline soon = Deadline::after(Millis(5'000));
    co_await engine.close(soon);
    co_return result;
  }

  /// A name that means nothing would make a stub or an expectation that cannot fail.
  void check_names(const workflow::StartRequest& request) {
    std::vector<std::shared_ptr<const workflow::Blueprint>> all{request.blueprint};
    for (const auto& [name, blueprint] : request.subworkflows) {
      all.push_back(blueprint);
    }
    std::erase(all, nullptr);
    std::set<std::string, std::less<>> tools;
    for (const auto& blueprint : all) {
      for (workflow::StepIndex index = 0; index < blueprint->size(); ++index) {
        tools.insert(tool_name(blueprint->step(index).definition->body));
      }
    }
    const auto is_step = [&](std::string_view name) {
      const std::string path = author_path(name);
      return std::any_of(all.begin(), all.end(), [&](const auto& blueprint) {
        return blueprint->find(path) || blueprint->find("finally." + path);
      });
    };
    const auto wants_step = [&](std::string_view name, std::string_view key) {
      if (!is_step(name)) {
        problem("{} names '{}', and the workflow has no such step", key, name);
      }
    };
    for (const auto& [name, sequence] : test_.stubs) {
      wants_step(name, "stubs");
    }
    for (const auto& [name, votes] : test_.approvals) {
      wants_step(name, "approvals");
    }
    for (const std::string& name : test_.expires) {
      wants_step(name, "expires");
    }
    for (const std::string& name : test_.not_called) {
      if (!is_step(name) && !tools.contains(name)) {
        problem("not_called names '{}', which is no step and no tool of the workflow", name);
      }
    }
    for (const auto& [name, sequence] : test_.tools) {
      if (!tools.contains(name)) {
        problem("tools names '{}', which no step of the workflow uses", name);
      }
    }
  }

  Task<Result<workflow::RunResult>> to_the_end(workflow::StartRequest request) {
    request.run_id = run_id_ = new_id("run_");  // known before the first step asks for a vote
    OAP_CO_TRY(const std::string id, co_await engine_->start(std::move(request)));
    for (const auto& [name, payload] : test_.signals) {
      OAP_CO_CHECK_OK(co_await engine_->signal(id, name, payload));
    }
    const Deadline deadline = Deadline::after(kPatience);
    auto result = co_await engine_->wait(id, deadline);
    if (!result && result.error().code() == Code::kDeadlineExceeded) {
      OAP_CO_TRY(result, co_await engine_->show(id));
      problem("the run did not end within {} s{}", kPatience.count() / 1000,
              result->waits_for.empty() ? "" : "; it waits for " + result->waits_for);
    }
    co_return result;
  }

  workflow::Observer observer() {
    workflow::Observer observer;
    observer.on_step = [this](const StepReport& step) {
      if (step.state == StepState::kRunning && step.waits_for == "approval" &&
          asked_.insert(step.path).second) {
        answer(step.path);
      }
    };
    return observer;
  }

  void answer(const std::string& path) {
    auto votes = test_.approvals.find(path);
    if (votes == test_.approvals.end()) {
      votes = test_.approvals.find(author_path(path));
    }
    if (votes != test_.approvals.end()) {
      scope_.spawn(vote(path, votes->second));
    } else if (std::find(test_.expires.begin(), test_.expires.end(), author_path(path)) ==
               test_.expires.end()) {
      problem("step '{}' waits for an approval; give it in 'approvals' or 'expires'", path);
      scope_.spawn(give_up());
    }
  }

  Task<void> give_up() {
    const auto told = co_await engine_->cancel(run_id_, "tester");
    if (!told) {
      problem("{}", told.error().to_string());
    }
  }

  Task<void> vote(std::string path, std::vector<TestVote> votes) {
    for (TestVote& given : votes) {
      workflow::Vote vote{given.by.empty() ? "tester" : given.by, given.approve, given.comment,
                          given.form};
      const auto done = co_await engine_->approve(run_id_, path, std::move(vote));
      if (!done) {
        problem("the vote of {} on '{}' was refused: {}", given.by, path, done.error().to_string());
        co_await give_up();
        co_return;
      }
    }
  }

  void compare(const workflow::RunResult& run) {
    for (const std::string& missing : runner_.missing) {
      problem("{}", missing);
    }
    if (to_string(run.status) != test_.status) {
      problem("status is {}, not {}{}", to_string(run.status), test_.status,
              run.error.empty() ? "" : " (" + run.error + ")");
    }
    if (!test_.error.empty() && run.error.find(test_.error) == std::string::npos) {
      problem("the error does not hold '{}': {}", test_.error, run.error);
    }
    for (const auto& [path, expected] : test_.steps) {
      const auto step = std::find_if(run.steps.begin(), run.steps.end(),
                                     [&](const StepReport& each) { return each.path == path; });
      if (step == run.steps.end()) {
        problem("there was no step '{}'", path);
      } else {
        compare(*step, expected);
      }
    }
    for (const auto& pair : test_.outputs) {
      const json::Value* const given = json::find(run.outputs, pair.key());
      if (given == nullptr || *given != pair.value()) {
        problem("output '{}' is {}, not {}", std::string_view(pair.key()),
                given == nullptr ? "absent" : json::print(*given), json::print(pair.value()));
      }
    }
    compare_calls();
  }

  void compare(const StepReport& step, const ExpectedStep& expected) {
    if (!expected.status.empty() && to_string(step.state) != expected.status) {
      problem("step '{}' is {}, not {}{}", step.path, to_string(step.state), expected.status,
              step.error.empty() ? "" : " (" + step.error + ")");
    }
    if (!expected.error.empty() && step.error.find(expected.error) == std::string::npos) {
      problem("the error of '{}' does not hold '{}': {}", step.path, expected.error, step.error);
    }
    if (expected.attempts && step.attempts != *expected.attempts) {
      problem("step '{}' had {} attempts, not {}", step.path, step.attempts, *expected.attempts);
    }
    if (expected.output && !has_all(step.output, *expected.output)) {
      problem("the output of '{}' is {}, not {}", step.path, json::print(step.output),
              json::print(*expected.output));
    }
  }

  void compare_calls() {
    for (const auto& pair : test_.calls) {
      const auto made = runner_.calls.find(std::string_view(pair.key()));
      if (made == runner_.calls.end()) {
        problem("step '{}' made no call", std::string_view(pair.key()));
      } else if (std::none_of(
                     made->second.begin(), made->second.end(),
                     [&](const json::Value& each) { return has_all(each, pair.value()); })) {
        problem("step '{}' was given {}, not {}", std::string_view(pair.key()),
                json::print(made->second.back()), json::print(pair.value()));
      }
    }
    for (const std::string& name : test_.not_called) {
      if (std::find(runner_.called.begin(), runner_.called.end(), name) != runner_.called.end()) {
        problem("'{}' was called", name);
      }
    }
  }

  const Workflows& workflows_;
  WorkflowTestCase test_;
  StubRunner runner_;
  async::Scope scope_;
  Executor executor_;
  workflow::Engine* engine_ = nullptr;
  std::string run_id_;
  std::set<std::string> asked_;
  std::vector<std::string> problems_;
};

}  // namespace

Task<WorkflowTestResult> run_workflow_test(const Workflows& workflows, std::string file,
                                           WorkflowTestCase test) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Case one(workflows, std::move(test), executor);
  co_return co_await one.run(std::move(file));
}

}  // namespace oap::platform
