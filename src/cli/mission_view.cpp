#include "cli/mission_view.hpp"

#include <fmt/format.h>

#include "async/sleep.hpp"
#include "cli/output.hpp"
#include "cli/person.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

constexpr std::size_t kShown = 20;

json::Object state_fields(const orchestration::MissionStatus& status) {
  return json::Object{{"type", "step"},
                      {"id", "mission"},
                      {"state", to_string(status.state)},
                      {"waits_for", to_string(status.waits_for)},
                      {"reason", status.reason},
                      {"iteration", status.iteration}};
}

json::Object task_fields(const orchestration::DelegatedTask& task) {
  return json::Object{{"type", "step"},
                      {"id", task.id},
                      {"agent", task.agent},
                      {"description", task.description},
                      {"state", to_string(task.state)}};
}

std::string lines_of(std::string_view title, const std::vector<std::string>& lines) {
  std::string text;
  for (std::size_t i = 0; i < lines.size() && i < kShown; ++i) {
    text += fmt::format("{}{}\n", i == 0 ? fmt::format("{:<10}", title) : std::string(10, ' '),
                        text::escape_visible(lines[i]));
  }
  if (lines.size() > kShown) {
    text += fmt::format("{:10}and {} more\n", "", lines.size() - kShown);
  }
  return text;
}

/// What a person types, where it waits for one.
std::string how_to_answer(const orchestration::MissionReport& report) {
  return report.status.waits_for == orchestration::WaitsFor::kUser
             ? fmt::format("{:<10}oap mission resume {} --answer \"…\"\n", "to answer",
                           report.mission_id)
             : "";
}

}  // namespace

MissionView::MissionView(Format format) : format_(format), view_(make_view(format)) {}

platform::MissionObserver MissionView::observer() {
  platform::MissionObserver observer;
  platform::RunObserver run = view_->observer();
  observer.events.run = run.events;
  observer.on_call = run.on_call;
  observer.on_begin = [format = format_, run](const std::string& mission,
                                              const std::string& session) {
    if (format == Format::kStreamJson) {
      print_json(
          json::Object{{"type", "session"}, {"session_id", session}, {"mission_id", mission}});
    } else {
      orchestration::tell(run.events.on_notice, std::string_view("mission " + mission));
    }
  };
  observer.events.on_state = [format = format_, run](const orchestration::MissionStatus& status) {
    if (format == Format::kStreamJson) {
      print_json(json::Value(state_fields(status)));
      return;
    }
    const std::string line = orchestration::state_line(status);
    orchestration::tell(run.events.on_notice, std::string_view(line));
  };
  observer.events.on_task = [format = format_, run](const orchestration::DelegatedTask& task) {
    if (format == Format::kStreamJson) {
      print_json(json::Value(task_fields(task)));
      return;
    }
    const std::string line =
        fmt::format("{} {}: {}", task.id, task.agent, text::escape_visible(task.description));
    orchestration::tell(run.events.on_notice, std::string_view(line));
  };
  return observer;
}

void MissionView::finish(const orchestration::MissionReport& report) {
  if (format_ == Format::kText) {
    view_.reset();
    if (!report.content.empty()) {
      print(report.content + (report.content.ends_with('\n') ? "" : "\n"));
    }
    print_message(mission_text(report), false);
    return;
  }
  json::Object out = to_json(report);
  if (format_ == Format::kStreamJson) {
    json::Object line{{"type", "result"}};
    for (auto& member : out) {
      line[member.key()] = std::move(member.value());
    }
    out = std::move(line);
  }
  print_json(json::Value(std::move(out)));
}

int MissionView::fail(const Error& error) {
  if (format_ == Format::kText) {
    view_.reset();
    return report(error);
  }
  json::Object out{{"success", false},
                   {"mission_id", nullptr},
                   {"status", "failed"},
                   {"error", error.to_string()},
                   {"error_code", to_string(error.code())}};
  if (format_ == Format::kStreamJson) {
    print_json(json::Object{
        {"type", "error"}, {"code", to_string(error.code())}, {"message", error.to_string()}});
    out["type"] = "result";
  }
  print_json(json::Value(std::move(out)));
  return exit_code(error.code());
}

