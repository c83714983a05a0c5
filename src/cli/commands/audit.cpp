#include <fmt/format.h>

#include "audit/tail.hpp"
#include "audit/verify.hpp"
#include "cli/commands/audit_views.hpp"
#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "os/file.hpp"
#include "platform/audit_sink.hpp"
#include "platform/settings.hpp"

namespace oap::cli {
namespace {

int show_tail(const std::string& dir, const AuditArgs& args, bool as_json) {
  const auto records = audit::tail(dir, static_cast<std::size_t>(args.lines));
  if (!records) {
    return report(records.error(), as_json);
  }
  for (const json::Object& record : *records) {
    if (as_json) {
      print_json(json::Value(record));
    } else {
      print(audit_line(record) + "\n");
    }
  }
  return 0;
}

int show_verify(const std::string& dir, bool as_json) {
  const auto verified = audit::verify(dir);
  if (!verified) {
    return report(verified.error(), as_json);
  }
  if (as_json) {
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
  using Action = AuditArgs::Action;
  switch (args.action) {
    case Action::kTail:
      return os::exists(dir) ? show_tail(dir, args, common.json) : 0;
    case Action::kSearch:
      return audit_search(dir, args, common.json);
    case Action::kReport:
      return audit_report(dir, args, common.json);
    case Action::kExport:
      return audit_export(dir, args);
    case Action::kProve:
      return audit_prove(dir, args, common.json);
    case Action::kCheckpoint:
      return audit_checkpoint(dir, common.json);
    case Action::kRetain:
      return audit_retain(common, args);
    case Action::kVerify:
      break;
  }
  return args.proof_file.empty() ? show_verify(dir, common.json)
                                 : audit_verify_proof(args, common.json);
}

}  // namespace oap::cli
