#include <algorithm>

#include "async/sleep.hpp"
#include "cli/commands/workflow.hpp"
#include "cli/output.hpp"
#include "cli/workflow_session.hpp"
#include "cli/workflow_view.hpp"
#include "crypto/hash.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "text/nearest.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

using Action = WorkflowArgs::Action;
using workflow::RunResult;
using workflow::StepReport;

constexpr Millis kLook{200};
constexpr std::size_t kPage = 500;

json::Object redacted(const platform::Platform& platform, json::Object object) {
  const json::Value clean = platform.redactor().redact(json::Value(std::move(object)));
  return clean.get_object();
}

json::Object row_of(const store::RunRecord& run) {
  json::Object out{{"run_id", run.id},           {"workflow_id", run.workflow_id},
                   {"name", run.name},           {"status", to_string(run.state)},
                   {"waits_for", run.waits_for}, {"created_at", format_time(run.created_at)},
                   {"ended_at", nullptr},        {"error", run.error},
                   {"user", run.user},           {"interrupted", false}};
  if (run.ended_at) {
    out["ended_at"] = format_time(*run.ended_at);
  }
  if (!run.parent_run.empty()) {
    out["parent_run"] = run.parent_run;
  }
  if (!run.forked_from.empty()) {
    out["forked_from"] = run.forked_from;
  }
  out["interrupted"] = !store::is_end(run.state) && run.waits_for.empty() &&
                       (run.owner.empty() || !workflow::is_alive(run.owner));
  return out;
}

Result<std::vector<store::RunRecord>> find_runs(platform::Workflows& workflows,
                                                const WorkflowArgs& args) {
  store::RunFilter filter;
  filter.workflow_id = args.workflow;
  filter.open_only = args.follow;
  filter.limit = args.limit;
  if (!args.state.empty()) {
    filter.state = store::run_state_from(args.state);
  }
  return workflows.runs().list(filter);
}

Task<int> list(platform::Platform& platform, WorkflowArgs args, bool as_json) {
  platform::Workflows& workflows = platform.workflows();
  const auto runs = find_runs(workflows, args);
  if (!runs) {
    co_return report(runs.error(), as_json);
  }
  json::Array files;
  std::string text;
  std::vector<std::string> known;
  for (const platform::WorkflowFile& file : workflows.files()) {
    known.push_back(file.id);
    files.push_back(json::Object{{"id", file.id},
                                 {"name", file.name},
                                 {"description", file.description},
                                 {"file", file.path},
                                 {"problem", file.problem}});
    text += fmt::format("{:<24} {}\n", one_line(file.id, 60),
                        file.problem.empty()
                            ? one_line(file.description.empty() ? file.name : file.description, 100)
                            : "unreadable: " + one_line(file.problem, 200));
  }
  if (!args.workflow.empty() && runs->empty() &&
      std::find(known.begin(), known.end(), args.workflow) == known.end()) {
    const Error none(Code::kUsage, fmt::format("--workflow: there is no workflow '{}'{}",
                                               one_line(args.workflow, 80),
                                               text::did_you_mean(args.workflow, known)));
    co_return report(none, as_json);
  }
  if (!files.empty()) {
    text = "Workflows (.opencode/workflows):\n" + text + "\n";
  }
  json::Array rows;
  std::string lines;
  for (const store::RunRecord& run : *runs) {
    json::Object row = redacted(platform, row_of(run));
    const bool interrupted = json::get_bool(row, "interrupted");
    lines += fmt::format(
        "{}  {:<10} {:<24} {}{}\n", run.id, interrupted ? "interrupted" : to_string(run.state),
        one_line(run.workflow_id, 60), format_time(run.created_at),
        run.waits_for.empty() ? "" : "  waits for " + one_line(run.waits_for, 200));
    rows.emplace_back(std::move(row));
  }
  if (as_json) {
    print_json({{"workflows", std::move(files)}, {"runs", std::move(rows)}});
  } else if (text.empty() && lines.empty()) {
    print("no workflows and no runs here; 'oap workflow new NAME' begins one\n");
  } else {
    print(text + (lines.empty() ? "no runs yet\n" : "Runs, newest first:\n" + lines));
  }
  co_return 0;
}

std::string time_or_dash(const std::optional<WallTime>& at) { return at ? format_time(*at) : "-"; }

