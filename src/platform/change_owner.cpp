#include "platform/change_owner.hpp"

#include "orchestration/mission/mission_run.hpp"
#include "platform/session_opener.hpp"
#include "text/utf8.hpp"

namespace oap::platform {

checkpoint::TurnInfo turn_of(store::Store& store, const orchestration::MissionDesk& desk,
                             const ToolCall& call) {
  checkpoint::TurnInfo turn;
  turn.id = call.task_id.empty() ? call.id : call.task_id;
  turn.session = call.session_id;
  turn.title = call.tool;
  if (const auto seat = desk.find(call.session_id)) {
    turn.session = seat->seat.root;
    const auto session = store.sessions().find(call.session_id);
    turn.title = session ? session->title : turn.title;
  } else if (!call.task_id.empty()) {
    const auto record = store.tasks().find(call.task_id);
    turn.title = record ? record->description : std::string();
  }
  turn.title = text::truncate_utf8(turn.title, kTitleBytes);
  return turn;
}

std::string mission_session_of(store::MissionRepository& missions, const std::string& workspace,
                               const std::string& task_id) {
  store::MissionFilter filter;
  filter.workspace = workspace;
  filter.open_only = true;
  const auto open = missions.list(filter);
  for (const store::MissionRecord& mission : open ? *open : std::vector<store::MissionRecord>()) {
    const auto memory = orchestration::remember(missions, mission.id);
    for (const orchestration::DelegatedTask& each :
         memory ? memory->tasks : std::vector<orchestration::DelegatedTask>()) {
      if (each.id == task_id) {
        return mission.session_id;
      }
    }
  }
  return {};
}

}  // namespace oap::platform
