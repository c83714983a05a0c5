#include <fmt/format.h>

#include "async/runtime.hpp"
#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "cli/session_setup.hpp"
#include "cli/undo_report.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

int list(const Common& common, checkpoint::Journal& journal) {
  const auto turns = journal.turns();
  if (!turns) {
    return report(turns.error(), common.json);
  }
  if (common.json) {
    json::Array out;
    for (const checkpoint::Turn& turn : *turns) {
      out.push_back(to_json(turn));
    }
    print_json(json::Object{{"turns", std::move(out)}});
    return 0;
  }
  std::string text;
  for (const checkpoint::Turn& turn : *turns) {
    text += fmt::format("{}  {}{}  {}\n", format_time(turn.at).substr(0, 16),
                        text::escape_visible(turn.title), turn.undone ? "  (taken back)" : "",
                        turn.session);
    const json::Object shown = to_json(turn);
    for (const json::Value& change : *json::find_array(shown, "changes")) {
      text += fmt::format("    {:8} {}\n", json::get_string(change, "change"),
                          text::escape_visible(json::get_string(change, "path")));
    }
    for (const std::string& gap : turn.gaps) {
      text += "    " + gap + "\n";
    }
  }
  print(text.empty() ? "No tool has changed a file here yet.\n" : text);
  return 0;
}

}  // namespace

int undo_command(const Common& common, const UndoArgs& args) {
  async::Runtime runtime;
  SessionSetup setup(runtime, common, {false, "", ""});
  auto platform = setup.open();
  if (!platform) {
    return report(platform.error(), common.json);
  }
  checkpoint::Journal& journal = (*platform)->checkpoints();
  if (args.list) {
    return list(common, journal);
  }
  const auto done = args.redo ? journal.redo(args.count) : journal.undo(args.count);
  if (!done) {
    return report(done.error(), common.json);
  }
  audit_revert(**platform, *done, args.redo, "");
  if (common.json) {
    json::Object out{{"success", done->conflicts.empty()}};
    for (const auto& member : to_json(*done)) {
      out[member.key()] = member.value();
    }
    print_json(std::move(out));
  } else {
    for (const std::string& path : done->restored) {
      print(fmt::format("{} {}\n",
                        args.redo ? "made again:" : "taken back:", text::escape_visible(path)));
    }
  }
  for (const std::string& conflict : done->conflicts) {
    print_error(text::escape_visible(conflict));
  }
  return done->conflicts.empty() ? 0 : 1;
}

}  // namespace oap::cli
