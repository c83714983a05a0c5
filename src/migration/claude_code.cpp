#include "migration/claude_code.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "config/mcp_json.hpp"
#include "migration/assets.hpp"
#include "migration/claude_hooks.hpp"
#include "migration/claude_sandbox.hpp"
#include "migration/claude_state.hpp"
#include "migration/instructions.hpp"
#include "migration/plan.hpp"
#include "migration/server_names.hpp"
#include "migration/yaml_text.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"
#include "yaml/frontmatter.hpp"

namespace oap::migration {
namespace {

constexpr std::size_t kMostServers = 4U << 20U;
constexpr std::size_t kMostStyle = 1U << 20U;
constexpr std::string_view kWritten = "# Written by `oap migrate claude-code`.\n";

/// One import on its way.
class Import {
 public:
  explicit Import(const ClaudeImport& options) : options_(options) {
    report_.host = "claude-code";
    report_.source = options.source;
    report_.target = options.target;
    report_.dry_run = options.dry_run;
  }

  Report run() {
    auto source = Tree::open(options_.source);
    if (!source) {
      return failed(source.error().message());
    }
    source_ = &*source;
    const auto files = read_settings(*source_, options_.places, report_.errors);
    settings_ = merge_settings(files, report_);
    if (!report_.errors.empty()) {
      report_.failed = true;
      return std::move(report_);
    }
    if (!files.empty()) {
      report_.migrated("settings");
    }
    find_own_files();
    servers();
    sandbox_ = translate_sandbox(settings_, report_);
    if (!permissions()) {
      report_.failed = true;
      return std::move(report_);
    }
    plan_hooks(settings_, plan_, report_);
    instructions();
    assets();
    const bool seen = !report_.not_carried.empty() || is_there(".mcp.json");
    personal_files();
    if (report_.components.empty() && (!seen || !report_.errors.empty())) {
      return report_.errors.empty()
                 ? failed(fmt::format("{} holds nothing of Claude Code: no .claude, CLAUDE.md or "
                                      ".mcp.json",
                                      options_.source))
                 : failed("nothing could be taken over");
    }
    configuration();
    link_skills();
    apply(options_.target, plan_, options_.dry_run, report_);
    report_.bound();
    return std::move(report_);
  }

 private:
  Report failed(std::string why) {
    report_.failed = true;
    report_.errors.push_back(std::move(why));
    return std::move(report_);
  }

  void put(std::string path, std::string text) {
    plan_.files.push_back({std::move(path), std::move(text), false, false, false});
  }

  /// What a former import wrote into the source itself is no source.
  void find_own_files() {
    if (const auto manifest = read_manifest(*source_)) {
      for (const auto& [path, file] : manifest->files) {
        own_.insert(path);
      }
    }
  }

  bool is_there(const std::string& path) const {
    const auto real = source_->resolve(path);
    return !real || (source_->kind(*real) != Kind::kAbsent && !own_.contains(*real));
  }

  bool permissions();
  void servers();
  void take_servers(const json::Object& from, json::Object& servers);
  void legacy_tools(json::Object& servers);
  void instructions();
  void section(std::string_view title, const std::string& text, std::string& out);
  void output_style(std::string& out);
  void assets();
  void personal_files();
  void configuration();
  void link_skills();
  void lost(std::string key, std::string where, std::string_view reason) {
    report_.not_carried.push_back({std::move(key), std::move(where), std::string(reason)});
  }

