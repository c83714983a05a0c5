#include <algorithm>

#include "cli/commands/workflow.hpp"
#include "cli/output.hpp"
#include "config/paths.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::cli {
namespace {

using Action = WorkflowArgs::Action;

constexpr std::string_view kStarter =
    R"(# {0}: run it with   oap workflow run {0} --input name=world
# Check it with      oap workflow lint {0}
# Try it without effects with a {0}.test.yaml beside it and   oap workflow test {0}
# Every key is in    oap workflow schema   and in docs/guides/workflows.md.
id: {0}
name: {0}
description: Says hello, then looks at what was said.

# What whoever starts it gives; each is a JSON Schema.
inputs:
  name:
    type: string
    description: Whom to greet
    default: world

steps:
  # A script gets its values by environment variables, never pasted into its text.
  - id: greet
    run: |
      echo "Hello, $NAME!"
    env:
      NAME: ${{{{ inputs.name }}}}
    timeout: 30

  # 'needs' says what must have ended; a step starts the moment it has. 'output: json' makes what
  # a script prints a value.
  - id: measure
    needs: [greet]
    run: |
      printf '{{"length": %d}}\n' "${{#TEXT}}"
    env:
      TEXT: ${{{{ steps.greet.outputs.stdout }}}}
    output: json
    retry: {{max_attempts: 2}}

  # 'if' is an expression (CEL). A step whose 'if' is false is skipped.
  - id: remark
    needs: [measure]
    if: steps.measure.outputs.length > 20
    run: echo "That was a long greeting."

# These steps run at the end whatever happened, also after a failure or Ctrl-C.
finally:
  - id: goodbye
    run: echo "done"

# What the run gives back.
outputs:
  length: ${{{{ steps.measure.outputs.length }}}}
)";

bool is_workflow_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         (text::is_alpha(name.front()) || name.front() == '_') &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '-';
         });
}

int write_starter(const Common& common, const WorkflowArgs& args) {
  if (!is_workflow_name(args.target)) {
    return report(Error(Code::kUsage, fmt::format("'{}' is no id: letters, digits, '_' and '-', "
                                                  "beginning with a letter, at most 64",
                                                  one_line(args.target, 80))),
                  common.json);
  }
  config::PathOptions options;
  if (!common.workspace.empty()) {
    options.workspace = common.workspace;
  }
  const auto paths = config::resolve_paths(options);
  if (!paths) {
    return report(paths.error(), common.json);
  }
  const std::string folder = paths->project_dir + "/workflows";
  const std::string file = folder + "/" + args.target + ".yaml";
  if (os::exists(file)) {
    return report(Error(Code::kAlreadyExists, file + " exists already"), common.json);
  }
  auto made = os::make_dirs(folder);
  if (made) {
    made = os::write_file_atomic(file, fmt::format(kStarter, args.target));
  }
  if (!made) {
    return report(made.error(), common.json);
  }
  if (common.json) {
    print_json({{"file", file}, {"id", args.target}});
  } else {
    print(
        fmt::format("wrote {}\nnext: oap workflow run {} --input name=world\n", file, args.target));
  }
  return 0;
}

struct Checked {
  json::Array files;
  json::Array problems;
  std::string text;
  bool wrong = false;
};

void add(Checked& out, const workflow::Problem& problem) {
  out.wrong = out.wrong || !problem.warning;
  const std::string place = problem.where.empty() ? "" : problem.where + ": ";
  out.text += place + (problem.warning ? "warning: " : "") + problem.message + "\n";
  out.problems.push_back(json::Object{
      {"where", problem.where}, {"message", problem.message}, {"warning", problem.warning}});
}

void check(const platform::Platform& platform, platform::Workflows& workflows,
           const std::string& reference, Checked& out) {
  const auto loaded = load_workflow(platform, workflows, reference);
  if (!loaded) {
    add(out, {reference, loaded.error().to_string(), false});
    return;
  }
  for (const workflow::Problem& problem : loaded->problems) {
    add(out, problem);
  }
  json::Object file{{"file", loaded->file}, {"ok", loaded->blueprint != nullptr}};
  if (loaded->blueprint != nullptr) {
    file["id"] = loaded->blueprint->definition().id;
    file["steps"] = loaded->blueprint->size();
    file["hash"] = loaded->blueprint->hash();
  }
  out.files.emplace_back(std::move(file));
}

/// Two files of one id: the id alone then names neither.
void check_ids(platform::Workflows& workflows, Checked& out) {
  std::map<std::string, std::string> seen;
  for (const platform::WorkflowFile& file : workflows.files()) {
    const auto [place, fresh] = seen.try_emplace(file.id, file.path);
    if (!fresh) {
      add(out, {file.path,
                fmt::format("the id '{}' is also that of {}; the id alone names neither", file.id,
                            place->second),
                true});
    }
  }
}

Task<int> lint(platform::Platform& platform, WorkflowArgs args, bool as_json) {
  platform::Workflows& workflows = platform.workflows();
  std::vector<std::string> references = args.more;
  Checked out;
  if (references.empty()) {
    for (const platform::WorkflowFile& file : workflows.files()) {
      references.push_back(file.path);
    }
    check_ids(workflows, out);
  }
  for (const std::string& reference : references) {
    check(platform, workflows, reference, out);
  }
  if (as_json) {
    print_json({{"ok", !out.wrong},
                {"files", std::move(out.files)},
                {"problems", std::move(out.problems)}});
  } else {
    print(out.text);
    if (!out.wrong) {
      print(references.empty() ? "no workflows in .opencode/workflows\n"
                               : fmt::format("{} workflow{} checked, nothing wrong\n",
                                             references.size(), references.size() == 1 ? "" : "s"));
    }
  }
  co_return out.wrong ? 2 : 0;
}

}  // namespace

int check_workflows(const Common& common, const WorkflowArgs& args) {
  if (args.action == Action::kSchema) {
    print(json::print_pretty(workflow::workflow_schema()) + "\n");
    return 0;
  }
  if (args.action == Action::kNew) {
    return write_starter(common, args);
  }
  return with_platform(common, [&args, json = common.json](platform::Platform& platform) {
    return lint(platform, args, json);
  });
}

}  // namespace oap::cli
