#include "migration/claude_settings.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "json/pointer.hpp"
#include "migration/claude_reasons.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::migration {
namespace {

constexpr std::size_t kMostRules = 5'000;

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
      const bool none = json::get_bool(file.value, "disableAllHooks");
      no_hooks_ |= none;
      no_managed_hooks_ |= none && file.layer == Layer::kManaged;
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
    if (key == "allowedHttpHookUrls" || key == "httpHookAllowedEnvVars") {
      json::Value& list = out_.beside_hooks[file.layer][key];
      list = list.is_array() ? list : json::Value(json::Array{});
      for (std::string& one : texts(file, pointer, key, value)) {
        list.get_array().emplace_back(one);
      }
      return true;
    }
    if (key == "deniedMcpServers" || key == "allowedMcpServers") {
      take_servers(file, key, pointer, value);
      return true;
    }
    if (key == "skillOverrides" && value.is_object()) {
      take_skills(file, pointer, value.get_object());
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

  void take_servers(const SettingsFile& file, std::string_view key, const std::string& pointer,
                    const json::Value& value) {
    if (!value.is_array()) {
      return wrong(file, pointer, key, "a list of servers", value);
    }
    const bool denied = key == "deniedMcpServers";
    report_.warnings.push_back(fmt::format(
        "{}: {}: decides which servers are taken over now; one that is added later is not held "
        "against it",
        file.where(pointer), key));
    if (!denied && !out_.servers.allowed) {
      out_.servers.allowed.emplace();
    }
    for (const json::Value& item : value.get_array()) {
      if (!item.is_object()) {
        wrong(file, pointer, key, "an object such as {\"serverName\": \"github\"}", item);
        continue;
      }
      (denied ? out_.servers.denied : *out_.servers.allowed).push_back(item.get_object());
      const std::string_view name = json::get_string(item, "serverName");
      if (denied && !name.empty()) {
        out_.permissions.rules.push_back(
            {Level::kDeny, file.layer, "mcp__" + std::string(name), file.where(pointer)});
      }
    }
  }

  void take_skills(const SettingsFile& file, const std::string& pointer,
                   const json::Object& skills) {
    for (const auto& one : skills) {
      const std::string name(one.key());
      const bool off = one.value().is_string() && json::view(one.value().get_string()) == "off";
      const bool plain = name.find_first_of("()*\\") == std::string::npos;
      if (off && plain) {
        out_.permissions.rules.push_back(
            {Level::kDeny, file.layer, "Skill(" + name + ")", file.where(pointer)});
      } else {
        lost(file, json::pointer_join(pointer, name),
             fmt::format("skillOverrides.{}", text::escape_visible(name)),
             "a skill can only be switched off here");
      }
    }
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
    } else if (file.layer == Layer::kProject || file.layer == Layer::kUser) {
      out_.beside_hooks[file.layer]["env"] = value;
    } else {
      for (const auto& one : value) {
        lost(file, json::pointer_join(pointer, one.key()),
             fmt::format("env.{}", text::escape_visible(one.key())),
             file.layer == Layer::kLocal
                 ? "is yours, not the project's: put it into `env` of a file in ~/.config/oap/hooks"
                 : "is the machine's: put it into `env` of a file in /etc/oap/hooks");
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
    const bool managed = file.layer == Layer::kManaged;
    const bool none = managed ? no_managed_hooks_ : no_hooks_;
    if (none || (only_managed_hooks_ && !managed)) {
      return lost(file, "/hooks", "hooks",
                  none ? "the settings disable all hooks"
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
  bool no_managed_hooks_ = false;
};

}  // namespace

ClaudeSettings merge_settings(const std::vector<SettingsFile>& files, Report& report) {
  return Merger(files, report).run();
}

}  // namespace oap::migration
