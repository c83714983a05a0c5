#include "permission/analysis.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "model/tool.hpp"
#include "permission/dimensions.hpp"
#include "permission/evaluation.hpp"
#include "permission/neighbours.hpp"
#include "permission/never_matches.hpp"
#include "permission/wildcards.hpp"

namespace oap::permission {
namespace {

// Where the regions of a dimension are more, each rule is looked at by itself.
constexpr std::size_t kBudget = 6'000;
constexpr std::size_t kOwnBudget = 20'000;
constexpr std::size_t kWorkOfMatch = 20;

/// One rule's part in one region.
struct Place {
  const Dimension* dimension;
  const Region* region;
};

class Analyser {
 public:
  Analyser(const Policy& policy, std::size_t most_work)
      : policy_(policy), compiled_(policy.compiled()), wildcards_(policy), most_work_(most_work) {
    for (const CompiledRule& one : compiled_.rules) {
      rules_.push_back(&one);
    }
    dimensions_ = dimensions_of(rules_, policy.workspace());
    places_.resize(rules_.size());
    names_ = known_names();
  }

  Analysis run() {
    for (const Dimension& dimension : dimensions_) {
      maps_.push_back(regions_of(dimension.languages, dimension.texts, kBudget));
      near_.emplace_back(maps_.back().complete ? std::vector<text::GlobSequence>()
                                               : dimension.languages);
    }
    for (std::size_t d = 0; d < dimensions_.size(); ++d) {
      if (!maps_[d].complete) {
        continue;
      }
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

  KnownNames known_names() const {
    KnownNames out;
    out.roles = {"basic_user"};
    out.roles.insert(known_roles().begin(), known_roles().end());
    for (const auto& [name, unused] : compiled_.roles) {
      out.roles.insert(name);
    }
    out.tools.insert(builtin_tools().begin(), builtin_tools().end());
    const auto& options = compiled_.options;
    out.roles.insert(options.known_agents.begin(), options.known_agents.end());
    out.tools.insert(options.known_tools.begin(), options.known_tools.end());
    if (options.known_servers) {
      out.all_servers = true;
      out.servers.insert(options.known_servers->begin(), options.known_servers->end());
      out.servers.insert({"", std::string(kBuiltinServer), "sandbox", "default"});
    }
    return out;
  }

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
      out_.compared += work_ <= most_work_ ? 1 : 0;
      report(Finding::Kind::kNeverMatches, id, std::nullopt, never, std::nullopt);
      return;
    }
    const std::size_t before = out_.findings.size();
    const bool looks = work_ <= most_work_;
    out_.compared += looks ? 1 : 0;
    out_.complete = out_.complete && looks;
    if (looks && !rules_[id]->withheld && (!places_[id].empty() || has_open_dimension(id))) {
      look_for_shadow(id);
    }
    if (out_.findings.size() == before) {
      look_for_wildcard(id);
    }
  }

  std::string why_never(std::uint32_t id) const {
    if (std::string why = never_matches(*rules_[id], names_); !why.empty()) {
      return why;
    }
    const bool looked_at =
        std::any_of(dimensions_.begin(), dimensions_.end(),
                    [&](const Dimension& d) { return place_of(d, id).has_value(); });
    if (places_[id].empty() && looked_at && is_nowhere(id)) {
      return rule(id).scope == Scope::kFilePattern
                 ? "no path is written so: paths have no empty, '.' or '..' components"
                 : "nothing can match the pattern";
    }
    return {};
  }

  static std::optional<std::size_t> place_of(const Dimension& dimension, std::uint32_t id) {
    const auto found = std::lower_bound(dimension.rules.begin(), dimension.rules.end(), id);
    return found == dimension.rules.end() || *found != id
               ? std::nullopt
               : std::optional(static_cast<std::size_t>(found - dimension.rules.begin()));
  }

  bool has_open_dimension(std::uint32_t id) const {
    for (std::size_t d = 0; d < dimensions_.size(); ++d) {
      if (!maps_[d].complete && place_of(dimensions_[d], id)) {
        return true;
      }
    }
    return false;
  }