  const ClaudeImport& options_;
  const Tree* source_ = nullptr;
  Report report_;
  Plan plan_;
  ClaudeSettings settings_;
  std::set<std::string> own_;
  SandboxParts sandbox_;
};

bool Import::permissions() {
  const ClaudePermissions& from = settings_.permissions;
  const bool any =
      !from.rules.empty() || !from.default_mode.empty() || !from.additional_directories.empty();
  Translation made = translate_claude(from);
  for (std::string& one : made.warnings) {
    report_.warnings.push_back(std::move(one));
  }
  for (NotCarried& one : made.not_carried) {
    if (one.key.starts_with("permissions.deny") || one.key.starts_with("permissions.ask")) {
      report_.warnings.push_back(fmt::format("{}: {} is lost: {}", one.where, one.key, one.reason));
    }
    report_.not_carried.push_back(std::move(one));
  }
  for (json::Object& rule : sandbox_.rules) {
    made.rules.push_back(std::move(rule));
  }
  if (!any && sandbox_.rules.empty() && report_.components.empty()) {
    return true;
  }
  std::string block;
  for (const std::string& line : rule_lines(made.rules)) {
    block += "  " + line + "\n";
  }
  if (auto fault = rules_fault(with_block("", report_.host, block)); !fault.empty()) {
    report_.errors.push_back(std::move(fault));
    return false;
  }
  plan_.files.push_back({std::string(kPermissions), block, false, true, false});
  if (any) {
    report_.migrated("permissions");
  }
  return true;
}

void Import::servers() {
  json::Object servers;
  if (is_there(".mcp.json")) {
    const auto text = source_->read(".mcp.json", kMostServers);
    if (!text) {
      report_.errors.push_back(".mcp.json: " + text.error().message());
    } else {
      config::ForeignServers found = config::parse_mcp_json(text->text, ".mcp.json");
      for (const config::Problem& problem : found.problems) {
        report_.errors.push_back(problem.to_string());
      }
      for (std::string& warning : found.warnings) {
        report_.warnings.push_back(std::move(warning));
      }
      const json::Object* const ours =
          found.source ? json::find_object(found.source->document.value, "mcp_servers") : nullptr;
      take_servers(ours == nullptr ? json::Object{} : *ours, servers);
      if (!servers.empty()) {
        report_.migrated("mcp_servers");
      }
    }
  }
  for (const std::string& name : settings_.disabled_servers) {
    lost((servers.erase(name) != 0 ? "mcpServers." : "disabledMcpjsonServers: ") +
             text::escape_visible(text::truncate_utf8(name, 200)),
         ".mcp.json",
         "the settings disable it (disabledMcpjsonServers): it is not taken over, and a server of "
         "that name that is added later is not disabled");
  }
  settings_.permissions.server_names = server_names(servers);
  settings_.permissions.gateways = gateway_names(*source_);
  legacy_tools(servers);
  if (!servers.empty()) {
    put(".opencode/mcp-servers.yaml",
        std::string(kWritten) + yaml_text({{"mcp_servers", std::move(servers)}}));
  }
}

void Import::take_servers(const json::Object& from, json::Object& servers) {
  for (const auto& one : from) {
    const std::string name(one.key());
    if (!one.value().is_object()) {
      continue;
    }
    if (const std::string why = missing_for(one.value().get_object(), options_.env); !why.empty()) {
      lost("mcpServers." + name, ".mcp.json", why + ", and import again");
      continue;
    }
    if (std::string why = refused(settings_.servers, name, one.value().get_object());
        !why.empty()) {
      lost("mcpServers." + text::escape_visible(name), ".mcp.json", why);
      continue;
    }
    bool changed = false;
    servers[name] = with_empty_defaults(one.value().get_object(), changed);
    if (changed) {
      report_.warnings.push_back(fmt::format(
          "mcpServers.{}: a variable that is not set is empty for it", text::escape_visible(name)));
    }
  }
}

/// The seeds' `tools`: {bash: {enabled: true}, python: …}.
void Import::legacy_tools(json::Object& servers) {
  json::Array capabilities;
  for (const auto& tool : settings_.tools) {
    const bool on = !tool.value().is_object() || json::get_bool(tool.value(), "enabled", true);
    if (tool.key() != "bash" && tool.key() != "python") {
      lost(fmt::format("tools.{}", text::escape_visible(tool.key())), "settings",
           "is neither bash nor python");
    } else if (on) {
      capabilities.emplace_back(tool.key());
    }
  }
  if (capabilities.empty() || servers.contains("sandbox")) {
    return;
  }
  capabilities.emplace_back("file_ops");
  servers["sandbox"] =
      json::Object{{"type", "local"},
                   {"command", json::Array{"python", "-m", "mcp_sandbox"}},
                   {"capabilities", std::move(capabilities)},
                   {"resource_limits", json::Object{{"memory", "512MB"}, {"cpu_percent", 50}}}};
  report_.migrated("mcp_servers");
}

void Import::section(std::string_view title, const std::string& text, std::string& out) {
  const std::string_view body = text::trim(text);
  if (!body.empty()) {
    out += fmt::format("\n## {}\n\n{}\n", title, body);
  }
}

/// The text of the style that the settings choose, where the project has it.
void Import::output_style(std::string& out) {
  const std::string& name = settings_.output_style;
  const std::string folder = ".claude/output-styles";
  if (name.empty() || text::equals_ci(name, "default")) {
    return;
  }
  const auto real = source_->resolve(folder);
  const auto entries = real && source_->kind(*real) == Kind::kDirectory
                           ? source_->list(folder)
                           : Result<std::vector<Entry>>(std::vector<Entry>{});
  for (const Entry& entry : entries.value_or(std::vector<Entry>{})) {
    const std::string path = folder + "/" + entry.name;
    const auto text = entry.name.ends_with(".md")
                          ? source_->read(path, kMostStyle)
                          : Result<FileText>(fail(Error(Code::kNotFound, "")));
    if (!text || !text::is_valid_utf8(text->text)) {
      continue;
    }
    const auto parts = yaml::split_frontmatter(text->text, path);
    const std::string_view title =
        parts ? json::get_string(parts->fields, "name") : std::string_view();
    const std::string_view stem = std::string_view(entry.name).substr(0, entry.name.size() - 3);
    if (text::equals_ci(title, name) || text::equals_ci(stem, name)) {
      return section("Output style: " + text::escape_visible(name),
                     parts ? parts->body : text->text, out);
    }
  }
  lost("outputStyle", settings_.output_style_where,
       "is no file of .claude/output-styles: put its text into AGENTS.md");
}

void Import::instructions() {
  std::string out;
  section("Managed instructions", settings_.claude_md, out);
  section("System prompt", settings_.system_prompt, out);
  output_style(out);
  bool agents_file = false;
  for (const auto& [path, title] :
       {std::pair("CLAUDE.md", "Agent Rules"),
        std::pair(".claude/CLAUDE.md", "Agent Rules (.claude)"),
        std::pair("CLAUDE.local.md", "Personal notes (CLAUDE.local.md)")}) {
    if (!is_there(path)) {
      continue;
    }
    if (!own_.contains("AGENTS.md") && is_agents_file(*source_, path)) {
      agents_file = true;
      continue;
    }
    section(title, inline_imports(*source_, path, own_, report_), out);
    if (std::string_view(path) == "CLAUDE.local.md") {
      report_.warnings.emplace_back(
          "CLAUDE.local.md: your personal notes are in AGENTS.md now; look before you commit it");
    }
  }
  for (const RuleText& rule : rule_texts(*source_, own_, report_)) {
    section("Rules: " + text::escape_visible(rule.name), rule.text, out);
  }
  if (agents_file) {
    report_.migrated("rules");
    report_.warnings.emplace_back("CLAUDE.md is AGENTS.md, which is read here as it is");
  }
  if (out.empty()) {
    plan_.files.push_back(
        {"AGENTS.md",
         "# Repository Agent Configuration\n\nThere was no CLAUDE.md to take over: "
         "write here what an agent should know.\n",
         false, false, true});
    return;
  }
  report_.migrated("rules");
  put("AGENTS.md",
      "# Repository Agent Configuration\n\nTaken over from Claude Code by `oap migrate "
      "claude-code`; "
      "its imports stand where they were named.\n" +
          out);
  if (source_->kind("CLAUDE.md") == Kind::kFile && !own_.contains("CLAUDE.md")) {
    if (auto text = source_->read("CLAUDE.md", 1U << 20U);
        text && text::is_valid_utf8(text->text)) {
      plan_.files.push_back({"CLAUDE.md", std::move(text->text), false, false, true});
    }
  }
}

void Import::assets() {
  if (plan_skills(*source_, plan_, report_) > 0) {
    report_.migrated("skills");
  }
  if (plan_commands(*source_, plan_, report_) > 0) {
    report_.migrated("commands");
  }
  if (plan_agents(*source_, plan_, report_) > 0) {
    report_.migrated("agents");
  }
}

/// What is the person's own does not go into a project's files.
void Import::personal_files() {
  if (options_.places.user_dir.empty()) {
    return;
  }
  static constexpr std::string_view kYours =
      "is yours, not the project's: `oap migrate claude-code --user` takes it over for all your "
      "projects";
  for (const std::string& name : own_servers(options_.places.user_dir, source_->root())) {
    lost(name, options_.places.user_dir + ".json",
         name.find(' ') == std::string::npos
             ? kYours
             : std::string_view("is yours for this project alone: give it to `oap mcp add`"));
  }
  for (const char* name : {"CLAUDE.md", "skills", "commands", "agents", "rules"}) {
    const std::string path = options_.places.user_dir + "/" + name;
    if (os::exists(path)) {
      lost(path, path, kYours);
    }
  }
}

void Import::configuration() {
  json::Object config{
      {"platform", json::Object{{"version", "2.0"}, {"compatibility_mode", "claude_code"}}},
      {"security",
       json::Object{{"default_permission",
                     settings_.permissions.default_mode == "dontAsk" ? "deny" : "ask"}}}};
  if (!sandbox_.settings.empty()) {
    config["sandbox"] = sandbox_.settings;
  }
  if (settings_.model.starts_with("claude-")) {
    config["agents"] =
        json::Object{{"executor", json::Object{{"model", "anthropic/" + settings_.model}}}};
  } else if (!settings_.model.empty()) {
    lost("model", settings_.model_where,
         "is no full model name: set agents.executor.model, as anthropic/claude-sonnet-4-5");
  }
  put(".opencode/config.yaml", std::string(kWritten) + yaml_text(config));
}

/// The seeds' link for programs that look into .claude/skills, where nothing is there.
void Import::link_skills() {
  const bool skills = std::any_of(plan_.files.begin(), plan_.files.end(), [](const auto& file) {
    return file.path.starts_with(".opencode/skills/");
  });
  if (skills) {
    plan_.links.push_back({".claude/skills", "../.opencode/skills"});
  }
}

}  // namespace

Report import_claude_code(const ClaudeImport& options) { return Import(options).run(); }

}  // namespace oap::migration
