#include <fmt/format.h>

#include "audit/anchor.hpp"
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

int show_tail(const std::string& dir, const Common& common, const AuditArgs& args) {
  const bool as_json = common.json;
  const auto keys = audit_keys(dir, common);
  if (!keys) {
    return report(keys.error(), as_json);
  }
  const auto records = audit::tail(dir, static_cast<std::size_t>(args.lines), {}, keys->get());
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
  return audit_malformed(audit_malformed(*records));
}

Result<audit::VerifyReport> verified_log(const std::string& dir, const Common& common,
                                         const AuditArgs& args) {
  audit::VerifyOptions options;
  const auto keys = audit_keys(dir, common);
  options.keys = keys ? keys->get() : nullptr;
  if (!args.anchor_file.empty()) {
    std::optional<crypto::PublicKey> key;
    if (!args.key_file.empty()) {
      OAP_TRY(const std::string pem, os::read_file(args.key_file, 16'384));
      OAP_TRY(key, crypto::PublicKey::from_pem(pem));
    }
    OAP_TRY(const std::string text, os::read_file(args.anchor_file, 64U << 20U));
    auto anchors = audit::parse_anchors(text, key);
    if (!anchors) {
      return fail(Code::kConfiguration, "{}: {}", args.anchor_file, anchors.error().message());
    }
    options.anchors = *std::move(anchors);
  }
  OAP_TRY(audit::VerifyReport found, audit::verify(dir, options));
  if (!keys) {
    found.notes.push_back(keys.error().message());
  }
  return found;
}

int show_verify(const std::string& dir, const Common& common, const AuditArgs& args) {
  const bool as_json = common.json;
  if (!args.key_file.empty() && args.anchor_file.empty()) {
    return report({Code::kConfiguration, "--key goes with --proof or --anchor"}, as_json);
  }
  const auto verified = verified_log(dir, common, args);
  if (!verified) {
    return report(verified.error(), as_json);
  }
  if (as_json) {
    print_json(audit::to_json(*verified));
    return verified->ok ? 0 : 1;
  }
  std::string text = fmt::format("BROKEN: {} events read\n", verified->events);
  if (verified->ok) {
    text = fmt::format("intact: {} events ({} to {})\n", verified->events, verified->first,
                       verified->last);
  } else if (verified->is_undecided) {
    text = fmt::format("UNDECIDED: {} events ({} to {}) fit each other, but no anchor\n",
                       verified->events, verified->first, verified->last);
  }
  for (const audit::Problem& problem : verified->problems) {
    const std::string place = problem.line > 0
                                  ? fmt::format("{}:{}: ", problem.segment, problem.line)
                                  : problem.segment + (problem.segment.empty() ? "" : ": ");
    text += "  " + place + problem.what + "\n";
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
  if (os::exists(paths->state_root) && !os::is_directory(paths->state_root)) {
    return report({Code::kFailedPrecondition,
                   fmt::format("the state folder {} is no folder: whether there is an audit log "
                               "cannot be said; put it back, or set OPENCODE_DATA_PATH",
                               paths->state_root)},
                  common.json);
  }
  const std::string dir = platform::audit_dir({*paths, {}, {}});
  using Action = AuditArgs::Action;
  switch (args.action) {
    case Action::kTail:
      return show_tail(dir, common, args);
    case Action::kSearch:
      return audit_search(dir, common, args);
    case Action::kReport:
      return audit_report(dir, common, args);
    case Action::kExport:
      return audit_export(dir, common, args);
    case Action::kProve:
      return audit_prove(dir, args, common.json);
    case Action::kCheckpoint:
      return audit_checkpoint(dir, common.json);
    case Action::kRetain:
      return audit_retain(common, args);
    case Action::kRotateKey:
      return audit_rotate_key(common);
    case Action::kErase:
      return audit_erase(common, args);
    case Action::kDecrypt:
      return audit_decrypt(common, args);
    case Action::kVerify:
      break;
  }
  return args.proof_file.empty() ? show_verify(dir, common, args)
                                 : audit_verify_proof(args, common.json);
}

}  // namespace oap::cli
