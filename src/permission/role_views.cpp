#include "permission/role_views.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "text/nearest.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

constexpr std::string_view kBasicUser = "basic_user";

using Parents = std::map<std::string, std::set<std::string>>;

/// Which roles each role inherits from directly; unknown names are faults.
Parents read_parents(const std::vector<Role>& roles, std::vector<std::string>& faults) {
  Parents parents;
  std::vector<std::string> names = {std::string(kBasicUser)};
  for (const Role& role : roles) {
    parents[role.name];
    names.push_back(role.name);
  }
  parents[std::string(kBasicUser)];
  for (const Role& role : roles) {
    for (const std::string& parent : role.inherits) {
      if (!parents.contains(parent)) {
        faults.push_back(fmt::format("{}: inherits: no role '{}'{}", role.where, parent,
                                     text::did_you_mean(parent, names)));
      } else {
        parents[role.name].insert(parent);
      }
    }
  }
  return parents;
}

/// How far each ancestor is from the role, by the longest way. There are no circles.
std::map<std::string, int> measure(const Parents& parents, const std::string& role) {
  std::map<std::string, int> distances = {{role, 0}};
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& [child, direct] : parents) {
      const auto from = distances.find(child);
      for (const std::string& parent : direct) {
        if (from != distances.end() && distances[parent] < from->second + 1) {
          distances[parent] = from->second + 1;
          changed = true;
        }
      }
    }
  }
  return distances;
}

/// The shortest way from the role back to itself, with both ends; empty where there is none.
std::vector<std::string> circle_of(const Parents& parents, const std::string& role) {
  std::map<std::string, std::string> came_from;
  std::vector<std::string> open = {role};
  for (std::size_t at = 0; at < open.size(); ++at) {
    const std::string child = open[at];
    for (const std::string& parent : parents.at(child)) {
      if (!came_from.try_emplace(parent, child).second) {
        continue;
      }
      if (parent != role) {
        open.push_back(parent);
        continue;
      }
      std::vector<std::string> way = {role};
      for (std::string back = child; back != role; back = came_from.at(back)) {
        way.insert(way.begin(), back);
      }
      way.insert(way.begin(), role);
      return way;
    }
  }
  return {};
}

void note_scopes(const Compiled& compiled, RoleView& view) {
  for (const CompiledRule& one : compiled.rules) {
    if (view.rank[one.role] < 0 || one.withheld) {
      continue;
    }
    view.any_command = view.any_command || one.rule.scope == Scope::kCommand;
    if (one.rule.scope != Scope::kFilePattern || one.rule.level == Level::kAllow) {
      continue;
    }
    static constexpr Action kAccesses[] = {Action::kRead, Action::kWrite, Action::kDelete};
    for (std::size_t i = 0; i < 3; ++i) {
      view.strict_path[i] = view.strict_path[i] || match_action(one.rule.action, kAccesses[i]);
    }
  }
}

}  // namespace

void build_role_views(const std::vector<Role>& written, const std::vector<Role>& counted,
                      const std::map<std::string, std::uint32_t>& ids, Compiled& compiled,
                      std::vector<std::string>& faults) {
  const Parents as_written = read_parents(written, faults);
  std::set<std::string> told;
  for (const Role& role : written) {
    const std::vector<std::string> circle = circle_of(as_written, role.name);
    if (!circle.empty() && !role.inherits.empty() && told.insert(role.name).second) {
      faults.push_back(fmt::format("{}: inherits: the role '{}' inherits itself ({})", role.where,
                                   role.name, text::join(circle, " from ")));
    }
  }
  if (!faults.empty()) {
    return;
  }
  const Parents parents = read_parents(counted, faults);
  compiled.everyone.rank.assign(ids.size() + 1, -1);
  compiled.everyone.rank[0] = 0;
  note_scopes(compiled, compiled.everyone);
  for (const auto& [name, unused] : parents) {
    const auto distances = measure(parents, name);
    const int deepest =
        std::max_element(distances.begin(), distances.end(), [](const auto& a, const auto& b) {
          return a.second < b.second;
        })->second;
    RoleView view;
    view.rank.assign(ids.size() + 1, -1);
    view.rank[0] = 0;
    for (const auto& [ancestor, distance] : distances) {
      if (const auto id = ids.find(ancestor); id != ids.end()) {
        view.rank[id->second] = 1 + deepest - distance;
      }
    }
    note_scopes(compiled, view);
    compiled.roles.emplace(name, std::move(view));
  }
}

}  // namespace oap::permission
