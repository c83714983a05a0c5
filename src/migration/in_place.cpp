#include "migration/in_place.hpp"

#include "migration/claude_sandbox.hpp"
#include "migration/plan.hpp"
#include "migration/server_names.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::migration {

std::vector<std::string> rule_files_in_place(const std::string& workspace) {
  return {workspace + "/.claude/settings.json", workspace + "/.claude/settings.local.json",
          workspace + "/.mcp.json"};
}

Result<std::string> rules_in_place(const std::string& workspace) {
  if (!os::exists(workspace + "/.claude")) {
    return std::string();
  }
  OAP_TRY(const Tree tree, Tree::open(workspace));
  const auto manifest = read_manifest(tree);
  if (manifest) {
    const auto found = manifest->files.find(std::string(kPermissions));
    if (found != manifest->files.end() && found->second.blocks.contains("claude-code")) {
      return std::string();
    }
  }
  Report report;
  const auto files = read_settings(tree, {"", "", true}, report.errors);
  ClaudeSettings settings = merge_settings(files, report);
  if (!report.errors.empty()) {
    return fail(Code::kConfiguration,
                "{}\n(.claude is read because platform.compatibility_mode is claude_code; none "
                "switches that off)",
                text::join(report.errors, "\n"));
  }
  const ClaudePermissions& from = settings.permissions;
  const SandboxParts sandbox = translate_sandbox(settings, report);
  if (from.rules.empty() && from.default_mode.empty() && from.additional_directories.empty() &&
      sandbox.rules.empty()) {
    return std::string();
  }
  settings.permissions.server_names = server_names(tree);
  settings.permissions.gateways = gateway_names(tree);
  std::vector<json::Object> rules = translate_claude(settings.permissions).rules;
  rules.insert(rules.end(), sandbox.rules.begin(), sandbox.rules.end());
  std::string text = "permissions:\n";
  for (const std::string& line : rule_lines(rules)) {
    text += "  " + line + "\n";
  }
  return text;
}

}  // namespace oap::migration