  /// Of the dimensions that have too many regions: nothing can match it there either.
  bool is_nowhere(std::uint32_t id) const {
    for (std::size_t d = 0; d < dimensions_.size(); ++d) {
      const auto at = place_of(dimensions_[d], id);
      if (!maps_[d].complete && at &&
          !coverage_of(dimensions_[d].languages[*at], {}, dimensions_[d].texts, kOwnBudget).empty) {
        return false;
      }
    }
    return true;
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
      work_ += place.region->members.size();
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
    for (std::size_t d = 0; d < dimensions_.size(); ++d) {
      if (!maps_[d].complete && place_of(dimensions_[d], id) && !is_shadowed_in(d, id, by)) {
        return;
      }
    }
    const auto witness = by ? tried(id, *by) : std::nullopt;
    if (!witness) {
      return;
    }
    const bool same = same_places(id, *by);
    const bool levels = rule(*by).level != rule(id).level;
    const auto kind = levels ? (same ? Finding::Kind::kContradictory : Finding::Kind::kShadowed)
                             : Finding::Kind::kRedundant;
    report(kind, id, by, sentence(kind, id, *by), witness);
  }

  /// The same for a dimension that has too many regions; `by` as there.
  bool is_shadowed_in(std::size_t d, std::uint32_t id, std::optional<std::uint32_t>& by) {
    const Dimension& dimension = dimensions_[d];
    const Coverage alone = cover(dimension, *place_of(dimension, id), {});
    out_.complete = out_.complete && alone.complete;
    if (alone.empty) {
      return alone.complete;
    }
    for (const bool stricter_alone : {true, false}) {
      if (const auto here = covered_by(d, alone.witness, id, stricter_alone)) {
        by = !by || rule(*here).level < rule(*by).level ? *here : *by;
        witnesses_[id].emplace_back(d, alone.witness);
        return true;
      }
    }
    return false;
  }

  Coverage cover(const Dimension& dimension, std::size_t at,
                 const std::vector<text::GlobSequence>& others) {
    Coverage found = coverage_of(dimension.languages[at], others, dimension.texts, kOwnBudget);
    work_ += found.work;
    return found;
  }

  /// The rule that is in the way of another everywhere: one that is by itself, where there is one,
  /// else the least strict of those that are together. `witness` is a text of the other.
  std::optional<std::uint32_t> covered_by(std::size_t d, const std::string& witness,
                                          std::uint32_t id, bool stricter_alone) {
    const Dimension& dimension = dimensions_[d];
    const std::size_t own = *place_of(dimension, id);
    std::vector<std::uint32_t> others;
    std::vector<text::GlobSequence> languages;
    const text::GlobSequence sample = text_language(witness);
    std::optional<std::uint32_t> single;
    bool had = false;
    for (const std::uint32_t place : near_[d].of(static_cast<std::uint32_t>(own))) {
      const std::uint32_t other = dimension.rules[place];
      ++work_;
      if (!outweighs(other, id) || (stricter_alone && rule(other).level <= rule(id).level)) {
        continue;
      }
      others.push_back(other);
      // Who has not the witness has not all of it.
      const bool has =
          near_[d].may_have(place, witness) &&
          coverage_of(sample, {dimension.languages[place]}, dimension.texts, kOwnBudget).covered;
      had = had || has;
      if (has && (!single || rule(other).level > rule(*single).level) &&
          cover(dimension, own, {dimension.languages[place]}).covered) {
        single = other;
      }
    }
    if (single || !had) {
      return single;
    }
    for (const std::uint32_t other : others) {
      languages.push_back(dimension.languages[*place_of(dimension, other)]);
    }
    const Coverage found = cover(dimension, own, languages);
    out_.complete = out_.complete && found.complete;
    return found.covered ? least_of(found, others) : std::nullopt;
  }

  std::optional<std::uint32_t> least_of(const Coverage& found,
                                        const std::vector<std::uint32_t>& others) const {
    std::optional<std::uint32_t> least;
    for (const std::vector<std::uint32_t>& way : found.ways) {
      const std::uint32_t here =
          others[*std::max_element(way.begin(), way.end(), [&](std::uint32_t a, std::uint32_t b) {
            return rule(others[a]).level < rule(others[b]).level;
          })];
      least = least && rule(*least).level <= rule(here).level ? least : here;
    }
    return least;
  }

