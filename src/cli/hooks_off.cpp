#include "cli/hooks_off.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "json/parse.hpp"
#include "migration/toml.hpp"
#include "text/strings.hpp"

namespace oap::cli {
namespace {

using hosts::Host;

/// A member that switches hooks: "a.b", and its value where they are off.
struct Switch {
  std::string_view member;
  bool off;
};

std::vector<Switch> switches(Host host) {
  switch (host) {
    case Host::kClaudeCode:
      return {{"disableAllHooks", true}};
    case Host::kQwen:
      return {{"disableAllHooks", true}, {"hooksConfig.enabled", false}};
    case Host::kGemini:
      return {
          {"hooksConfig.enabled", false}, {"hooks.enabled", false}, {"tools.enableHooks", false}};
    case Host::kCodex:
      return {{"features.hooks", false}, {"features.codex_hooks", false}};
    case Host::kGoose:
    case Host::kCrush:
    case Host::kOpencode:
      break;
  }
  return {};
}

const json::Value* member_at(const json::Object& object, std::string_view member) {
  const std::size_t dot = member.find('.');
  if (dot == std::string_view::npos) {
    return json::find(object, member);
  }
  const json::Object* const inner = json::find_object(object, member.substr(0, dot));
  return inner == nullptr ? nullptr : json::find(*inner, member.substr(dot + 1));
}

bool names_ours(const json::Object& object, std::string_view member) {
  const json::Value* const list = member_at(object, member);
  return list != nullptr && list->is_array() &&
         std::find(list->get_array().begin(), list->get_array().end(), json::Value("oap")) !=
             list->get_array().end();
}

}  // namespace

std::string hooks_off(Host host, const std::vector<HostFile>& files) {
  std::vector<std::pair<std::string, json::Object>> read;
  for (const HostFile& file : files) {
    if (auto object = host == Host::kCodex ? migration::parse_toml(file.text, file.path)
                                           : json::parse_object(file.text)) {
      read.emplace_back(file.path, *std::move(object));
    }
  }
  const auto title = hosts::title_of(host);
  for (const Switch& one : switches(host)) {
    const auto says = std::find_if(read.begin(), read.end(), [&](const auto& file) {
      const json::Value* const value = member_at(file.second, one.member);
      return value != nullptr && value->is_bool();
    });
    if (says != read.end() && member_at(says->second, one.member)->get_bool() == one.off) {
      return fmt::format("{} runs no hook, so it is not governed: '{}' is {} in {}; set it to {}",
                         title, one.member, one.off, says->first, !one.off);
    }
  }
  for (const auto& [path, object] : read) {
    for (const std::string_view list : {"hooksConfig.disabled", "hooks.disabled"}) {
      if (host == Host::kGemini && names_ours(object, list)) {
        return fmt::format(
            "{} does not run this hook, so it is not governed: '{}' names oap in {}; take it out "
            "of that list",
            title, list, path);
      }
    }
  }
  return "";
}

}  // namespace oap::cli
