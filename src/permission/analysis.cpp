#include "permission/analysis.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "os/file.hpp"
#include "permission/dimensions.hpp"
#include "permission/evaluation.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

constexpr std::size_t kBudget = 60'000;

/// One rule's part in one region.
struct Place {
  const Dimension* dimension;
  const Region* region;
};

class Analyser {
 public:
  explicit Analyser(const Policy& policy) : policy_(policy), compiled_(policy.compiled()) {
    for (const CompiledRule& one : compiled_.rules) {
      rules_.push_back(&one);
    }
    dimensions_ = dimensions_of(rules_, policy.workspace());
    places_.resize(rules_.size());
  }

  Analysis run() {
    for (const Dimension& dimension : dimensions_) {
      maps_.push_back(regions_of(dimension.languages, dimension.texts, kBudget));
      out_.complete = out_.complete && maps_.back().complete;
    }
    for (std::size_t d = 0; d < dimensions_.size(); ++d) {
      for (const Region& region : maps_[d].regions) {
        for (const std::uint32_t member : region.members) {
          places_[dimensions_[d].rules[member]].push_back({&dimensions_[d], &region});
        }
      }
    }
    for (std::uint32_t id = 0; id < rules_.size(); ++id) {
      look_at(id);
    }
    return std::move(out_);
  }

 private:
  const Rule& rule(std::uint32_t id) const { return rules_[id]->rule; }

  void report(Finding::Kind kind, std::uint32_t id, std::optional<std::uint32_t> by,
              std::string message, std::optional<json::Object> witness) {
    Finding finding;
    finding.kind = kind;
    finding.rule = rule(id);
    if (by) {
      finding.by = rule(*by);
    }
    finding.message = std::move(message);
    finding.witness = std::move(witness);
    out_.findings.push_back(std::move(finding));
  }

  void look_at(std::uint32_t id) {
    const std::string never = why_never(id);
    if (!never.empty()) {
      report(Finding::Kind::kNeverMatches, id, std::nullopt, never, std::nullopt);
      return;
    }
    const std::size_t before = out_.findings.size();
    if (!rules_[id]->withheld && !places_[id].empty()) {
      look_for_shadow(id);
    }
    if (out_.findings.size() == before) {
      look_for_wildcard(id);
    }
  }

  std::string why_never(std::uint32_t id) const {
    const Rule& one = rule(id);
    const std::string& program = one.argv.empty() ? one.program : one.argv.front();
    if (program.find(' ') != std::string::npos) {
      return fmt::format("no program is called '{}'; write the words apart, as in argv: [{}]",
                         program, text::replace_all(program, " ", ", "));
    }
    const bool file = one.scope == Scope::kFilePattern;
    if (file && (one.action == Action::kExecute || one.action == Action::kInvoke)) {
      return fmt::format("files are read, written or deleted, never {}d", to_string(one.action));
    }
    const std::string moved = file && one.level == Level::kAllow ? moved_prefix(id) : std::string();
    if (!moved.empty()) {
      return moved;
    }
    const bool complete =
        std::all_of(maps_.begin(), maps_.end(), [](const RegionMap& map) { return map.complete; });
    const bool looked_at =
        std::any_of(dimensions_.begin(), dimensions_.end(), [&](const Dimension& d) {
          return std::find(d.rules.begin(), d.rules.end(), id) != d.rules.end();
        });
    if (places_[id].empty() && looked_at && complete) {
      return file ? "no path is written so: paths have no empty, '.' or '..' components"
                  : "nothing can match the pattern";
    }
    return {};
  }

  /// An allow rule must match the path with links resolved.
  std::string moved_prefix(std::uint32_t id) const {
    const std::string& prefix = rules_[id]->glob->literal_prefix();
    if (!rules_[id]->absolute || prefix.find('/', 1) == std::string::npos) {
      return {};
    }
    const std::string folder = prefix.substr(0, prefix.rfind('/'));
    const auto canonical = os::canonical_path(folder);
    return canonical && *canonical != folder
               ? fmt::format("{} is a link; an allow rule must name {}", folder, *canonical)
               : std::string();
  }

