#include "base/ids.hpp"
#include "platform/missions.hpp"
#include "workflow/engine.hpp"

namespace oap::platform {

using orchestration::MissionBody;
using orchestration::MissionReport;

Result<std::string> Missions::find(const std::string& prefix) {
  if (!prefix.empty()) {
    return parts_.store.missions().resolve(prefix);
  }
  OAP_TRY(const std::vector<store::MissionRecord> open, list(true, 2));
  if (open.empty()) {
    return fail(Code::kNotFound, "there is no open mission in {}", parts_.settings.paths.workspace);
  }
  return open.front().id;
}

Result<std::vector<store::MissionRecord>> Missions::list(bool open_only, std::size_t limit) {
  store::MissionFilter filter;
  filter.workspace = parts_.settings.paths.workspace;
  filter.open_only = open_only;
  filter.limit = limit;
  return parts_.store.missions().list(filter);
}

Result<std::vector<store::MissionEventRow>> Missions::log(const std::string& id, std::int64_t after,
                                                          std::size_t limit) {
  return parts_.store.missions().events(id, after, limit);
}

Result<MissionReport> Missions::show(const std::string& id) {
  OAP_TRY(const store::MissionRecord record, parts_.store.missions().find(id));
  OAP_TRY(orchestration::MissionMemory memory,
          orchestration::remember(parts_.store.missions(), id));
  MissionBody body = orchestration::body_from_json(record.body);
  orchestration::take_note(body, session::UsageNote::read(orchestration::note_file(
                                     parts_.settings.paths.state_dir, record.id)));
  const orchestration::PlanFiles files(record.workspace, body.plan_folder,
                                       parts_.settings.paths.state_dir + "/" + id + ".plan.lock");
  MissionReport report;
  report.mission_id = record.id;
  report.session_id = record.session_id;
  report.objective = record.objective;
  report.plan_file = files.todo_path();
  report.status = body.status;
  report.limits = body.limits;
  report.evidence = memory.evidence;
  report.tasks = memory.tasks;
  report.in_doubt = body.in_doubt;
  report.usage = body.usage;
  report.tool_calls = body.tool_calls;
  report.active = body.active;
  report.content = body.content;
  orchestration::CompletionInput input;
  files.read_into(input);
  if (const auto tree = orchestration::WorkspaceTree(record.workspace).take()) {
    input.tree = tree->hash;
  }
  input.tree_at_start = body.tree_at_start;
  input.evidence = memory.evidence;
  input.changed_programs = body.changed_programs;
  input.weakened = body.weakened;
  input.dropped = body.dropped;
  report.verdict = judge_completion(input);
  if (!is_end(report.status.state) && !record.owner.empty() && !workflow::is_alive(record.owner) &&
      record.owner != owner_.text()) {
    report.status.reason = "its process has ended; oap mission resume goes on with it";
  }
  return report;
}

Result<std::string> Missions::order(const std::string& id, const std::string& kind,
                                    const orchestration::MissionEvent& event) {
  OAP_TRY(const store::MissionRecord known, parts_.store.missions().find(id));
  if (is_driven(known)) {
    OAP_CHECK_OK(parts_.store.missions().post(
        {new_id("evt_"), id, {}, json::Object{{"order", kind}, {"by", parts_.principal.user_id}}}));
    return fmt::format("{} is told to {}", id, kind);
  }
  OAP_TRY(const store::MissionRecord record, claim(id));
  MissionBody body = orchestration::body_from_json(record.body);
  body.status = step_mission(body.status, event, body.limits).status;
  orchestration::MissionJournal journal(parts_.store.missions(), id, record.epoch, system_clock());
  OAP_CHECK_OK(journal.write(kind, json::Object{{"by", parts_.principal.user_id}}, body, true));
  if (is_end(body.status.state)) {
    OAP_CHECK_OK(parts_.sessions.deactivate_mission_state(record.session_id));
    note("mission_ended", record, false, body.status.reason);
  }
  return fmt::format("{} is {}", id, to_string(body.status.state));
}

Result<std::string> Missions::pause(const std::string& id) {
  return order(id, "pause", orchestration::PauseAsked{parts_.principal.user_id, "", false});
}

Result<std::string> Missions::stop(const std::string& id) {
  return order(id, "stop", orchestration::StopAsked{parts_.principal.user_id});
}

}  // namespace oap::platform
