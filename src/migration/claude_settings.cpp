#include "migration/claude_settings.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "json/parse.hpp"
#include "json/pointer.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::migration {
namespace {

constexpr std::size_t kMostSettings = 4U << 20U;
constexpr std::size_t kMostDepth = 64;
constexpr std::size_t kMostRules = 5'000;

/// Takes one file's text into the list, or says what is wrong with it.
void take(Layer layer, const std::string& file, const Result<std::string>& text,
          std::vector<SettingsFile>& out, std::vector<std::string>& errors) {
  if (!text) {
    errors.push_back(fmt::format("{}: {}", file, text.error().message()));
    return;
  }
  if (text::trim(*text).empty()) {
    return;
  }
  auto value = json::parse_object(*text, {kMostDepth, kMostSettings});
  if (!value) {
    errors.push_back(fmt::format("{}: {}", file, value.error().message()));
    return;
  }
  SettingsFile one{layer, file, *std::move(value), {}};
  if (auto lines = yaml::parse(*text, file)) {
    one.lines = *std::move(lines);
    one.lines.value = nullptr;
  }
  out.push_back(std::move(one));
}

void take_managed(const std::string& dir, std::vector<SettingsFile>& out,
                  std::vector<std::string>& errors) {
  const auto add = [&](const std::string& path) {
    if (os::exists(path)) {
      take(Layer::kManaged, path, os::read_file(path, kMostSettings), out, errors);
    }
  };
  add(dir + "/managed-settings.json");
  const std::string drop_in = dir + "/managed-settings.d";
  if (!os::is_directory(drop_in)) {
    return;
  }
  if (const auto names = os::list_dir(drop_in)) {
    for (const std::string& name : *names) {
      if (name.ends_with(".json") && !name.starts_with('.')) {
        add(drop_in + "/" + name);
      }
    }
  }
}

/// Why a key of theirs stays behind.
std::string_view reason_for(std::string_view key) {
  struct Known {
    std::string_view key;
    std::string_view reason;
  };
  static constexpr auto kKnown = std::to_array<Known>({
      {"apiKeyHelper", "no program is run for a key: set providers.<name>.api_key_env"},
      {"awsAuthRefresh", "no program is run for credentials"},
      {"awsCredentialExport", "no program is run for credentials"},
      {"gcpAuthRefresh", "no program is run for credentials"},
      {"otelHeadersHelper", "no program is run for headers"},
      {"statusLine", "runs a program for Claude Code's own screen"},
      {"subagentStatusLine", "runs a program for Claude Code's own screen"},
      {"fileSuggestion", "runs a program for Claude Code's own screen"},
      {"enabledPlugins", "Claude Code's plugins are not installed here"},
      {"extraKnownMarketplaces", "Claude Code's plugins are not installed here"},
      {"strictKnownMarketplaces", "Claude Code's plugins are not installed here"},
      {"blockedMarketplaces", "Claude Code's plugins are not installed here"},
      {"pluginConfigs", "Claude Code's plugins are not installed here"},
      {"agent", "the main agent is chosen by `oap run`"},
      {"fallbackModel", "there is no second model here"},
      {"availableModels", "models are not limited by settings here"},
      {"cleanupPeriodDays", "see security.audit.retention_days, which is about the audit log"},
      {"enableAllProjectMcpServers", "servers start after `oap trust`, and not before"},
      {"enabledMcpjsonServers", "servers start after `oap trust`, and not before"},
      {"allowedMcpServers", "there is no list of servers that may be used"},
      {"allowManagedMcpServersOnly", "there is no list of servers that may be used"},
      {"deniedMcpServers",
       "there is no list of servers that may not be used; deny their tools by a "
       "rule mcp__<server>"},
      {"managedMcpServers", "only .mcp.json is read"},
      {"disableSkillShellExecution", "skills run no commands when they are loaded here"},
      {"skillOverrides", "skills cannot be switched off one by one here"},
      {"claudeMdExcludes", "CLAUDE.md of this folder alone is read"},
      {"allowedHttpHookUrls", "hooks of type http are not run here"},
      {"httpHookAllowedEnvVars", "hooks of type http are not run here"},
      {"includeCoAuthoredBy", "the model is not told what to write into commits"},
      {"attribution", "the model is not told what to write into commits"},
      {"disableBypassPermissionsMode", "there is no such mode here: nothing needs to be disabled"},
      {"disableAutoMode", "there is no such mode here: nothing needs to be disabled"},
  });
  const auto found =
      std::find_if(kKnown.begin(), kKnown.end(), [&](const Known& one) { return one.key == key; });
  return found == kKnown.end() ? "has no counterpart here" : found->reason;
}

/// One pass over the files, strongest first.
class Merger {
 public:
  Merger(const std::vector<SettingsFile>& files, Report& report) : files_(files), report_(report) {}

