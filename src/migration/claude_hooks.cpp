#include "migration/claude_hooks.hpp"

#include <fmt/format.h>

#include "json/print.hpp"
#include "programs/hook_set.hpp"
#include "text/strings.hpp"

namespace oap::migration {

void plan_hooks(const ClaudeSettings& settings, Plan& plan, Report& report) {
  for (const auto& [layer, hooks] : settings.hooks) {
    if (layer == Layer::kUser) {
      report.not_carried.push_back(
          {"hooks", settings.hook_files.at(layer),
           "are yours, not the project's: `oap migrate claude-code --user` takes them over for all "
           "your projects"});
    }
  }
  json::Object kept;
  std::vector<std::string> files;
  for (const Layer layer : {Layer::kManaged, Layer::kLocal, Layer::kProject}) {
    const auto found = settings.hooks.find(layer);
    if (found == settings.hooks.end()) {
      continue;
    }
    files.push_back(settings.hook_files.at(layer));
    for (const auto& event : found->second) {
      json::Value& groups = kept[event.key()];
      if (!groups.is_array()) {
        groups = json::Array{};
      }
      for (const json::Value& group : event.value().get_array()) {
        groups.get_array().push_back(group);
      }
    }
  }
  if (kept.empty()) {
    return;
  }
  put_hooks(std::move(kept), text::join(files, ", "), plan, report);
}

void put_hooks(json::Object hooks, const std::string& where, Plan& plan, Report& report) {
  const programs::HookSet read = programs::read_hooks({{where, programs::Owner::kProject, hooks}});
  report.warnings.insert(report.warnings.end(), read.warnings.begin(), read.warnings.end());
  plan.files.push_back({".opencode/hooks/claude-code.json",
                        json::print_pretty(json::Object{{"hooks", std::move(hooks)}}) + "\n", false,
                        false, false});
  report.migrated("hooks");
}

}  // namespace oap::migration
