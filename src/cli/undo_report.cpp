#include "cli/undo_report.hpp"

#include "base/log.hpp"

namespace oap::cli {
namespace {

json::Array array_of(const std::vector<std::string>& texts) {
  json::Array array;
  for (const std::string& text : texts) {
    array.emplace_back(text);
  }
  return array;
}

}  // namespace

void audit_revert(platform::Platform& platform, const checkpoint::Reverted& done, bool forward,
                  const std::string& session) {
  audit::Event event;
  event.event_type = forward ? "checkpoint_redo" : "checkpoint_undo";
  event.user_id = platform.principal().user_id;
  event.role = platform.principal().role;
  event.session_id = session;
  event.success = done.conflicts.empty();
  event.details = to_json(done);
  if (const auto written = platform.audit().append_now(std::move(event)); !written) {
    log::error("checkpoint", "a change that was taken back is not in the audit",
               {{"error", written.error().to_string()}});
  }
}

json::Object to_json(const checkpoint::Reverted& done) {
  return {{"turns", array_of(done.turns)},
          {"restored", array_of(done.restored)},
          {"conflicts", array_of(done.conflicts)}};
}

json::Object to_json(const checkpoint::Turn& turn) {
  json::Array changes;
  for (const checkpoint::Change& change : turn.changes) {
    const bool made = change.before.kind == checkpoint::PathState::Kind::kAbsent;
    const bool gone = change.after.kind == checkpoint::PathState::Kind::kAbsent;
    changes.push_back(json::Object{{"path", change.path},
                                   {"change", made   ? "created"
                                              : gone ? "deleted"
                                                     : "changed"},
                                   {"undone", change.undone}});
  }
  return {{"id", turn.id},
          {"session_id", turn.session},
          {"title", turn.title},
          {"at", format_time(turn.at)},
          {"undone", turn.undone},
          {"changes", std::move(changes)},
          {"gaps", array_of(turn.gaps)}};
}

}  // namespace oap::cli
