#include <algorithm>
#include <set>
#include <tuple>

#include "permission/analysis.hpp"
#include "permission/dimensions.hpp"
#include "permission/evaluation.hpp"

namespace oap::permission {
namespace {

constexpr std::size_t kBudget = 60'000;
constexpr std::size_t kMaxDifferences = 200;

/// Requests that no rule need name: the built-in policy, defaults and approval categories decide.
std::vector<json::Object> probes() {
  std::vector<json::Object> out;
  for (const char* command :
       {"true", "rm x", "sudo id", "curl http://x", "git push -f", "npm install x", "cat .env",
        "echo x > /etc/x", "python3 -c pass", "ls $x"}) {
    out.push_back({{"tool", "bash"}, {"arguments", json::Object{{"command", command}}}});
  }
  for (const char* tool : {"read_file", "write_file"}) {
    for (const char* path : {"x", ".env", "/etc/x", "/tmp/x"}) {
      out.push_back({{"tool", tool}, {"arguments", json::Object{{"path", path}}}});
    }
  }
  out.push_back({{"tool", "file_ops"}, {"action", "delete"}, {"resource", "x"}});
  for (const char* tool : {"python", "skill", "list_dir", "x__y"}) {
    out.push_back({{"tool", tool}});
  }
  return out;
}

class Comparer {
 public:
  Comparer(const Policy& before, const Policy& after) : before_(before), after_(after) {
    for (const Policy* policy : {&before, &after}) {
      for (const CompiledRule& one : policy->compiled().rules) {
        rules_.push_back(&one);
      }
      for (const auto& [role, unused] : policy->compiled().roles) {
        if (role != "user") {
          roles_.push_back(role);
        }
      }
    }
  }

  Comparison run() {
    add_known_roles();
    // A condition may decide on what no region's text tells: time, user, arguments.
    out_.complete = std::none_of(rules_.begin(), rules_.end(), [](const CompiledRule* one) {
      return one->condition.has_value();
    });
    for (const Dimension& dimension : dimensions_of(rules_, before_.workspace())) {
      const RegionMap map = regions_of(dimension.languages, dimension.texts, kBudget);
      out_.complete = out_.complete && map.complete;
      for (const Region& region : map.regions) {
        try_request(dimension.request(region.witness));
      }
    }
    for (const json::Object& request : probes()) {
      try_request(request);
    }
    return std::move(out_);
  }

 private:
  /// A condition may tell roles apart that have no rules of their own.
  void add_known_roles() {
    const bool conditions = std::any_of(rules_.begin(), rules_.end(), [](const CompiledRule* one) {
      return one->condition.has_value();
    });
    std::vector<std::string> known = known_roles();
    for (const Policy* policy : {&before_, &after_}) {
      const std::vector<std::string>& agents = policy->options().known_agents;
      known.insert(known.end(), agents.begin(), agents.end());
    }
    for (const std::string& role : known) {
      if (conditions && std::find(roles_.begin(), roles_.end(), role) == roles_.end()) {
        roles_.push_back(role);
      }
    }
  }

  void try_request(const json::Object& object) {
    for (const std::string& role : roles_) {
      auto request = request_from_json(object);
      if (!request) {
        return;
      }
      request->principal.role = role;
      request->workspace = before_.workspace();
      const Decision before = before_.decide(*request);
      request->workspace = after_.workspace();
      const Decision after = after_.decide(*request);
      const auto key = std::tuple(before.level, before.rule, after.level, after.rule);
      if (before.level == after.level || !seen_.insert(key).second) {
        continue;
      }
      if (out_.differences.size() >= kMaxDifferences) {
        out_.complete = false;
        return;
      }
      out_.differences.push_back({object, role, before, after});
    }
  }

  const Policy& before_;
  const Policy& after_;
  std::vector<const CompiledRule*> rules_;
  std::vector<std::string> roles_ = {"user"};
  std::set<std::tuple<Level, std::string, Level, std::string>> seen_;
  Comparison out_;
};

}  // namespace

Comparison compare(const Policy& before, const Policy& after) {
  return Comparer(before, after).run();
}

json::Object to_json(const Comparison& comparison) {
  json::Array differences;
  for (const Difference& one : comparison.differences) {
    differences.push_back(json::Object{{"request", one.request},
                                       {"role", one.role},
                                       {"before", to_json(one.before)},
                                       {"after", to_json(one.after)}});
  }
  return {{"differences", std::move(differences)}, {"complete", comparison.complete}};
}

}  // namespace oap::permission
