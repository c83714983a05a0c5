#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/clock.hpp"
#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "json/print.hpp"
#include "os/env.hpp"
#include "os/file.hpp"
#include "platform/audit_sink.hpp"
#include "platform/settings.hpp"
#include "store/store.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

using store::ApprovalRecord;

std::string time_of(WallTime at) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(at)));
}

json::Object to_json(const ApprovalRecord& record) {
  json::Object out{{"id", record.id},
                   {"state", to_string(record.state)},
                   {"tool", record.tool},
                   {"user_id", record.user_id},
                   {"role", record.role},
                   {"session_id", record.session_id},
                   {"call_id", record.call_id},
                   {"created_at", time_of(record.created_at)},
                   {"expires_at", time_of(record.expires_at)},
                   {"decided_at", nullptr},
                   {"decided_by", record.decided_by},
                   {"reason", record.comment},
                   {"call", record.details}};
  if (record.decided_at) {
    out["decided_at"] = time_of(*record.decided_at);
  }
  return out;
}

/// Text of the call, with nothing in it that could hide.
std::string indented(std::string_view title, std::string_view text) {
  std::string out;
  for (const std::string_view line : text::split_lines(text)) {
    out += fmt::format("  {}{}\n", title, text::escape_visible(line));
  }
  return out;
}

std::string text_of(const ApprovalRecord& record) {
  std::string out =
      fmt::format("{} {} {} by {} ({}), until {}\n", record.id, to_string(record.state),
                  text::escape_visible(record.tool), text::escape_visible(record.user_id),
                  text::escape_visible(record.role), time_of(record.expires_at));
  const json::Object& call = record.details;
  const json::Array* const commands = json::find_array(call, "commands");
  for (std::size_t i = 0; commands != nullptr && i < commands->size(); ++i) {
    if ((*commands)[i].is_string()) {
      out += indented("$ ", json::view((*commands)[i].get_string()));
    }
  }
  const std::string_view diff = json::get_string(call, "diff");
  const json::Value* const arguments = json::find(call, "arguments");
  if (arguments != nullptr && diff.empty() && (commands == nullptr || commands->empty())) {
    out += indented("", json::print_pretty(*arguments));
  }
  out += indented("", diff);
  out += indented("in: ", json::get_string(call, "cwd"));
  out += indented("why asked: ", json::get_string(call, "reason"));
  out += indented("rule: ", json::get_string(call, "rule"));
  if (!record.decided_by.empty()) {
    out += indented("decided by ",
                    record.decided_by + (record.comment.empty() ? "" : ": " + record.comment));
  }
  return out;
}

int list(store::Store& store, const ApprovalArgs& args, bool as_json) {
  const auto records = store.approvals().list({!args.all, system_clock().wall(), 100});
  if (!records) {
    return report(records.error(), as_json);
  }
  json::Array rows;
  std::string text;
  for (const ApprovalRecord& record : *records) {
    rows.push_back(to_json(record));
    text += text_of(record);
  }
  if (as_json) {
    print_json({{"approvals", std::move(rows)}});
  } else {
    print(text.empty() ? "nothing waits for approval\n" : text);
  }
  return 0;
}

Result<void> record_verdict(const platform::Settings& settings, const ApprovalRecord& record) {
  OAP_TRY(const auto audit, platform::open_audit(settings));
  audit::Event event;
  event.event_type = "approval";
  event.user_id = record.decided_by;
  event.session_id = record.session_id;
  event.call_id = record.call_id;
  event.tool = record.tool;
  event.permission_decision = record.state == store::ApprovalState::kApproved ? "allow" : "deny";
  event.rule = json::get_string(record.details, "rule");
  event.reason = record.comment;
  event.approver = record.decided_by;
  event.details = {{"approval_id", record.id}, {"asked_by", record.user_id}};
  return audit->append_now(std::move(event));
}

int decide(store::Store& store, const platform::Settings& settings, const ApprovalArgs& args,
           bool as_json) {
  const auto id = store.approvals().resolve(args.id);
  if (!id) {
    return report(id.error(), as_json);
  }
  const bool approves = args.action == ApprovalArgs::Action::kApprove;
  const auto record = store.approvals().decide(
      *id, {approves, os::user_name(), args.reason, system_clock().wall()});
  if (!record) {
    return report(record.error(), as_json);
  }
  if (const auto recorded = record_verdict(settings, *record); !recorded) {
    return report(recorded.error(), as_json);
  }
  if (as_json) {
    print_json(to_json(*record));
  } else {
    print(fmt::format("{} is {}\n", record->id, to_string(record->state)));
  }
  return 0;
}

}  // namespace

int approvals_command(const Common& common, const ApprovalArgs& args) {
  const auto settings = platform::load_settings(settings_options(common));
  if (!settings) {
    return report(settings.error(), common.json);
  }
  if (const auto made = config::create_state_dir(settings->paths); !made) {
    return report(made.error(), common.json);
  }
  const auto store = store::Store::open(settings->paths.state_dir + "/oap.db");
  if (!store) {
    return report(store.error(), common.json);
  }
  return args.action == ApprovalArgs::Action::kList ? list(**store, args, common.json)
                                                    : decide(**store, *settings, args, common.json);
}

}  // namespace oap::cli
