#include "migration/in_place.hpp"

#include <algorithm>
#include <set>

#include "migration/claude_sandbox.hpp"
#include "migration/instructions.hpp"
#include "migration/plan.hpp"
#include "migration/server_names.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::migration {
namespace {

constexpr std::size_t kMostInstructions = 1U << 20U;

}  // namespace

std::vector<std::string> rule_files_in_place(const std::string& workspace) {
  return {workspace + "/.claude/settings.json", workspace + "/.claude/settings.local.json",
          workspace + "/.mcp.json"};
}

std::vector<HooksInPlace> hooks_in_place(const std::string& workspace) {
  std::vector<HooksInPlace> out;
  if (!os::exists(workspace + "/.claude")) {
    return out;
  }
  const auto tree = Tree::open(workspace);
  if (!tree) {
    return out;
  }
  std::vector<std::string> errors;
  auto files = read_settings(*tree, {"", "", true}, errors);
  // The weaker first: of `env` the last one counts.
  std::reverse(files.begin(), files.end());
  const bool none = std::any_of(files.begin(), files.end(), [](const SettingsFile& file) {
    return json::get_bool(file.value, "disableAllHooks");
  });
  for (SettingsFile& file : files) {
    const json::Object* const hooks = json::find_object(file.value, "hooks");
    json::Object groups = hooks != nullptr && !none ? *hooks : json::Object{};
    if (!groups.empty() || file.value.contains("env")) {
      out.push_back({file.file, std::move(groups), std::move(file.value)});
    }
  }
  return out;
}

namespace {

void add_warnings(const Report& report, std::vector<std::string>& warnings) {
  warnings.insert(warnings.end(), report.errors.begin(), report.errors.end());
  warnings.insert(warnings.end(), report.warnings.begin(), report.warnings.end());
}

/// The nearest directory upward with .git, else the given one.
std::string project_root(const std::string& directory) {
  for (std::string at = directory; at.size() > 1;
       at.resize(std::max<std::size_t>(at.rfind('/'), 1))) {
    if (os::exists(at + "/.git")) {
      return at;
    }
  }
  return directory;
}

}  // namespace

std::vector<InstructionsInPlace> instructions_in_place(const std::string& workspace,
                                                       std::vector<std::string>& warnings) {
  std::vector<InstructionsInPlace> out;
  const auto tree = Tree::open(workspace);
  if (!tree) {
    return out;
  }
  std::set<std::string> own;
  if (const auto manifest = read_manifest(*tree)) {
    for (const auto& [path, file] : manifest->files) {
      own.insert(path);
    }
  }
  if (own.contains("AGENTS.md")) {
    return out;
  }
  Report report;
  for (const char* name : {".claude/CLAUDE.md", "CLAUDE.local.md"}) {
    const auto real = tree->resolve(name);
    if (real && tree->kind(*real) == Kind::kFile && !is_agents_file(*tree, name)) {
      out.push_back({workspace + "/" + name, inline_imports(*tree, name, own, report)});
    }
  }
  for (RuleText& rule : rule_texts(*tree, own, report)) {
    out.push_back({workspace + "/" + rule.path, std::move(rule.text)});
  }
  std::erase_if(out, [](const auto& one) { return text::trim(one.text).empty(); });
  add_warnings(report, warnings);
  return out;
}

std::string expanded_in_place(const std::string& workspace, const std::string& path,
                              std::string text, std::vector<std::string>& warnings) {
  const std::string directory = path.substr(0, path.rfind('/'));
  const bool above = workspace == directory || workspace.starts_with(directory + "/");
  const auto tree =
      above ? Tree::open(project_root(directory)) : Result<Tree>(fail(Error(Code::kNotFound, "")));
  if (!tree || !path.starts_with(tree->root() + "/")) {
    return text;
  }
  Report report;
  const std::string inner = path.substr(tree->root().size() + 1);
  if (!tree->read(inner, kMostInstructions)) {
    return text;
  }
  std::string expanded = inline_imports(*tree, inner, {}, report);
  add_warnings(report, warnings);
  return expanded.empty() ? text : expanded;
}

Result<RulesInPlace> rules_in_place(const std::string& workspace) {
  if (!os::exists(workspace + "/.claude")) {
    return RulesInPlace();
  }
  OAP_TRY(const Tree tree, Tree::open(workspace));
  const auto manifest = read_manifest(tree);
  if (manifest) {
    const auto found = manifest->files.find(std::string(kPermissions));
    if (found != manifest->files.end() && found->second.blocks.contains("claude-code")) {
      return RulesInPlace();
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
    return RulesInPlace();
  }
  settings.permissions.server_names = server_names(tree);
  settings.permissions.gateways = gateway_names(tree);
  std::vector<json::Object> rules = translate_claude(settings.permissions).rules;
  rules.insert(rules.end(), sandbox.rules.begin(), sandbox.rules.end());
  std::string text = "permissions:\n";
  for (const std::string& line : rule_lines(rules)) {
    text += "  " + line + "\n";
  }
  return RulesInPlace{std::move(text), from.default_mode == "dontAsk"};
}

}  // namespace oap::migration