  /// Whether `other` stands in the way of `id` wherever both match.
  bool outweighs(std::uint32_t other, std::uint32_t id) const {
    const Rule& a = rule(other);
    const Rule& b = rule(id);
    const bool elsewhere = !a.role.empty() && a.role != b.role;
    const bool sometimes = !a.condition.empty() && a.condition != b.condition;
    if (other == id || rules_[other]->withheld || elsewhere || sometimes) {
      return false;
    }
    const bool replaced = a.tier == b.tier && a.role.empty() && !b.role.empty() &&
                          contains(*rules_[other], *rules_[id]) &&
                          !(a.tier == Tier::kManaged && a.level == Level::kDeny);
    const bool specific =
        a.tier == b.tier &&
        compiled_.precedence[static_cast<std::size_t>(a.tier)] == Precedence::kSpecific &&
        rules_[other]->specificity < rules_[id]->specificity;
    const bool stricter = a.level > b.level || (a.level == b.level && other < id);
    return stricter && !replaced && !specific;
  }

  void look_for_shadow(std::uint32_t id) {
    std::optional<std::uint32_t> by;
    for (const Place& place : places_[id]) {
      std::optional<std::uint32_t> here;
      for (const std::uint32_t member : place.region->members) {
        const std::uint32_t other = place.dimension->rules[member];
        if (outweighs(other, id) && (!here || rule(other).level > rule(*here).level)) {
          here = other;
        }
      }
      if (!here) {
        return;
      }
      by = !by || rule(*here).level < rule(*by).level ? here : by;
    }
    const auto witness = tried(id);
    if (!witness) {
      return;
    }
    const bool same = same_places(id, *by);
    const bool levels = rule(*by).level != rule(id).level;
    const auto kind = levels ? (same ? Finding::Kind::kContradictory : Finding::Kind::kShadowed)
                             : Finding::Kind::kRedundant;
    report(kind, id, by, sentence(kind, id, *by), witness);
  }

  std::string sentence(Finding::Kind kind, std::uint32_t id, std::uint32_t by) const {
    const std::string other =
        fmt::format("{} ({}, {})", rule(by).where, rule(by).describe(), to_string(rule(by).level));
    if (kind == Finding::Kind::kContradictory) {
      return fmt::format("it says {}, but {} matches the same and the stricter wins",
                         to_string(rule(id).level), other);
    }
    return kind == Finding::Kind::kRedundant
               ? fmt::format("it adds nothing to {}", other)
               : fmt::format("it never decides: {} is stricter wherever it matches", other);
  }

  bool same_places(std::uint32_t a, std::uint32_t b) const {
    const auto key = [](const Place& place) { return place.region; };
    std::set<const Region*> first;
    std::set<const Region*> second;
    std::transform(places_[a].begin(), places_[a].end(), std::inserter(first, first.end()), key);
    std::transform(places_[b].begin(), places_[b].end(), std::inserter(second, second.end()), key);
    return first == second && rule(a).role == rule(b).role && rule(a).scope == rule(b).scope &&
           rule(a).condition == rule(b).condition;
  }

  /// A witness of the rule that the policy itself sees it match.
  std::optional<json::Object> tried(std::uint32_t id) const {
    for (const Place& place : places_[id]) {
      json::Object object = place.dimension->request(place.region->witness);
      if (!rule(id).role.empty()) {
        object["role"] = rule(id).role;
      }
      auto request = request_from_json(object);
      if (!request) {
        continue;
      }
      request->workspace = policy_.workspace();
      const Explanation explanation = policy_.explain(*request);
      const bool matched = std::any_of(
          explanation.matches.begin(), explanation.matches.end(), [&](const RuleMatch& match) {
            return match.rule.where == rule(id).where && match.rule.role == rule(id).role &&
                   (match.counted || !match.rule.condition.empty());
          });
      if (matched) {
        return object;
      }
    }
    return std::nullopt;
  }