  ClaudeSettings run() {
    for (const SettingsFile& file : files_) {
      if (file.layer == Layer::kManaged) {
        only_managed_rules_ |= json::get_bool(file.value, "allowManagedPermissionRulesOnly");
        only_managed_hooks_ |= json::get_bool(file.value, "allowManagedHooksOnly");
      }
      no_hooks_ |= json::get_bool(file.value, "disableAllHooks");
    }
    for (const SettingsFile& file : files_) {
      take_file(file);
    }
    return std::move(out_);
  }

 private:
  void lost(const SettingsFile& file, std::string_view pointer, std::string key,
            std::string_view reason) {
    report_.not_carried.push_back({std::move(key), file.where(pointer), std::string(reason)});
  }
  void wrong(const SettingsFile& file, std::string_view pointer, std::string_view key,
             std::string_view expected, const json::Value& found) {
    report_.errors.push_back(fmt::format("{}: {}: expected {}, found {}", file.where(pointer), key,
                                         expected, json::type_name(found)));
  }

  void take_file(const SettingsFile& file) {
    for (const auto& member : file.value) {
      const std::string_view key = member.key();
      const std::string pointer = json::pointer_join("", key);
      if (!take_key(file, key, pointer, member.value())) {
        lost(file, pointer, text::escape_visible(key), reason_for(key));
      }
    }
  }

  bool take_key(const SettingsFile& file, std::string_view key, const std::string& pointer,
                const json::Value& value) {
    if (key == "$schema") {
      return true;
    }
    if (key == "allowManagedHooksOnly" || key == "allowManagedPermissionRulesOnly") {
      if (file.layer != Layer::kManaged) {
        lost(file, pointer, std::string(key), "counts in managed settings only");
      }
      return true;
    }
    if (key == "disableAllHooks") {
      if (value.is_bool() && value.get_bool()) {
        report_.warnings.push_back(fmt::format(
            "{}: disableAllHooks: no hook of these settings is taken over; hooks that stand in "
            "oap's own hooks folders run all the same",
            file.where(pointer)));
      }
      return true;
    }
    if (key == "permissions" || key == "hooks" || key == "sandbox" || key == "env" ||
        key == "tools") {
      if (!value.is_object()) {
        wrong(file, pointer, key, "an object", value);
        return true;
      }
      take_object(file, key, pointer, value.get_object());
      return true;
    }
    if (key == "model" || key == "system_prompt" || key == "claudeMd" || key == "outputStyle") {
      if (!value.is_string()) {
        wrong(file, pointer, key, "a text", value);
        return true;
      }
      take_text(file, key, pointer, std::string(json::view(value.get_string())));
      return true;
    }
    if (key == "disabledMcpjsonServers") {
      for (std::string& name : texts(file, pointer, key, value)) {
        out_.disabled_servers.push_back(std::move(name));
      }
      return true;
    }
    return false;
  }

