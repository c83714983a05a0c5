#include <fmt/format.h>
#include <unistd.h>

#include "async/runtime.hpp"
#include "async/scope.hpp"
#include "async/sleep.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/prompt.hpp"
#include "cli/mission_view.hpp"
#include "cli/output.hpp"
#include "cli/session_setup.hpp"
#include "cli/terminal.hpp"
#include "json/print.hpp"
#include "platform/redaction.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

using Action = MissionArgs::Action;
using orchestration::MissionReport;

Task<void> tick(MissionView& view) {
  constexpr Millis kTick{200};
  while (co_await async::sleep_for(kTick)) {
    view.tick();
  }
}

orchestration::MissionLimits limits_of(const MissionArgs& args,
                                       orchestration::MissionLimits limits) {
  limits.iterations = args.iterations.value_or(limits.iterations);
  limits.no_progress = args.no_progress.value_or(limits.no_progress);
  limits.turns = args.turns.value_or(limits.turns);
  limits.tool_calls = args.tool_calls.value_or(limits.tool_calls);
  limits.tokens = args.tokens.value_or(limits.tokens);
  limits.cost_usd = args.cost ? args.cost : limits.cost_usd;
  limits.wall = args.time ? Millis(static_cast<Millis::rep>(*args.time * 1000)) : limits.wall;
  limits.depth = args.depth.value_or(limits.depth);
  limits.parallel = args.parallel.value_or(limits.parallel);
  return limits;
}

platform::MissionResume resume_of(const MissionArgs& args) {
  platform::MissionResume resume;
  resume.answer = args.answer;
  resume.more_iterations = args.iterations.value_or(0);
  resume.more_tokens = args.tokens.value_or(0);
  const auto put = [&resume](const char* key, const auto& value) {
    if (value) {
      resume.limits[key] = *value;
    }
  };
  put("no_progress", args.no_progress);
  put("turns", args.turns);
  put("tool_calls", args.tool_calls);
  put("cost_usd", args.cost);
  put("wall_seconds", args.time);
  put("depth", args.depth);
  put("parallel", args.parallel);
  return resume;
}

Task<Result<MissionReport>> begin(platform::Platform& platform, MissionArgs args,
                                  std::string objective, MissionView& view) {
  platform::Missions& missions = platform.missions();
  platform::MissionObserver observer = view.observer();
  observer.events.run = platform::redacted(platform.scanner(), std::move(observer.events.run));
  if (args.action == Action::kStart) {
    platform::MissionRequest request;
    request.objective = std::move(objective);
    request.plan_only = args.plan_only;
    request.limits = limits_of(args, missions.limits());
    co_return co_await missions.start(std::move(request), std::move(observer));
  }
  OAP_CO_TRY(std::string id, missions.find(args.id));
  co_return co_await missions.resume(std::move(id), resume_of(args), std::move(observer));
}

Task<int> drive(platform::Platform& platform, MissionArgs args, std::string objective,
                MissionView& view) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  TerminalPerson person(executor, args.format == Format::kText && has_terminal());
  platform::Missions& missions = platform.missions();
  missions.set_person(&person);
  async::Scope background(executor);
  background.spawn(tick(view));
  auto done = co_await begin(platform, std::move(args), std::move(objective), view);
  background.cancel();
  co_await background.join();
  co_await platform.close();
  missions.set_person(nullptr);
  if (!done) {
    co_return view.fail(done.error());
  }
  view.finish(*done);
  co_return done->exit_code();
}

int drive_command(const Common& common, const MissionArgs& args) {
  MissionView view(args.format);
  std::string objective;
  if (args.action == Action::kStart) {
    auto given = read_prompt(args.objective, args.has_objective, "objective",
                             "oap mission start \"Add a test for the parser and make it pass\"");
    if (!given) {
      return view.fail(given.error());
    }
    objective = *std::move(given);
  }
  async::Runtime runtime;
  SessionSetup setup(runtime, common, {args.yes, args.model, ""});
  auto platform = setup.open();
  if (!platform) {
    return view.fail(platform.error());
  }
  return setup.run(drive(**platform, args, std::move(objective), view));
}

json::Object row_of(const store::MissionRecord& record) {
  return json::Object{{"mission_id", record.id},
                      {"session_id", record.session_id},
                      {"status", record.state},
                      {"waits_for", record.waits_for},
                      {"reason", record.reason},
                      {"objective", record.objective},
                      {"created_at", format_time(record.created_at)},
                      {"updated_at", format_time(record.updated_at)}};
}

Result<void> show_list(platform::Missions& missions, const MissionArgs& args, bool as_json) {
  OAP_TRY(const std::vector<store::MissionRecord> records, missions.list(!args.all, args.limit));
  json::Array rows;
  std::string text;
  for (const store::MissionRecord& record : records) {
    rows.push_back(row_of(record));
    text +=
        fmt::format("{}  {:<10} {}\n", record.id, record.state,
                    text::escape_visible(record.objective.substr(0, record.objective.find('\n'))));
  }
  if (as_json) {
    print_json(json::Object{{"missions", std::move(rows)}});
  } else {
    print(text.empty() ? "no open mission here; --all shows ended ones\n" : text);
  }
  return {};
}

Result<void> show_log(platform::Missions& missions, const MissionArgs& args, bool as_json) {
  OAP_TRY(const std::string id, missions.find(args.id));
  OAP_TRY(const std::vector<store::MissionEventRow> events,
          missions.log(id, args.after, args.limit));
  json::Array rows;
  std::string text;
  for (const store::MissionEventRow& event : events) {
    rows.push_back(json::Object{{"seq", event.seq},
                                {"at", format_time(event.at)},
                                {"event", event.kind},
                                {"data", event.body}});
    text += fmt::format("{:>4}  {}  {:<14} {}\n", event.seq, format_time(event.at), event.kind,
                        text::escape_visible(text::truncate_utf8(json::print(event.body), 160)));
  }
  if (as_json) {
    print_json(json::Object{{"mission_id", id}, {"events", std::move(rows)}});
  } else {
    print(text);
  }
  return {};
}

Result<void> look(platform::Missions& missions, const MissionArgs& args, bool as_json) {
  if (args.action == Action::kList) {
    return show_list(missions, args, as_json);
  }
  if (args.action == Action::kLog) {
    return show_log(missions, args, as_json);
  }
  OAP_TRY(const std::string id, missions.find(args.id));
  if (args.action == Action::kStatus) {
    OAP_TRY(const MissionReport report, missions.show(id));
    if (as_json) {
      print_json(json::Value(to_json(report)));
    } else {
      print(mission_text(report));
    }
    return {};
  }
  OAP_TRY(const std::string told,
          args.action == Action::kPause ? missions.pause(id) : missions.stop(id));
  if (as_json) {
    print_json(json::Object{{"success", true}, {"mission_id", id}, {"message", told}});
  } else {
    print(told + "\n");
  }
  return {};
}

Task<int> look_and_close(platform::Platform& platform, MissionArgs args, bool as_json) {
  const Result<void> done = look(platform.missions(), args, as_json);
  co_await platform.close();
  co_return done ? 0 : report(done.error(), as_json);
}

}  // namespace

int mission_command(const Common& common, const MissionArgs& args) {
  if (args.action == Action::kStart || args.action == Action::kResume) {
    return drive_command(common, args);
  }
  async::Runtime runtime;
  SessionSetup setup(runtime, common, {false, "", ""});
  auto platform = setup.open();
  if (!platform) {
    return report(platform.error(), common.json);
  }
  return setup.run(look_and_close(**platform, args, common.json));
}

}  // namespace oap::cli