std::string details(const platform::Platform& platform, const StepReport& step) {
  std::string out;
  const std::string error = platform.cleaned(step.error);
  if (!error.empty() && step.state != workflow::StepState::kSkipped) {
    for (const std::string_view line : text::split_lines(error)) {
      out += "      " + text::escape_visible(line) + "\n";
    }
  }
  return out;
}

Task<int> show(platform::Platform& platform, WorkflowArgs args, bool as_json) {
  platform::Workflows& workflows = platform.workflows();
  const auto id = workflows.runs().resolve(args.target);
  const auto run = id ? co_await workflows.engine().show(*id) : Result<RunResult>(fail(id.error()));
  if (!run) {
    co_return report(run.error(), as_json);
  }
  const auto record = workflows.runs().find(*id);
  const auto definition = co_await workflows.engine().definition(*id);
  const std::vector<std::string> answers =
      answers_to(*run, definition ? definition->get() : nullptr);
  if (as_json) {
    json::Object out = redacted(platform, workflow::to_json(*run));
    out["answers"] = json::Array(answers.begin(), answers.end());
    if (record) {
      out["interrupted"] = json::get_bool(row_of(*record), "interrupted");
      out["forked_from"] = record->forked_from;
    }
    print_json(out);
    co_return 0;
  }
  std::string text = fmt::format("{}  {}  {}\n", run->run_id, one_line(run->workflow_id, 80),
                                 to_string(run->status));
  text +=
      fmt::format("  started {}, ended {}, {} of {} steps completed, {}\n",
                  time_or_dash(run->started_at), time_or_dash(run->ended_at), run->counts.completed,
                  run->counts.total, duration_text(time_of(*run, system_clock().wall())));
  if (!run->waits_for.empty() && !workflow::is_end(run->status)) {
    text += "  waits for " + one_line(run->waits_for, 300) + "\n";
  }
  for (const StepReport& step : run->steps) {
    text += fmt::format("  {} {}\n", mark_of(step.state), step_line(step, system_clock().wall())) +
            details(platform, step);
  }
  for (const StepReport& step : run->steps) {
    if (step.state == workflow::StepState::kRunning && step.waits_for == "approval") {
      const std::string message =
          platform.cleaned(approval_message(workflows.runs(), *id, step.path));
      text += fmt::format("  '{}' asks: {}\n", one_line(step.path, 80), one_line(message, 300));
    }
  }
  if (!answers.empty()) {
    text += "Answer with:\n  " + text::join(answers, "\n  ") + "\n";
  }
  if (record && json::get_bool(row_of(*record), "interrupted")) {
    text += fmt::format("Nobody executes it; go on with:\n  oap workflow resume {}\n", *id);
  }
  if (!run->error.empty()) {
    text += "Error: " + one_line(platform.cleaned(run->error), 500) + "\n";
  }
  print(text);
  co_return 0;
}

bool is_within(std::string_view path, std::string_view step) {
  return step.empty() || path == step ||
         (path.starts_with(step) && (path[step.size()] == '.' || path[step.size()] == '['));
}

std::string output_text(const json::Value& output) {
  if (output.is_string()) {
    return std::string(json::view(output.get_string()));
  }
  if (json::find(output, "exit_code") != nullptr) {
    return std::string(json::get_string(output, "stdout")) +
           std::string(json::get_string(output, "output")) +
           std::string(json::get_string(output, "stderr"));
  }
  return output.is_null() ? "" : json::print_pretty(output);
}

void print_log(const platform::Platform& platform, const StepReport& step) {
  std::string text =
      fmt::format("== {}: {}{}\n", text::escape_visible(step.path), to_string(step.state),
                  step.attempts > 1 ? fmt::format(", {} attempts", step.attempts) : "");
  const std::string output = platform.cleaned(output_text(step.output));
  if (!output.empty()) {
    text += text::escape_visible(output, {.keep_newlines = true}) +
            (output.ends_with('\n') ? "" : "\n");
  }
  if (!step.error.empty() && step.error != output) {
    text += (step.state == workflow::StepState::kSkipped ? "" : "error: ") +
            text::escape_visible(platform.cleaned(step.error), {.keep_newlines = true}) + "\n";
  }
  print(text);
}