  void take_object(const SettingsFile& file, std::string_view key, const std::string& pointer,
                   const json::Object& value) {
    if (key == "permissions") {
      take_permissions(file, value);
    } else if (key == "hooks") {
      take_hooks(file, value);
    } else if (key == "sandbox") {
      out_.sandbox_where = file.where(pointer);
      merge_into(out_.sandbox, value, 0);
    } else if (key == "tools") {
      merge_into(out_.tools, value, 0);
      report_.warnings.push_back(fmt::format(
          "{}: tools is no key of Claude Code's settings; taken as the older form it was",
          file.where(pointer)));
    } else {
      for (const auto& one : value) {
        lost(
            file, json::pointer_join(pointer, one.key()),
            fmt::format("env.{}", text::escape_visible(one.key())),
            "settings set no environment for tools here: a server's own is in mcp_servers.<n>.env, "
            "the rest is inherited from your shell only where the sandbox lets it");
      }
    }
  }

  void take_text(const SettingsFile& file, std::string_view key, const std::string& pointer,
                 std::string text) {
    if (key == "model") {
      if (out_.model.empty()) {
        out_.model = std::move(text);
        out_.model_where = file.where(pointer);
      }
      return;
    }
    if (key == "outputStyle") {
      if (out_.output_style.empty()) {
        out_.output_style = std::move(text);
        out_.output_style_where = file.where(pointer);
      }
      return;
    }
    if (key == "claudeMd") {
      if (file.layer != Layer::kManaged) {
        return lost(file, pointer, "claudeMd", "counts in managed settings only");
      }
      out_.claude_md += (out_.claude_md.empty() ? "" : "\n\n") + text;
      return;
    }
    report_.warnings.push_back(fmt::format(
        "{}: system_prompt is no key of Claude Code's settings; taken as the older form it was, "
        "into AGENTS.md",
        file.where(pointer)));
    if (out_.system_prompt.empty()) {
      out_.system_prompt = std::move(text);
    }
  }

  /// Stronger files come first: what is there wins, lists are joined, objects merge.
  static void merge_into(json::Object& out, const json::Object& from, int depth) {
    for (const auto& member : from) {
      const auto found = out.find(member.key());
      if (found == out.end()) {
        out[member.key()] = member.value();
      } else if (found->value().is_array() && member.value().is_array()) {
        for (const json::Value& item : member.value().get_array()) {
          found->value().get_array().push_back(item);
        }
      } else if (found->value().is_object() && member.value().is_object() && depth < 8) {
        merge_into(found->value().get_object(), member.value().get_object(), depth + 1);
      }
    }
  }

  std::vector<std::string> texts(const SettingsFile& file, const std::string& pointer,
                                 std::string_view key, const json::Value& value) {
    std::vector<std::string> out;
    if (!value.is_array()) {
      wrong(file, pointer, key, "a list of texts", value);
      return out;
    }
    for (std::size_t i = 0; i < value.get_array().size(); ++i) {
      const json::Value& item = value.get_array()[i];
      if (!item.is_string()) {
        wrong(file, json::pointer_join(pointer, i), key, "a text", item);
        continue;
      }
      out.emplace_back(json::view(item.get_string()));
    }
    return out;
  }

  void take_permissions(const SettingsFile& file, const json::Object& value) {
    for (const auto& member : value) {
      const std::string_view key = member.key();
      const std::string pointer = json::pointer_join("/permissions", key);
      if (key == "allow" || key == "ask" || key == "deny") {
        take_rules(file, pointer, key, member.value());
      } else if (key == "defaultMode") {
        if (!member.value().is_string()) {
          wrong(file, pointer, key, "a text", member.value());
        } else if (out_.permissions.default_mode.empty()) {
          out_.permissions.default_mode = json::view(member.value().get_string());
          out_.permissions.default_mode_where = file.where(pointer);
        }
      } else if (key == "additionalDirectories") {
        for (std::string& one : texts(file, pointer, key, member.value())) {
          out_.permissions.additional_directories.push_back(std::move(one));
          out_.permissions.directory_places.push_back(file.where(pointer));
        }
      } else {
        lost(file, pointer, fmt::format("permissions.{}", text::escape_visible(key)),
             reason_for(key));
      }
    }
  }

