#include "migration/claude_hooks.hpp"

#include <fmt/format.h>

#include "json/print.hpp"
#include "programs/hook_set.hpp"
#include "text/strings.hpp"

namespace oap::migration {
namespace {

/// The project's `env`, and the lists of all layers that a project's file stands for, joined: each
/// only ever limits.
json::Object beside_project(const ClaudeSettings& settings) {
  json::Object out;
  for (const Layer layer : {Layer::kProject, Layer::kManaged, Layer::kLocal}) {
    const auto found = settings.beside_hooks.find(layer);
    if (found == settings.beside_hooks.end()) {
      continue;
    }
    for (const auto& one : found->second) {
      json::Value& to = out[one.key()];
      if (to.is_array() && one.value().is_array()) {
        for (const json::Value& item : one.value().get_array()) {
          to.get_array().push_back(item);
        }
      } else {
        to = one.value();
      }
    }
  }
  return out;
}

}  // namespace

void plan_hooks(const ClaudeSettings& settings, Plan& plan, Report& report) {
  for (const auto& [layer, hooks] : settings.hooks) {
    if (layer == Layer::kUser) {
      report.not_carried.push_back(
          {"hooks", settings.hook_files.at(layer),
           "are yours, not the project's: `oap migrate claude-code --user` takes them over for all "
           "your projects"});
    }
  }
  if (settings.beside_hooks.contains(Layer::kUser)) {
    report.not_carried.push_back(
        {"env", "your settings.json",
         "is yours, not the project's: `oap migrate claude-code --user` takes it over for all your "
         "projects"});
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
  put_hooks(std::move(kept), beside_project(settings), text::join(files, ", "), plan, report);
}

void put_hooks(json::Object hooks, json::Object beside, const std::string& where, Plan& plan,
               Report& report) {
  if (hooks.empty() && beside.empty()) {
    return;
  }
  const programs::HookSet read = programs::read_hooks(
      {{where.empty() ? "settings" : where, programs::Owner::kProject, hooks, beside}});
  report.warnings.insert(report.warnings.end(), read.warnings.begin(), read.warnings.end());
  report.migrated(hooks.empty() ? "env" : "hooks");
  const bool secret = beside.contains("env");
  beside["hooks"] = std::move(hooks);
  plan.files.push_back({".opencode/hooks/claude-code.json", json::print_pretty(beside) + "\n",
                        false, false, false, secret});
}

}  // namespace oap::migration