  /// Whether two rules speak of the same texts in the dimensions that have too many regions.
  bool same_in_open_dimensions(std::uint32_t a, std::uint32_t b) const {
    for (std::size_t d = 0; d < dimensions_.size(); ++d) {
      const auto first = place_of(dimensions_[d], a);
      const auto second = place_of(dimensions_[d], b);
      if (maps_[d].complete || (!first && !second)) {
        continue;
      }
      const auto& languages = dimensions_[d].languages;
      const auto within = [&](std::size_t one, std::size_t other) {
        const Coverage found =
            coverage_of(languages[one], {languages[other]}, dimensions_[d].texts, kOwnBudget);
        return found.covered && found.complete;
      };
      if (!first || !second || !within(*first, *second) || !within(*second, *first)) {
        return false;
      }
    }
    return true;
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
    return first == second && same_in_open_dimensions(a, b) && rule(a).role == rule(b).role &&
           rule(a).scope == rule(b).scope && rule(a).condition == rule(b).condition;
  }

  /// A witness of the rule that the policy itself sees it match, and decides by another: by `by`
  /// where there is one.
  std::optional<json::Object> tried(std::uint32_t id, std::uint32_t by) {
    std::optional<json::Object> other;
    std::vector<json::Object> requests;
    for (const Place& place : places_[id]) {
      requests.push_back(place.dimension->request(place.region->witness));
    }
    if (const auto own = witnesses_.find(id); own != witnesses_.end()) {
      for (const auto& [d, text] : own->second) {
        requests.push_back(dimensions_[d].request(text));
      }
    }
    for (json::Object& object : requests) {
      if (!rule(id).role.empty()) {
        object["role"] = rule(id).role;
      }
      auto request = request_from_json(object);
      if (!request) {
        continue;
      }
      request->workspace = policy_.workspace();
      const Explanation& explanation = explained(object, *request);
      const bool matched = std::any_of(
          explanation.matches.begin(), explanation.matches.end(), [&](const RuleMatch& match) {
            return match.rule.where == rule(id).where && match.rule.role == rule(id).role &&
                   (match.counted || !match.rule.condition.empty());
          });
      const Decision& decision = explanation.decision;
      if (matched && decision.rule == rule(by).where && decision.level == rule(by).level) {
        return object;
      }
      const bool held = decision.level > rule(id).level ||
                        (decision.level == rule(id).level && decision.rule != rule(id).where);
      if (matched && held && !other) {
        other = object;
      }
    }
    return other;
  }

  /// Rules of the same pattern have the same witness, one after the other.
  const Explanation& explained(const json::Object& object, const Request& request) {
    work_ += explained_.matches.size();
    if (explained_of_ != object) {
      explained_ = policy_.explain(request);
      explained_of_ = object;
      work_ += kWorkOfMatch * explained_.matches.size() + rules_.size();
    }
    return explained_;
  }

  void look_for_wildcard(std::uint32_t id) {
    if (auto found = wildcards_.of(id)) {
      report(Finding::Kind::kWildcardAllow, id, std::nullopt, std::move(found->message),
             std::move(found->witness));
    }
  }

  const Policy& policy_;
  const Compiled& compiled_;
  std::vector<const CompiledRule*> rules_;
  std::vector<Dimension> dimensions_;
  std::vector<RegionMap> maps_;
  std::vector<Neighbours> near_;  ///< empty where the map is complete
  std::vector<std::vector<Place>> places_;
  /// Texts of a rule in dimensions that have too many regions.
  std::map<std::uint32_t, std::vector<std::pair<std::size_t, std::string>>> witnesses_;
  KnownNames names_;
  Wildcards wildcards_;
  json::Object explained_of_;
  Explanation explained_;
  std::size_t most_work_;
  std::size_t work_ = 0;
  Analysis out_;
};

}  // namespace

Analysis analyse(const Policy& policy, std::size_t most_work) {
  return Analyser(policy, most_work).run();
}

}  // namespace oap::permission
