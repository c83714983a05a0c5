#include <set>

#include <fmt/format.h>

#include "config/mcp_json.hpp"
#include "json/print.hpp"
#include "migration/assets.hpp"
#include "migration/claude_code.hpp"
#include "migration/claude_hooks.hpp"
#include "migration/claude_state.hpp"
#include "migration/instructions.hpp"
#include "migration/plan.hpp"
#include "migration/server_names.hpp"
#include "migration/yaml_text.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::migration {
namespace {

constexpr std::string_view kLoosens =
    "would loosen your own policy for every project: write it into permissions.yaml yourself, or "
    "import it into one project";

/// An import of what is the person's own. The plan is made as for a project; the target stands for
/// its `.opencode`.
class UserImport {
 public:
  explicit UserImport(const ClaudeImport& options) : options_(options) {
    report_.host = "claude-code";
    report_.source = options.places.user_dir;
    report_.target = options.target;
    report_.dry_run = options.dry_run;
  }

  Report run() {
    const std::string& folder = options_.places.user_dir;
    if (!folder.ends_with("/.claude") || !os::is_directory(folder)) {
      return failed(folder +
                    (folder.ends_with("/.claude")
                         ? " is no folder"
                         : " does not end in /.claude: name the folder that Claude Code keeps"));
    }
    auto source = Tree::open(folder.substr(0, folder.size() - 8));
    if (!source) {
      return failed(source.error().message());
    }
    source_ = &*source;
    const auto files = read_settings(*source_, {folder, "", false}, report_.errors);
    ClaudeSettings settings = merge_settings(files, report_);
    if (!report_.errors.empty() || !permissions(settings)) {
      report_.failed = true;
      return std::move(report_);
    }
    put_hooks(std::move(settings.hooks[Layer::kUser]),
              std::move(settings.beside_hooks[Layer::kUser]), folder + "/settings.json", plan_,
              report_);
    other_settings(settings);
    servers();
    instructions();
    assets();
    if (plan_.files.empty() && report_.errors.empty()) {
      report_.warnings.push_back(folder + " holds nothing that could be taken over");
    }
    apply(options_.target, plan_, options_.dry_run, report_, true);
    report_.bound();
    return std::move(report_);
  }

 private:
  Report failed(std::string why) {
    report_.failed = true;
    report_.errors.push_back(std::move(why));
    return std::move(report_);
  }
  void lost(std::string key, std::string where, std::string_view reason) {
    report_.not_carried.push_back({std::move(key), std::move(where), std::string(reason)});
  }

  /// Those that deny or ask, one by one: what Claude Code asks by itself is left to the projects.
  bool permissions(const ClaudeSettings& settings) {
    std::vector<json::Object> rules;
    for (const ClaudeRule& rule : settings.permissions.rules) {
      if (rule.level == Level::kAllow) {
        lost("permissions.allow: " + text::escape_visible(text::truncate_utf8(rule.text, 200)),
             rule.where, kLoosens);
        continue;
      }
      Translation made = translate_rule(rule);
      for (json::Object& one : made.rules) {
        rules.push_back(std::move(one));
      }
      for (std::string& one : made.warnings) {
        report_.warnings.push_back(std::move(one));
      }
      for (NotCarried& one : made.not_carried) {
        report_.warnings.push_back(
            fmt::format("{}: {} is lost: {}", one.where, one.key, one.reason));
        report_.not_carried.push_back(std::move(one));
      }
    }
    const auto& directories = settings.permissions.additional_directories;
    for (std::size_t i = 0; i < directories.size(); ++i) {
      lost("permissions.additionalDirectories: " + text::escape_visible(directories[i]),
           settings.permissions.directory_places[i], kLoosens);
    }
    const std::string& mode = settings.permissions.default_mode;
    if (!mode.empty() && mode != "default" && mode != "manual") {
      lost("permissions.defaultMode: " + text::escape_visible(text::truncate_utf8(mode, 100)),
           settings.permissions.default_mode_where,
           "is set for one project at a time here: security.default_permission, or an import");
    }
    if (rules.empty()) {
      return true;
    }
    std::string block;
    for (const std::string& line : rule_lines(rules)) {
      block += "  " + line + "\n";
    }
    if (auto fault = rules_fault(with_block("", report_.host, block)); !fault.empty()) {
      report_.errors.push_back(std::move(fault));
      return false;
    }
    plan_.files.push_back({std::string(kPermissions), block, false, true, false});
    report_.migrated("permissions");
    return true;
  }

