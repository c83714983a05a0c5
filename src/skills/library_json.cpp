#include "skills/library.hpp"

namespace oap::skills {

std::string_view to_string(Entry::State state) {
  switch (state) {
    case Entry::State::kReady:
      return "ready";
    case Entry::State::kUntrusted:
      return "untrusted";
    case Entry::State::kQuarantined:
      return "quarantined";
    case Entry::State::kShadowed:
      return "shadowed";
    case Entry::State::kBroken:
      return "broken";
  }
  return "broken";
}

json::Object to_json(const Entry& entry) {
  json::Array findings;
  for (const Finding& finding : entry.findings) {
    findings.push_back(to_json(finding));
  }
  json::Array tools;
  for (const std::string& tool : entry.skill.allowed_tools) {
    tools.emplace_back(tool);
  }
  return {{"name", entry.skill.name},
          {"description", entry.skill.description},
          {"scope", to_string(entry.scope)},
          {"state", to_string(entry.state)},
          {"why", entry.why},
          {"folder", entry.folder},
          {"digest", entry.digest},
          {"source", entry.source},
          {"commit", entry.commit},
          {"files", entry.files.files.size()},
          {"bytes", entry.files.bytes},
          {"allowed_tools", std::move(tools)},
          {"findings", std::move(findings)}};
}

json::Object to_json(const LibraryOptions& options) {
  json::Array paths;
  for (const std::string& path : options.paths) {
    paths.emplace_back(path);
  }
  return {{"workspace", options.workspace}, {"project_dir", options.project_dir},
          {"user_dir", options.user_dir},   {"home", options.home},
          {"paths", std::move(paths)},      {"project_pins", options.project_pins},
          {"user_pins", options.user_pins}, {"trusted", options.trusted},
          {"recorded", options.recorded}};
}

LibraryOptions library_options_from(const json::Value& value) {
  LibraryOptions options;
  options.workspace = json::get_string(value, "workspace");
  options.project_dir = json::get_string(value, "project_dir");
  options.user_dir = json::get_string(value, "user_dir");
  options.home = json::get_string(value, "home");
  options.project_pins = json::get_string(value, "project_pins");
  options.user_pins = json::get_string(value, "user_pins");
  options.trusted = json::get_bool(value, "trusted");
  options.recorded = json::get_bool(value, "recorded");
  if (const json::Array* const paths = json::find_array(value, "paths")) {
    for (const json::Value& path : *paths) {
      if (path.is_string()) {
        options.paths.emplace_back(json::view(path.get_string()));
      }
    }
  }
  return options;
}

}  // namespace oap::skills
