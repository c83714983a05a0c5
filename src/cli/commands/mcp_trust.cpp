#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "cli/person.hpp"
#include "cli/settings.hpp"
#include "cli/terminal.hpp"
#include "gateway/trust/inspect.hpp"
#include "gateway/trust/pin_report.hpp"
#include "gateway/trust/pin_store.hpp"
#include "gateway/trust/shadow.hpp"
#include "os/env.hpp"
#include "platform/audit_sink.hpp"
#include "platform/settings.hpp"
#include "text/nearest.hpp"
#include "text/utf8.hpp"
#include "tools/builtin.hpp"

namespace oap::cli {
namespace {

using gateway::PinDiff;
using gateway::PinRow;
using gateway::Pins;

/// What waits, else what is approved.
const json::Object& definition_of(const Pins& pins, const PinRow& row) {
  const gateway::PinnedServer& server = pins.servers.find(row.server)->second;
  const auto pending = server.pending.find(row.tool);
  return pending != server.pending.end() ? pending->second.definition
                                         : server.tools.find(row.tool)->second.definition;
}

/// Checks the names that were given. kNotFound with the nearest.
Result<void> check_names(const Pins& pins, const McpTrustArgs& args) {
  if (args.server.empty()) {
    return {};
  }
  const auto server = pins.servers.find(args.server);
  if (server == pins.servers.end()) {
    std::vector<std::string> names;
    for (const auto& [name, record] : pins.servers) {
      names.push_back(name);
    }
    return fail(Code::kNotFound, "no tools of a server {} were seen yet{}; look with: oap mcp list",
                text::escape_visible(args.server), text::did_you_mean(args.server, names));
  }
  std::vector<std::string> known;
  for (const PinRow& row : gateway::list_pins(pins)) {
    if (row.server == args.server) {
      known.push_back(row.tool);
    }
  }
  for (const std::string& tool : args.tools) {
    if (std::find(known.begin(), known.end(), tool) == known.end()) {
      return fail(Code::kNotFound, "no tool {} of {} was seen yet{}", text::escape_visible(tool),
                  args.server, text::did_you_mean(tool, known));
    }
  }
  return {};
}

std::vector<PinRow> rows_of(const Pins& pins, const McpTrustArgs& args) {
  std::vector<PinRow> rows;
  for (PinRow& row : gateway::list_pins(pins)) {
    const bool named = args.tools.empty() || std::find(args.tools.begin(), args.tools.end(),
                                                       row.tool) != args.tools.end();
    if ((args.server.empty() || row.server == args.server) && named) {
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

/// Names that could be taken for each other, over all servers and the built-in tools.
gateway::Shadows shadows_of(const Pins& pins) {
  std::vector<ToolSpec> specs = tools::builtin_specs();
  for (const PinRow& row : gateway::list_pins(pins)) {
    ToolSpec spec;
    spec.server = row.server;
    spec.name = row.tool;
    spec.definition = definition_of(pins, row);
    spec.description = json::get_string(spec.definition, "description");
    specs.push_back(std::move(spec));
  }
  return gateway::near_duplicates(specs);
}

std::string text_of(const gateway::Shadow& shadow) {
  std::string names;
  for (const gateway::ToolRef& tool : shadow.tools) {
    names += (names.empty() ? "" : ", ") + text::escape_visible(tool.server + " " + tool.tool);
  }
  const bool warning = shadow.severity == gateway::Severity::kWarning;
  return fmt::format("{}: {}: {}\n", warning ? "warning" : "note", gateway::to_string(shadow.kind),
                     names);
}

std::string text_of(const PinRow& row, const std::vector<gateway::Finding>& findings) {
  std::string text = fmt::format("{:<16} {:<28} {}", text::escape_visible(row.server),
                                 text::escape_visible(row.tool), gateway::to_string(row.trust));
  if (!row.approved_by.empty()) {
    text +=
        fmt::format(", approved by {} {}", text::escape_visible(row.approved_by), row.approved_at);
  }
  text += "\n";
  for (const gateway::Finding& finding : findings) {
    const bool warning = finding.severity == gateway::Severity::kWarning;
    text += fmt::format("    {} at {}: {}\n", warning ? "warning" : "note",
                        text::escape_visible(finding.path), finding.message);
  }
  return text;
}

int list(const Pins& pins, const McpTrustArgs& args, bool as_json) {
  json::Array tools;
  std::string text;
  std::set<std::string> waiting;
  for (const PinRow& row : rows_of(pins, args)) {
    const auto findings = gateway::inspect_definition(definition_of(pins, row));
    json::Object item = gateway::to_json(row);
    json::Array found;
    for (const gateway::Finding& finding : findings) {
      found.push_back(gateway::to_json(finding));
    }
    item["findings"] = std::move(found);
    tools.push_back(std::move(item));
    text += text_of(row, findings);
    if (!row.pending_hash.empty()) {
      waiting.insert(row.server);
    }
  }
  const gateway::Shadows shadows = shadows_of(pins);
  json::Array shadow_list;
  for (const gateway::Shadow& shadow : shadows.found) {
    shadow_list.push_back(gateway::to_json(shadow));
    text += text_of(shadow);
  }
  if (as_json) {
    print_json(json::Object{{"tools", std::move(tools)},
                            {"shadows", std::move(shadow_list)},
                            {"complete", shadows.complete}});
    return 0;
  }
  if (!shadows.complete) {
    text += "there are too many names to compare all of them\n";
  }
  print(text.empty() ? std::string("no tools of any server were seen yet\n") : text);
  for (const std::string& server : waiting) {
    print_error("tools wait for approval; see: oap mcp trust diff " + server);
  }
  return 0;
}

/// What waits of the tools that were named, each with what has changed.
Result<std::vector<PinDiff>> diffs_of(const Pins& pins, const McpTrustArgs& args) {
  std::vector<PinDiff> diffs;
  for (const PinRow& row : rows_of(pins, args)) {
    if (row.pending_hash.empty()) {
      continue;
    }
    OAP_TRY(PinDiff diff, gateway::diff_pin(pins, row.server, row.tool));
    diffs.push_back(std::move(diff));
  }
  return diffs;
}

std::string text_of(const Pins& pins, const PinDiff& diff) {
  std::string text = diff.text();
  const gateway::PinnedServer& server = pins.servers.find(diff.server)->second;
  for (const gateway::Finding& finding :
       gateway::inspect_definition(server.pending.find(diff.tool)->second.definition)) {
    text += fmt::format("! {}: {}\n", text::escape_visible(finding.path), finding.message);
  }
  return text + fmt::format("hash {}\n\n", diff.hash);
}

int show_diffs(const Pins& pins, const std::vector<PinDiff>& diffs, bool as_json) {
  json::Array items;
  std::string text;
  for (const PinDiff& diff : diffs) {
    items.push_back(gateway::to_json(diff));
    text += text_of(pins, diff);
  }
  if (as_json) {
    print_json(json::Object{{"waiting", std::move(items)}});
  } else {
    print(text.empty() ? std::string("nothing waits for approval\n") : text);
  }
  return 0;
}

/// An approval that cannot be audited is none.
Result<void> record(const platform::Settings& settings, const PinDiff& diff, const std::string& who,
                    bool by_flag) {
  OAP_TRY(const std::unique_ptr<gateway::AuditSink> sink, platform::open_audit(settings));
  audit::Event event;
  event.event_type = "tool_approval";
  event.user_id = who;
  event.role = "user";
  event.server = diff.server;
  event.tool = diff.tool;
  event.action = "approve";
  event.resource = diff.hash;
  event.approver = by_flag ? "flag" : "terminal";
  event.success = true;
  return sink->append_now(std::move(event));
}

Result<std::vector<PinDiff>> approve(const platform::Settings& settings,
                                     const gateway::PinStore& store,
                                     const std::vector<PinDiff>& diffs, bool by_flag) {
  const std::string who = os::user_name();
  std::vector<PinDiff> done;
  for (const PinDiff& diff : diffs) {
    OAP_CHECK_OK(record(settings, diff, who, by_flag));
    OAP_TRY(const std::vector<std::string> names,
            store.approve(diff.server, {{diff.tool, diff.hash}}, by_flag ? "flag" : who));
    if (!names.empty()) {
      done.push_back(diff);
    }
  }
  return done;
}

int approve_command(const platform::Settings& settings, const gateway::PinStore& store,
                    const Pins& pins, const McpTrustArgs& args, bool as_json) {
  if (args.server.empty() && !args.all) {
    return report(Error(Code::kUsage, "name a server (and tools), or say --all"), as_json);
  }
  if (args.all && !args.tools.empty()) {
    return report(Error(Code::kUsage, "--all is for all tools; leave their names out"), as_json);
  }
  const auto diffs = diffs_of(pins, args);
  if (!diffs) {
    return report(diffs.error(), as_json);
  }
  std::string text;
  for (const PinDiff& diff : *diffs) {
    text += text_of(pins, diff);
  }
  print_message(text, false);
  if (!diffs->empty() && !args.yes) {
    if (!has_terminal()) {
      return report(Error(Code::kUnanswered,
                          "approving needs a person at a terminal, or --yes after you have seen: "
                          "oap mcp trust diff"),
                    as_json);
    }
    const std::string question =
        fmt::format("Approve {} as shown? [y/N] ",
                    diffs->size() == 1 ? std::string("this tool")
                                       : fmt::format("these {} tools", diffs->size()));
    if (!ask_yes_now(question)) {
      return report(Error(Code::kPermissionDenied, "nothing was approved"), as_json);
    }
  }
  const auto done = approve(settings, store, *diffs, args.yes);
  if (!done) {
    return report(done.error(), as_json);
  }
  json::Array approved;
  std::string lines;
  for (const PinDiff& diff : *done) {
    approved.push_back(
        json::Object{{"server", diff.server}, {"tool", diff.tool}, {"hash", diff.hash}});
    lines += fmt::format("approved {} {}\n", text::escape_visible(diff.server),
                         text::escape_visible(diff.tool));
  }
  if (as_json) {
    print_json(json::Object{{"success", true}, {"approved", std::move(approved)}});
  } else {
    print(lines.empty() ? std::string("nothing waits for approval\n") : lines);
  }
  return 0;
}

}  // namespace

int mcp_trust_command(const Common& common, const McpTrustArgs& args) {
  const auto settings = platform::load_settings(settings_options(common));
  if (!settings) {
    return report(settings.error(), common.json);
  }
  const gateway::PinStore store(settings->paths.state_dir);
  const auto pins = store.read();
  if (!pins) {
    return report(pins.error(), common.json);
  }
  if (const auto known = check_names(*pins, args); !known) {
    return report(known.error(), common.json);
  }
  switch (args.action) {
    case McpTrustArgs::Action::kList:
      return list(*pins, args, common.json);
    case McpTrustArgs::Action::kApprove:
      return approve_command(*settings, store, *pins, args, common.json);
    case McpTrustArgs::Action::kDiff:
      break;
  }
  const auto diffs = diffs_of(*pins, args);
  return diffs ? show_diffs(*pins, *diffs, common.json) : report(diffs.error(), common.json);
}

}  // namespace oap::cli
