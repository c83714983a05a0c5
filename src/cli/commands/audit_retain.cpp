#include "audit/query.hpp"
#include "cli/commands/audit_views.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "platform/audit_sink.hpp"
#include "platform/settings.hpp"

namespace oap::cli {
namespace {

Result<audit::Log::Retired> retain(const Common& common, const AuditArgs& args) {
  OAP_TRY(const platform::Settings settings, platform::load_settings(settings_options(common)));
  std::optional<Millis> age;
  if (!args.older_than.empty()) {
    const auto parsed = audit::parse_age(args.older_than);
    if (!parsed) {
      return fail(usage(parsed.error()));
    }
    age = *parsed;
  }
  return platform::retire_audit(settings, age);
}

}  // namespace

int audit_retain(const Common& common, const AuditArgs& args) {
  const auto retired = retain(common, args);
  if (!retired) {
    return report(retired.error(), common.json);
  }
  if (common.json) {
    print_json(json::Object{{"segments", retired->segments}, {"events", retired->events}});
  } else {
    print(fmt::format("deleted {} segments with {} events\n", retired->segments, retired->events));
  }
  return 0;
}

}  // namespace oap::cli