  void take_rules(const SettingsFile& file, const std::string& pointer, std::string_view key,
                  const json::Value& value) {
    if (only_managed_rules_ && file.layer != Layer::kManaged) {
      return lost(file, pointer, fmt::format("permissions.{}", key),
                  "managed settings say that their rules alone count");
    }
    const Level level =
        key == "allow" ? Level::kAllow : (key == "deny" ? Level::kDeny : Level::kAsk);
    if (!value.is_array()) {
      return wrong(file, pointer, key, "a list of rules", value);
    }
    for (std::size_t i = 0; i < value.get_array().size(); ++i) {
      const json::Value& item = value.get_array()[i];
      const std::string at = json::pointer_join(pointer, i);
      if (!item.is_string()) {
        wrong(file, at, key, "a rule such as \"Bash(npm test *)\"", item);
      } else if (out_.permissions.rules.size() >= kMostRules) {
        report_.errors.push_back(fmt::format("{}: more than {} rules", file.where(at), kMostRules));
        return;
      } else {
        out_.permissions.rules.push_back(
            {level, file.layer, std::string(json::view(item.get_string())), file.where(at)});
      }
    }
  }

  void take_hooks(const SettingsFile& file, const json::Object& value) {
    if (no_hooks_ || (only_managed_hooks_ && file.layer != Layer::kManaged)) {
      return lost(file, "/hooks", "hooks",
                  no_hooks_ ? "the settings disable all hooks"
                            : "managed settings say that their hooks alone count");
    }
    for (const auto& member : value) {
      const std::string pointer = json::pointer_join("/hooks", member.key());
      if (!member.value().is_array()) {
        wrong(file, pointer, member.key(), "a list of groups", member.value());
        continue;
      }
      json::Value& groups = out_.hooks[file.layer][member.key()];
      if (!groups.is_array()) {
        groups = json::Array{};
      }
      for (const json::Value& group : member.value().get_array()) {
        groups.get_array().push_back(group);
      }
    }
    std::string& files = out_.hook_files[file.layer];
    files += (files.empty() ? "" : ", ") + file.file;
  }

  const std::vector<SettingsFile>& files_;
  Report& report_;
  ClaudeSettings out_;
  bool only_managed_rules_ = false;
  bool only_managed_hooks_ = false;
  bool no_hooks_ = false;
};

}  // namespace

std::string SettingsFile::where(std::string_view pointer) const {
  return lines.lines.empty() ? file : lines.where(pointer);
}

std::vector<SettingsFile> read_settings(const Tree& source, const ClaudePlaces& places,
                                        std::vector<std::string>& errors) {
  std::vector<SettingsFile> out;
  if (!places.managed_dir.empty()) {
    take_managed(places.managed_dir, out, errors);
  }
  if (places.project) {
    for (const auto& [layer, name] : {std::pair(Layer::kLocal, ".claude/settings.local.json"),
                                      std::pair(Layer::kProject, ".claude/settings.json")}) {
      const auto real = source.resolve(name);
      if (!real || source.kind(*real) != Kind::kAbsent) {
        const auto text = source.read(name, kMostSettings);
        take(layer, name,
             text ? Result<std::string>(text->text) : Result<std::string>(fail(text.error())), out,
             errors);
      }
    }
  }
  const std::string user = places.user_dir + "/settings.json";
  if (!places.user_dir.empty() && os::exists(user)) {
    take(Layer::kUser, user, os::read_file(user, kMostSettings), out, errors);
  }
  return out;
}

ClaudeSettings merge_settings(const std::vector<SettingsFile>& files, Report& report) {
  return Merger(files, report).run();
}

}  // namespace oap::migration
