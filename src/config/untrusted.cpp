#include "config/untrusted.hpp"

#include <algorithm>
#include <string_view>

namespace oap::config {
namespace {

int severity(std::string_view level) { return level == "allow" ? 0 : level == "deny" ? 2 : 1; }

void withhold(Checked& checked, const yaml::Document& document, const std::string& pointer,
              const std::string& key) {
  checked.withheld.push_back(document.where(pointer) + ": " + key);
}

/// What an untrusted project lists is added to the list below, never put in its place.
void add_below(json::Object& settings, const json::Value& below, std::string_view key) {
  json::Value* const mine = settings.if_contains(boost::json::string_view(key.data(), key.size()));
  const json::Array* const theirs = json::find_array(below, key);
  if (mine == nullptr || !mine->is_array() || theirs == nullptr) {
    return;
  }
  json::Array& list = mine->get_array();
  for (const json::Value& each : *theirs) {
    if (std::find(list.begin(), list.end(), each) == list.end()) {
      list.push_back(each);
    }
  }
}

void tighten_security(Checked& checked, const yaml::Document& document, json::Value& settings,
                      const json::Value& below) {
  const std::string mine(json::get_string(settings, "default_permission"));
  json::Object& security = settings.get_object();
  if (!mine.empty() && severity(mine) < severity(json::get_string(below, "default_permission"))) {
    withhold(checked, document, "/security/default_permission", "security.default_permission");
    security.erase("default_permission");
  }
  add_below(security, below, "require_approval_for");
}

json::Object* object_at(json::Object& settings, std::string_view key) {
  json::Value* const found = settings.if_contains(key);
  return found != nullptr ? found->if_object() : nullptr;
}

}  // namespace

void keep_what_tightens(Checked& checked, const yaml::Document& document,
                        const json::Object& below) {
  json::Value* const security = checked.settings.if_contains("security");
  if (security != nullptr && security->is_object()) {
    const json::Value* const theirs = json::find(below, "security");
    tighten_security(checked, document, *security, theirs != nullptr ? *theirs : json::Value());
  }
  json::Object* const sandbox = object_at(checked.settings, "sandbox");
  const json::Value* const sandbox_below = json::find(below, "sandbox");
  if (sandbox != nullptr && sandbox_below != nullptr) {
    add_below(*sandbox, *sandbox_below, "require");
    add_below(*sandbox, *sandbox_below, "protect");
  }
  json::Object* const agents = object_at(checked.settings, "agents");
  if (agents == nullptr) {
    return;
  }
  for (auto& pair : *agents) {
    const std::string role(pair.key());
    if (json::get_string(pair.value(), "model").substr(0, 7) == "replay/") {
      withhold(checked, document, "/agents/" + role + "/model", "agents." + role + ".model");
      pair.value().get_object().erase("model");
    }
  }
}

void resolve_prompt_files(json::Object& settings, const std::string& base,
                          const std::string& home) {
  json::Object* const agents = object_at(settings, "agents");
  if (agents == nullptr) {
    return;
  }
  for (auto& pair : *agents) {
    const std::string file(json::get_string(pair.value(), "system_prompt_file"));
    if (file.empty() || file[0] == '/') {
      continue;
    }
    const bool at_home = file.substr(0, 2) == "~/" && !home.empty();
    const std::string path = at_home ? home + file.substr(1) : base + "/" + file;
    pair.value().get_object()["system_prompt_file"] = json::String(path);
  }
}

}  // namespace oap::config
