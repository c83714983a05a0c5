#include <unistd.h>

#include "cli/commands/permission.hpp"
#include "cli/output.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "permission/always.hpp"
#include "permission/rule.hpp"
#include "platform/audit_sink.hpp"
#include "platform/live_policy.hpp"
#include "platform/rule_file.hpp"
#include "tools/builtin.hpp"

namespace oap::cli {
namespace {

/// The rule as it is written down; what is wrong with it is a usage error.
Result<std::string> checked(const std::string& text) {
  OAP_TRY(const json::Object object, json::parse_object(text));
  std::vector<std::string> tools;
  for (const ToolSpec& spec : tools::builtin_specs()) {
    tools.push_back(spec.name);
  }
  OAP_CHECK_OK(permission::rule_from_json(json::Value(object), "the rule", tools));
  return json::print(json::Value(object));
}

Result<std::string> change(const platform::Settings& settings, const std::string& rule,
                           bool clear) {
  const std::string file = platform::session_rules_file(settings.paths);
  OAP_CHECK_OK(config::create_state_dir(settings.paths));
  if (clear) {
    if (::unlink(file.c_str()) != 0 && errno != ENOENT) {
      return fail(os::errno_error("removing", file, errno));
    }
    return file;
  }
  auto line = checked(rule);
  if (!line) {
    return fail(Code::kUsage, "{}", line.error().message());
  }
  OAP_CHECK_OK(platform::add_rules(file, {*line}));
  return file;
}

Result<void> record(const platform::Settings& settings, const std::string& rule, bool clear,
                    const std::string& revision) {
  OAP_TRY(const auto audit, platform::open_audit(settings));
  audit::Event event;
  event.event_type = "permission_set";
  event.user_id = std::to_string(geteuid());
  event.action = clear ? "clear" : "add";
  event.resource = platform::session_rules_file(settings.paths);
  event.details = {{"tier", "session"},
                   {"rules", clear ? json::Array{} : json::Array{rule}},
                   {"policy_revision", revision}};
  return audit->append_now(std::move(event));
}

}  // namespace

int permission_set(const platform::Settings& settings, const std::string& rule, bool clear,
                   bool as_json) {
  if (rule.empty() && !clear) {
    return report(Error(Code::kUsage, "give a rule, or --clear"), as_json);
  }
  const std::string file = platform::session_rules_file(settings.paths);
  const auto before = os::read_file(file);
  const auto changed = change(settings, rule, clear);
  if (!changed) {
    return report(changed.error(), as_json);
  }
  const auto policy = platform::compile_policy(settings);
  if (!policy) {
    const auto undone = before ? os::write_file_atomic(file, *before, 0600) : Result<void>{};
    if (!before) {
      ::unlink(file.c_str());
    }
    return report(undone ? policy.error() : undone.error(), as_json);
  }
  const std::string revision = (*policy)->revision();
  if (const auto recorded = record(settings, rule, clear, revision); !recorded) {
    return report(recorded.error(), as_json);
  }
  if (as_json) {
    print_json({{"file", file}, {"cleared", clear}, {"revision", revision}});
  } else {
    print(clear ? "the session's rules are removed\n" : "added to " + file + "\n");
  }
  return 0;
}

}  // namespace oap::cli
