#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "migration/claude_rules.hpp"
#include "migration/server_policy.hpp"
#include "migration/tree.hpp"
#include "yaml/yaml.hpp"

namespace oap::migration {

/// One settings file of Claude Code that was read.
struct SettingsFile {
  Layer layer = Layer::kProject;
  std::string file;  ///< as shown to a person
  json::Object value;
  yaml::Document lines;  ///< only for places

  /// "file:line" of a JSON Pointer.
  std::string where(std::string_view pointer) const;
};

/// Where Claude Code keeps what belongs to the person and to the machine.
struct ClaudePlaces {
  std::string user_dir;     ///< ~/.claude or $CLAUDE_CONFIG_DIR; empty: none
  std::string managed_dir;  ///< /etc/claude-code; empty: none
  bool project = true;      ///< .claude/settings.json and settings.local.json
};

/// All settings files, strongest first: managed (managed-settings.json, then managed-settings.d in
/// name order), local, project, user. What is not strict JSON, has duplicate keys, is nested deeper
/// than 64, is larger than 4 MiB, is no regular file or leaves the tree is an error that names it.
std::vector<SettingsFile> read_settings(const Tree& source, const ClaudePlaces& places,
                                        std::vector<std::string>& errors);

/// What the settings come to, layer by layer as Claude Code merges them (hosts.md 2.1).
struct ClaudeSettings {
  ClaudePermissions permissions;
  std::map<Layer, json::Object> hooks;  ///< event → groups, of the layer's files
  std::map<Layer, std::string> hook_files;
  /// What stands beside the hooks in a file of hooks: `env` (the project's and the person's), the
  /// lists for hooks of type http.
  std::map<Layer, json::Object> beside_hooks;
  json::Object sandbox;  ///< merged by key, lists joined
  std::string sandbox_where;
  std::string model;
  std::string model_where;
  std::string output_style;  ///< a name
  std::string output_style_where;
  std::string claude_md;      ///< managed text
  std::string system_prompt;  ///< the seeds' legacy key
  json::Object tools;         ///< the seeds' legacy key
  std::vector<std::string> disabled_servers;
  ServerPolicy servers;
};

/// Merges; every key that has no place in ClaudeSettings is in `not_carried`. Wrong types are
/// `errors` ("file:line: …"), as a rule that is lost would loosen.
ClaudeSettings merge_settings(const std::vector<SettingsFile>& files, Report& report);

}  // namespace oap::migration
