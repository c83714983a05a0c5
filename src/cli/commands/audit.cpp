#include <fmt/format.h>

#include "audit/tail.hpp"
#include "audit/verify.hpp"
#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "platform/audit_sink.hpp"
#include "platform/settings.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

std::string line_of(const json::Object& record) {
  const json::Value value(record);
  const auto text = [&](std::string_view key) { return json::get_string(value, key); };
  std::string tool(text("server"));
  tool += tool.empty() ? "" : "/";
  tool += text("tool");
  std::string line = fmt::format("{} {:<16} {:<5} {} {}", text("timestamp"), text("event_type"),
                                 text("permission_decision"), tool, text("resource"));
  if (!text("reason").empty()) {
    line += fmt::format(" — {}", text("reason"));
  }
  if (!text("error").empty()) {
    line += fmt::format(" [{}]", text("error"));
  }
  return text::escape_visible(line);
}

int show_tail(const std::string& dir, const AuditArgs& args, bool as_json) {
  const auto records = audit::tail(dir, static_cast<std::size_t>(args.lines));
  if (!records) {
    return report(records.error(), as_json);
  }
  for (const json::Object& record : *records) {
    if (as_json) {
      print_json(json::Value(record));
    } else {
      print(line_of(record) + "\n");
    }
  }
  return 0;
}

}  // namespace

int audit_command(const Common& common, const AuditArgs& args) {
  config::PathOptions where;
  if (!common.workspace.empty()) {
    where.workspace = common.workspace;
  }
  const auto paths = config::resolve_paths(where);
  if (!paths) {
    return report(paths.error(), common.json);
  }
  const std::string dir = platform::audit_dir({*paths, {}, {}});
  if (args.action == AuditArgs::Action::kTail) {
    return os::exists(dir) ? show_tail(dir, args, common.json) : 0;
  }
  const auto verified = audit::verify(dir);
  if (!verified) {
    return report(verified.error(), common.json);
  }
  if (common.json) {
    print_json(audit::to_json(*verified));
    return verified->ok ? 0 : 1;
  }
  std::string text = verified->ok ? fmt::format("intact: {} events ({} to {})\n", verified->events,
                                                verified->first, verified->last)
                                  : fmt::format("BROKEN: {} events read\n", verified->events);
  for (const audit::Problem& problem : verified->problems) {
    text += fmt::format("  {}:{}: {}\n", problem.segment, problem.line, problem.what);
  }
  for (const std::string& note : verified->notes) {
    text += "  " + note + "\n";
  }
  print(text);
  return verified->ok ? 0 : 1;
}

}  // namespace oap::cli
