#include "platform/workflow_tests.hpp"

#include <algorithm>

#include "cli/commands/workflow.hpp"
#include "cli/output.hpp"
#include "os/file.hpp"
#include "text/nearest.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

using platform::WorkflowTestCase;
using platform::WorkflowTestResult;

constexpr std::size_t kMaxFile = 4U << 20U;

struct TestTarget {
  std::string workflow;
  std::string tests;
};

std::string without_ending(const std::string& file) { return file.substr(0, file.rfind('.')); }

/// The workflow and its test file, by the name of either.
Result<TestTarget> target_of(platform::Workflows& workflows, const std::string& reference) {
  if (reference.ends_with(".test.yaml") || reference.ends_with(".test.yml")) {
    const std::string stem = without_ending(without_ending(reference));
    const std::string ending = reference.substr(reference.rfind('.'));
    return TestTarget{stem + ending, reference};
  }
  OAP_TRY(const platform::LoadedWorkflow loaded, workflows.load(reference));
  const std::string stem = without_ending(loaded.file);
  for (const char* ending : {".test.yaml", ".test.yml"}) {
    if (os::exists(stem + ending)) {
      return TestTarget{loaded.file, stem + ending};
    }
  }
  return fail(Code::kNotFound, "{} has no tests; write them to {}.test.yaml", loaded.file, stem);
}

Result<std::vector<TestTarget>> all_targets(platform::Workflows& workflows,
                                            const WorkflowArgs& args) {
  std::vector<TestTarget> out;
  for (const std::string& reference : args.more) {
    OAP_TRY(TestTarget target, target_of(workflows, reference));
    const bool named_twice = std::any_of(out.begin(), out.end(), [&](const TestTarget& other) {
      return other.tests == target.tests;
    });
    if (!named_twice) {
      out.push_back(std::move(target));
    }
  }
  if (!args.more.empty()) {
    return out;
  }
  for (const platform::WorkflowFile& file : workflows.files()) {
    if (auto target = target_of(workflows, file.path)) {
      out.push_back(*std::move(target));
    }
  }
  return out;
}

struct Tally {
  std::string text;
  json::Array cases;
  std::vector<std::string> names;
  std::size_t count = 0;
  std::size_t failed = 0;
};

void add(Tally& tally, const TestTarget& target, const WorkflowTestResult& result) {
  const bool ok = result.problems.empty();
  ++tally.count;
  tally.failed += ok ? 0 : 1;
  tally.text += fmt::format("{} {} - {}: {}\n", ok ? "ok" : "not ok", tally.count,
                            one_line(target.workflow, 160), one_line(result.name, 120));
  json::Array problems;
  if (!ok) {
    tally.text += "  ---\n  at: " + one_line(result.where, 200) + "\n  problems:\n";
  }
  for (const std::string& problem : result.problems) {
    tally.text += "    - " + one_line(problem, 600) + "\n";
    problems.emplace_back(problem);
  }
  tally.text += ok ? "" : "  ...\n";
  tally.cases.push_back(json::Object{{"workflow", target.workflow},
                                     {"name", result.name},
                                     {"where", result.where},
                                     {"ok", ok},
                                     {"status", result.status},
                                     {"duration_ms", result.duration.count()},
                                     {"problems", std::move(problems)}});
}

Task<Result<void>> test_file(platform::Workflows& workflows, TestTarget target, std::string only,
                             Tally& tally) {
  OAP_CO_TRY(const std::string text, os::read_file(target.tests, kMaxFile));
  OAP_CO_TRY(platform::WorkflowTestFile file, platform::read_workflow_tests(text, target.tests));
  if (!file.workflow.empty()) {
    const std::size_t slash = target.tests.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : target.tests.substr(0, slash + 1);
    target.workflow = file.workflow.starts_with('/') ? file.workflow : folder + file.workflow;
  }
  for (WorkflowTestCase& one : file.cases) {
    tally.names.push_back(one.name);
    if (only.empty() || one.name == only) {
      std::string name =
          target.workflow.find('/') == std::string::npos ? "./" + target.workflow : target.workflow;
      const WorkflowTestResult result =
          co_await platform::run_workflow_test(workflows, std::move(name), std::move(one));
      add(tally, target, result);
    }
  }
  co_return Result<void>{};
}

Task<int> test(platform::Platform& platform, WorkflowArgs args, bool as_json) {
  platform::Workflows& workflows = platform.workflows();
  const auto targets = all_targets(workflows, args);
  if (!targets) {
    co_return report(targets.error(), as_json);
  }
  Tally tally;
  for (const TestTarget& target : *targets) {
    const auto done = co_await test_file(workflows, target, args.only, tally);
    if (!done) {
      co_return report(done.error(), as_json);
    }
  }
  if (tally.count == 0) {
    const std::string what = args.only.empty()
                                 ? "there are no tests (NAME.test.yaml beside NAME.yaml)"
                                 : fmt::format("there is no case '{}'{}", one_line(args.only, 80),
                                               text::did_you_mean(args.only, tally.names));
    co_return report(Error(Code::kUsage, what), as_json);
  }
  if (as_json) {
    print_json({{"ok", tally.failed == 0},
                {"passed", tally.count - tally.failed},
                {"failed", tally.failed},
                {"cases", std::move(tally.cases)}});
  } else {
    print(fmt::format("TAP version 14\n1..{}\n{}# {} passed, {} failed\n", tally.count, tally.text,
                      tally.count - tally.failed, tally.failed));
  }
  co_return tally.failed == 0 ? 0 : 1;
}

}  // namespace

int test_workflows(const Common& common, const WorkflowArgs& args) {
  return with_platform(common, [&args, json = common.json](platform::Platform& platform) {
    return test(platform, args, json);
  });
}

}  // namespace oap::cli