std::string mission_text(const orchestration::MissionReport& report) {
  const std::string waits(to_string(report.status.waits_for));
  std::string text = fmt::format("{:<10}{}\n", "mission", report.mission_id);
  text +=
      fmt::format("{:<10}{}\n", "objective",
                  text::escape_visible(report.objective.substr(0, report.objective.find('\n'))));
  text += fmt::format(
      "{:<10}{}{}{}\n", "state", to_string(report.status.state),
      waits.empty() ? "" : " for " + waits,
      report.status.reason.empty() ? "" : ": " + text::escape_visible(report.status.reason));
  text += how_to_answer(report);
  const orchestration::TodoCounts& counts = report.verdict.counts;
  text += fmt::format("{:<10}{}/{} items closed in {}; iteration {} of {}\n", "plan",
                      counts.closed(), counts.total, report.plan_file, report.status.iteration,
                      report.limits.iterations);
  text += lines_of("open", report.verdict.open);
  text += lines_of("note", report.verdict.notes);
  std::vector<std::string> evidence;
  for (const orchestration::Evidence& one : report.evidence) {
    if (one.is_command) {
      evidence.push_back(fmt::format("exit {} · {} · {} ms · tree {} · {} · `{}`", one.exit_code,
                                     format_time(one.at), one.duration.count(),
                                     one.tree.substr(0, 12), one.agent, one.command));
    }
  }
  text += lines_of("evidence", evidence);
  text += lines_of("in doubt", report.in_doubt);
  std::vector<std::string> tasks;
  for (const orchestration::DelegatedTask& task : report.tasks) {
    tasks.push_back(fmt::format("{} {} {}: {}{}", task.id, to_string(task.state), task.agent,
                                task.description, task.note.empty() ? "" : " — " + task.note));
  }
  text += lines_of("tasks", tasks);
  const Usage& used = report.usage;
  text += fmt::format("{:<10}{} in, {} out tokens", "used", used.input_tokens, used.output_tokens);
  if (used.cache_read_tokens + used.cache_write_tokens > 0) {
    text += fmt::format(", {} read from and {} written to the cache", used.cache_read_tokens,
                        used.cache_write_tokens);
  }
  if (used.requests > 0) {
    text += used.cost_usd ? fmt::format(", ${:.4f}", *used.cost_usd) : ", price not known";
    if (used.cost_usd && report.limits.cost_usd) {
      text += fmt::format(" of ${:.2f}", *report.limits.cost_usd);
    }
  }
  return text + fmt::format(", {} calls, {:.1f} s\n", report.tool_calls,
                            static_cast<double>(report.active.count()) / 1000.0);
}

Task<bool> TerminalPerson::countdown(std::string what, Millis time) {
  constexpr Millis kSecond{1'000};
  const auto turn = co_await take_terminal();
  if (!turn) {
    co_return false;
  }
  for (Millis left = time; left.count() > 0; left -= kSecond) {
    draw(fmt::format("\rgoing on in {} s: {} (Ctrl-C pauses) ", (left.count() + 999) / 1000,
                     text::escape_visible(what)),
         false);
    const Millis step = std::min(left, kSecond);
    if (!co_await async::sleep_for(step)) {
      print_message("\n", false);
      co_return false;
    }
  }
  print_message("\n", false);
  co_return true;
}

Task<std::optional<std::string>> TerminalPerson::answer(std::string question) {
  std::string prompt = "\n" + text::escape_visible(question) + "\n> ";
  auto line = co_await ask_line(executor_, std::move(prompt));
  if (!line || !*line || text::trim(**line).empty()) {
    co_return std::nullopt;
  }
  co_return std::string(text::trim(**line));
}

}  // namespace oap::cli