  void other_settings(const ClaudeSettings& settings) {
    if (!settings.model.empty()) {
      lost("model", settings.model_where,
           "set agents.executor.model in config.yaml, as anthropic/claude-sonnet-4-5");
    }
    if (!settings.sandbox.empty()) {
      lost("sandbox", settings.sandbox_where, "is set for one project at a time: import it there");
    }
    if (!settings.output_style.empty()) {
      lost("outputStyle", settings.output_style_where, "put the style's text into AGENTS.md");
    }
    if (!settings.system_prompt.empty()) {
      lost("system_prompt", "settings.json", "belongs into AGENTS.md");
    }
  }

  void servers() {
    const auto found = user_servers(options_.places.user_dir);
    if (!found) {
      report_.errors.push_back(found.error().message());
      return;
    }
    if (found->empty()) {
      return;
    }
    const std::string file = options_.places.user_dir + ".json";
    config::ForeignServers read =
        config::parse_mcp_json(json::print(json::Object{{"mcpServers", *found}}), file);
    for (const config::Problem& problem : read.problems) {
      report_.errors.push_back(fmt::format("{}: {}", file, problem.message));
    }
    const json::Object* const ours =
        read.source ? json::find_object(read.source->document.value, "mcp_servers") : nullptr;
    json::Object kept;
    for (const auto& one : ours == nullptr ? json::Object{} : *ours) {
      if (!one.value().is_object()) {
        continue;
      }
      const std::string name = "mcpServers." + text::escape_visible(one.key());
      if (const std::string why = missing_for(one.value().get_object(), options_.env);
          !why.empty()) {
        lost(name, file, why + ", and import again");
        continue;
      }
      bool changed = false;
      kept[one.key()] = with_empty_defaults(one.value().get_object(), changed);
    }
    if (!kept.empty()) {
      plan_.files.push_back({".opencode/mcp-servers.yaml",
                             "# Written by `oap migrate claude-code --user`.\n" +
                                 yaml_text({{"mcp_servers", std::move(kept)}}),
                             false, false, false, true});
      report_.migrated("mcp_servers");
    }
  }

  void instructions() {
    std::string out;
    const auto real = source_->resolve(".claude/CLAUDE.md");
    if (real && source_->kind(*real) != Kind::kAbsent) {
      out += text::trim(inline_imports(*source_, ".claude/CLAUDE.md", {}, report_));
      out += "\n";
    }
    for (const RuleText& rule : rule_texts(*source_, {}, report_)) {
      if (const std::string_view body = text::trim(rule.text); !body.empty()) {
        out += fmt::format("\n## Rules: {}\n\n{}\n", text::escape_visible(rule.name), body);
      }
    }
    if (!text::trim(out).empty()) {
      plan_.files.push_back({"AGENTS.md", std::move(out), false, false, false});
      report_.migrated("rules");
    }
  }

  void assets() {
    if (plan_skills(*source_, plan_, report_) > 0) {
      report_.migrated("skills");
    }
    if (plan_commands(*source_, plan_, report_) > 0) {
      report_.migrated("commands");
    }
    if (plan_agents(*source_, plan_, report_) > 0) {
      report_.migrated("agents");
    }
    const std::string styles = options_.places.user_dir + "/output-styles";
    if (os::is_directory(styles)) {
      lost(styles, styles, "output styles are not known here: put a text into AGENTS.md");
    }
  }

  const ClaudeImport& options_;
  const Tree* source_ = nullptr;
  Report report_;
  Plan plan_;
};

}  // namespace

Report import_claude_user(const ClaudeImport& options) { return UserImport(options).run(); }

}  // namespace oap::migration