  void look_for_wildcard(std::uint32_t id) {
    const Rule& one = rule(id);
    if (one.level != Level::kAllow || !one.condition.empty()) {
      return;
    }
    if (one.scope == Scope::kTool) {
      for (const char* tool : {"bash", "run_command", "python"}) {
        if (one.resource.empty() && rules_[id]->glob->matches(tool) && !decided_by_commands(tool)) {
          report(
              Finding::Kind::kWildcardAllow, id, std::nullopt,
              fmt::format("it allows every call of {}, whatever it runs", tool),
              json::Object{{"tool", tool}, {"arguments", json::Object{{"command", "sh -c id"}}}});
          return;
        }
      }
      return;
    }
    if (one.scope == Scope::kCommand) {
      look_for_interpreters(id);
    }
  }

  /// With a command rule, what no command rule names asks.
  bool decided_by_commands(std::string_view tool) const {
    return tool != "python" && compiled_.everyone.any_command;
  }

  void look_for_interpreters(std::uint32_t id) {
    static constexpr const char* kProbes[] = {
        "bash -c id", "sh -c id",    "python3 -c pass", "python -c pass", "node -e 0",
        "perl -e 0",  "ruby -e 0",   "sudo id",         "env id",         "xargs id",
        "ssh h id",   "php -r 0",    "eval id",         "zsh -c id",      "find . -exec id {} ;",
        "npx x",      "docker run x"};
    for (const char* probe : kProbes) {
      Request request;
      request.tool = "bash";
      request.action = "execute";
      request.workspace = policy_.workspace();
      std::string command(probe);
      if (command.ends_with(" ;")) {
        command.insert(command.size() - 1, "\\\\");
      }
      request.arguments["command"] = command;
      const Facets facets = policy_.facets(request);
      if (!facets.commands.empty() && match_command(*rules_[id], facets.commands.front())) {
        report(Finding::Kind::kWildcardAllow, id, std::nullopt,
               fmt::format("it allows {}, which can run anything",
                           facets.commands.front().argv.front()),
               json::Object{{"tool", "bash"}, {"arguments", json::Object{{"command", command}}}});
        return;
      }
    }
  }

  const Policy& policy_;
  const Compiled& compiled_;
  std::vector<const CompiledRule*> rules_;
  std::vector<Dimension> dimensions_;
  std::vector<RegionMap> maps_;
  std::vector<std::vector<Place>> places_;
  Analysis out_;
};

}  // namespace

std::string_view to_string(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::kShadowed:
      return "shadowed";
    case Finding::Kind::kRedundant:
      return "redundant";
    case Finding::Kind::kContradictory:
      return "contradictory";
    case Finding::Kind::kNeverMatches:
      return "never_matches";
    case Finding::Kind::kWildcardAllow:
      return "wildcard_allow";
  }
  return "shadowed";
}

Analysis analyse(const Policy& policy) { return Analyser(policy).run(); }

json::Object to_json(const Analysis& analysis) {
  json::Array findings;
  for (const Finding& finding : analysis.findings) {
    json::Object one{
        {"kind", to_string(finding.kind)},      {"rule", finding.rule.where},
        {"tier", to_string(finding.rule.tier)}, {"level", to_string(finding.rule.level)},
        {"what", finding.rule.describe()},      {"message", finding.message}};
    one["by"] = finding.by ? json::Value(finding.by->where) : json::Value(nullptr);
    one["witness"] = finding.witness ? json::Value(*finding.witness) : json::Value(nullptr);
    findings.emplace_back(std::move(one));
  }
  return {{"findings", std::move(findings)}, {"complete", analysis.complete}};
}

}  // namespace oap::permission