Task<int> logs(platform::Platform& platform, WorkflowArgs args, bool as_json) {
  platform::Workflows& workflows = platform.workflows();
  const auto id = workflows.runs().resolve(args.target);
  if (!id) {
    co_return report(id.error(), as_json);
  }
  std::set<std::string> told;
  bool known = args.step.empty();
  while (true) {
    const auto run = co_await workflows.engine().show(*id);
    if (!run) {
      co_return report(run.error(), as_json);
    }
    json::Array list;
    for (const StepReport& step : run->steps) {
      if (!is_within(step.path, args.step)) {
        continue;
      }
      known = true;
      const bool over = workflow::is_end(step.state) || step.state == workflow::StepState::kUnknown;
      if (as_json) {
        list.emplace_back(redacted(platform, workflow::to_json(step)));
      } else if (over && told.insert(step.path).second) {
        print_log(platform, step);
      }
    }
    if (!known) {
      co_return report(
          Error(Code::kNotFound, fmt::format("{} has no step '{}'", *id, one_line(args.step, 80))),
          as_json);
    }
    if (!args.follow || workflow::is_end(run->status)) {
      if (as_json) {
        print_json(
            {{"run_id", *id}, {"status", to_string(run->status)}, {"steps", std::move(list)}});
      }
      co_return 0;
    }
    if (!co_await async::sleep_for(kLook)) {
      co_return 130;
    }
  }
}

std::string event_line(const store::EventRow& row, const json::Value& event) {
  std::string text = fmt::format("{:>6}  {}  {:<12} {}", row.seq, format_time(row.at),
                                 one_line(json::get_string(event, "e"), 20),
                                 one_line(json::get_string(event, "step"), 100));
  for (const char* key : {"text", "code"}) {
    if (const auto told = json::get_string(event, key); !told.empty()) {
      text += "  " + one_line(told, 160);
    }
  }
  if (json::get_int(event, "n") > 0) {
    text += fmt::format("  #{}", json::get_int(event, "n"));
  }
  if (const json::Value* const data = json::find(event, "data")) {
    text += "  " + one_line(json::print(*data), 160);
  }
  return text + "\n";
}

Task<int> history(platform::Platform& platform, WorkflowArgs args, bool as_json) {
  store::RunRepository& runs = platform.workflows().runs();
  const auto id = runs.resolve(args.target);
  if (!id) {
    co_return report(id.error(), as_json);
  }
  const auto chain = runs.verify(*id);
  if (!chain) {
    co_return report(chain.error(), as_json);
  }
  json::Array list;
  std::int64_t after = args.after;
  std::size_t left = args.limit;
  while (left > 0) {
    const auto rows = runs.events(*id, after, std::min(left, kPage));
    if (!rows) {
      co_return report(rows.error(), as_json);
    }
    for (const store::EventRow& row : *rows) {
      const auto parsed = json::parse(row.body);
      const json::Value events =
          platform.redactor().redact(parsed ? *parsed : json::Value(row.body));
      if (as_json) {
        list.push_back(json::Object{{"seq", row.seq},
                                    {"at", format_time(row.at)},
                                    {"epoch", row.epoch},
                                    {"hash", crypto::to_hex(row.hash)},
                                    {"events", events}});
      } else if (events.is_array()) {
        for (const json::Value& event : events.get_array()) {
          print(event_line(row, event));
        }
      }
      after = row.seq;
    }
    left -= std::min(left, rows->size());
    if (rows->empty()) {
      break;
    }
  }
  if (as_json) {
    print_json({{"run_id", *id},
                {"intact", chain->intact},
                {"turns", chain->events},
                {"problem", chain->problem},
                {"next_after", after},
                {"history", std::move(list)}});
  } else {
    print(chain->intact ? fmt::format("{} turns, chain intact\n", chain->events)
                        : "the chain is broken: " + chain->problem + "\n");
    if (after < chain->events) {
      print(fmt::format("more: oap workflow history {} --after {}\n", *id, after));
    }
  }
  co_return chain->intact ? 0 : 1;
}

}  // namespace

int show_workflows(const Common& common, const WorkflowArgs& args) {
  return with_platform(common, [&args, json = common.json](platform::Platform& platform) {
    if (args.action == Action::kList) {
      return list(platform, args, json);
    }
    if (args.action == Action::kShow) {
      return show(platform, args, json);
    }
    return args.action == Action::kLogs ? logs(platform, args, json)
                                        : history(platform, args, json);
  });
}

}  // namespace oap::cli
