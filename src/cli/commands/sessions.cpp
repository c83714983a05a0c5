#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include "cli/commands/commands.hpp"
#include "cli/commands/sessions_views.hpp"
#include "cli/output.hpp"
#include "cli/output_file.hpp"
#include "cli/person.hpp"
#include "cli/settings.hpp"
#include "cli/terminal.hpp"
#include "os/env.hpp"
#include "os/file.hpp"
#include "platform/audit_sink.hpp"
#include "platform/outputs.hpp"
#include "platform/settings.hpp"
#include "platform/usage.hpp"
#include "session/session_locks.hpp"
#include "session/session_manager.hpp"
#include "store/store.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

/// The workspace's sessions as a command sees them: no server, model or audit is opened.
struct Desk {
  platform::Settings settings;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<session::SessionManager> sessions;
};

Result<Desk> open_desk(const Common& common) {
  platform::SettingsOptions options = settings_options(common);
  options.enforce_configuration = false;
  Desk desk;
  OAP_TRY(desk.settings, platform::load_settings(options));
  OAP_CHECK_OK(config::create_state_dir(desk.settings.paths));
  OAP_TRY(desk.store, store::Store::open(desk.settings.paths.state_dir + "/oap.db"));
  desk.sessions = std::make_unique<session::SessionManager>(desk.store->sessions(),
                                                            desk.store->messages(), system_clock());
  platform::adopt_usage(desk.settings, *desk.sessions);
  return desk;
}

Result<SessionView> view_of(Desk& desk, const std::string& prefix, std::int64_t newest = 0) {
  OAP_TRY(const std::string id, desk.sessions->resolve(prefix));
  SessionView view;
  OAP_TRY(view.record, desk.store->sessions().find(id));
  OAP_TRY(view.state, desk.sessions->state(id));
  std::int64_t from = 0;
  if (newest > 0) {
    OAP_TRY(const std::int64_t next, desk.store->messages().next_seq(id));
    from = next - newest;
  }
  OAP_TRY(view.rows, desk.sessions->records(id, from));
  OAP_TRY(const auto counts, desk.store->messages().counts({id}));
  const auto found = counts.find(id);
  view.messages = found == counts.end() ? 0 : found->second;
  return view;
}

Result<int> list(Desk& desk, const SessionsArgs& args, bool as_json) {
  const auto limit = static_cast<std::size_t>(args.limit);
  OAP_TRY(const auto records, desk.store->sessions().list(
                                  {.workspace = desk.settings.paths.workspace, .limit = limit}));
  std::vector<std::string> ids;
  for (const store::SessionRecord& record : records) {
    ids.push_back(record.id);
  }
  OAP_TRY(const auto counts, desk.store->messages().counts(ids));
  json::Array rows;
  std::string text;
  for (const store::SessionRecord& record : records) {
    const auto found = counts.find(record.id);
    const std::int64_t messages = found == counts.end() ? 0 : found->second;
    rows.push_back(summary_json(record, messages));
    text += summary_line(record, messages);
  }
  if (as_json) {
    print_json({{"sessions", std::move(rows)}});
  } else {
    print(text.empty() ? "no sessions in this workspace; oap run begins one\n" : text);
  }
  return 0;
}

Result<int> show(Desk& desk, const SessionsArgs& args, bool as_json) {
  OAP_TRY(const SessionView view, view_of(desk, args.id, args.limit));
  if (as_json) {
    print_json(session_json(view));
  } else {
    print(session_text(view, args.full));
  }
  return 0;
}

Result<int> fork(Desk& desk, const SessionsArgs& args, bool as_json) {
  OAP_TRY(const std::string id, desk.sessions->resolve(args.id));
  OAP_TRY(const session::SessionState state, desk.sessions->fork(id, args.at));
  if (as_json) {
    print_json({{"session_id", state.id},
                {"forked_from", state.forked_from},
                {"forked_at", state.forked_at}});
  } else {
    print(fmt::format("{}\na copy of {} up to message {}; go on with: oap sessions resume {}\n",
                      state.id, id, state.forked_at, state.id));
  }
  return 0;
}

Result<int> write_out(Desk& desk, const SessionsArgs& args, bool as_json) {
  OAP_TRY(const SessionView view, view_of(desk, args.id));
  const bool markdown =
      args.format.empty() ? args.file.ends_with(".md") : args.format == "markdown";
  const std::string text = markdown ? session_markdown(view) : session_lines(view);
  if (args.file.empty() || args.file == "-") {
    print(text);
    return 0;
  }
  OAP_CHECK_OK(write_output_file(args.file, text, 0600));
  if (as_json) {
    print_json({{"session_id", view.record.id},
                {"file", args.file},
                {"format", markdown ? "markdown" : "jsonl"},
                {"messages", view.messages}});
  } else {
    print(fmt::format("{}: {} messages of {}\n", args.file, view.messages, view.record.id));
  }
  return 0;
}

Result<void> note_removal(const platform::Settings& settings, const std::string& id,
                          std::int64_t messages) {
  OAP_TRY(const auto audit, platform::open_audit(settings));
  audit::Event event;
  event.event_type = "session_deleted";
  event.user_id = os::user_name();
  event.session_id = id;
  event.success = true;
  event.details = {{"messages", messages}};
  return audit->append_now(std::move(event));
}

Result<int> remove(Desk& desk, const SessionsArgs& args, bool as_json) {
  OAP_TRY(const SessionView view, view_of(desk, args.id, 1));
  session::SessionLocks locks(desk.settings.paths.state_dir + "/sessions.lock");
  OAP_CHECK_OK(locks.claim(view.record.id));
  const std::string stays =
      "The audit log keeps what was called and decided in it (oap audit search --session " +
      view.record.id + ").";
  if (!args.yes) {
    if (!has_terminal()) {
      return fail(Code::kUnanswered, "nobody can be asked whether to delete {}; give --yes",
                  view.record.id);
    }
    const std::string question =
        fmt::format("{} \"{}\", {} messages\n{}\nDelete it? [y/N] ", view.record.id,
                    text::escape_visible(view.record.title), view.messages, stays);
    if (!ask_yes_now(question)) {
      return fail(Code::kCancelled, "{} was not deleted", view.record.id);
    }
  }
  OAP_CHECK_OK(note_removal(desk.settings, view.record.id, view.messages));
  OAP_TRY(const std::int64_t removed, desk.sessions->remove(view.record.id));
  platform::remove_outputs(desk.settings, view.record.id);
  if (as_json) {
    print_json({{"session_id", view.record.id}, {"messages", removed}, {"audit", "kept"}});
  } else {
    print(fmt::format("{}: deleted with {} messages. {}\n", view.record.id, removed, stays));
  }
  return 0;
}

Result<int> run(const Common& common, const SessionsArgs& args) {
  OAP_TRY(Desk desk, open_desk(common));
  using Action = SessionsArgs::Action;
  switch (args.action) {
    case Action::kList:
      return list(desk, args, common.json);
    case Action::kShow:
      return show(desk, args, common.json);
    case Action::kFork:
      return fork(desk, args, common.json);
    case Action::kExport:
      return write_out(desk, args, common.json);
    case Action::kDelete:
      return remove(desk, args, common.json);
  }
  return 2;
}

}  // namespace

int sessions_command(const Common& common, const SessionsArgs& args) {
  const Result<int> code = run(common, args);
  return code ? *code : report(code.error(), common.json);
}

}  // namespace oap::cli
