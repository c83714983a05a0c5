#include "permission/evaluation.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "permission/builtin_policy.hpp"

namespace oap::permission {
namespace {

constexpr std::array<Tier, 4> kTiers = {Tier::kManaged, Tier::kSession, Tier::kUser,
                                        Tier::kProject};

}  // namespace

Decision Evaluation::decide() {
  gather_call();
  for (std::size_t i = 0; i < facets_.paths.size(); ++i) {
    gather_path(facets_.paths[i], path_unit(i));
  }
  for (std::size_t i = 0; i < facets_.commands.size(); ++i) {
    gather_command(facets_.commands[i], command_unit(i));
  }
  gather_text();
  replace_by_roles();
  outrank();
  add_floors();
  return combine();
}

void Evaluation::replace_by_roles() {
  for (const Hit& narrow : hits_) {
    const int rank = roles_.rank[rule(narrow.rule).role];
    if (rank == 0) {
      continue;
    }
    for (const std::uint32_t place : of_unit_[narrow.unit]) {
      Hit& wide = hits_[place];
      const CompiledRule& replaced = rule(wide.rule);
      const bool stays =
          replaced.rule.tier == Tier::kManaged && replaced.rule.level == Level::kDeny;
      if (roles_.rank[replaced.role] < rank && !stays &&
          replaced.rule.tier == rule(narrow.rule).rule.tier &&
          contains(replaced, rule(narrow.rule))) {
        wide.counted = false;
        wide.note = "replaced by a rule of the role";
      }
    }
  }
}

void Evaluation::outrank() {
  for (const Tier tier : kTiers) {
    if (compiled_.precedence[static_cast<std::size_t>(tier)] == Precedence::kSpecific) {
      outrank_tier(tier);
    }
  }
}

/// Each path and each command is decided by the most specific rule about it or about the call;
/// rules about the call alone decide where nothing else matched. A tie goes to the stricter.
void Evaluation::outrank_tier(Tier tier) {
  std::set<std::uint32_t> winners;
  const auto score = [&](std::uint32_t place) {
    const CompiledRule& one = rule(hits_[place].rule);
    return std::pair(one.specificity, static_cast<int>(one.rule.level));
  };
  const auto counted = [&](std::uint32_t place) {
    return hits_[place].counted && rule(hits_[place].rule).rule.tier == tier;
  };
  const auto best = [&](std::uint32_t unit) {
    std::optional<std::uint32_t> top;
    for (const std::uint32_t from : {0U, unit}) {
      for (const std::uint32_t place : of_unit_[from]) {
        if (counted(place) &&
            (!top || score(place) > score(*top) || (score(place) == score(*top) && place < *top))) {
          top = place;
        }
      }
    }
    return top;
  };
  bool own = false;
  for (std::uint32_t unit = 1; unit <= text_unit(); ++unit) {
    if (std::any_of(of_unit_[unit].begin(), of_unit_[unit].end(), counted)) {
      own = true;
      winners.insert(*best(unit));
    }
  }
  if (const auto top = own ? std::nullopt : best(0)) {
    winners.insert(*top);
  }
  for (std::uint32_t place = 0; place < hits_.size(); ++place) {
    const Rule& one = rule(hits_[place].rule).rule;
    const bool fixed = tier == Tier::kManaged && one.level == Level::kDeny;
    if (counted(place) && !fixed && !winners.contains(place)) {
      hits_[place].counted = false;
      hits_[place].note = "a more specific rule decides";
    }
  }
}

Decision Evaluation::builtin_for(const PathFacet& path) const {
  return compiled_.options.replace_builtin
             ? builtin_for_call()
             : builtin_path(path, compiled_.options.default_permission);
}

Decision Evaluation::builtin_for_call() const {
  const std::string& text = facets_.command_text;
  const bool comment = text.starts_with('#') && text.find('\n') == std::string::npos;
  if (facets_.runs_commands && comment && facets_.commands.empty() && facets_.paths.empty() &&
      facets_.doubt.empty() && !facets_.over_limit) {
    return {Level::kAllow, "builtin/comment", "a comment runs nothing"};
  }
  const PolicyOptions& options = compiled_.options;
  if (!options.replace_builtin) {
    return builtin_decision(facets_, options.default_permission);
  }
  const Level level = options.default_permission.value_or(Level::kAsk);
  return {level, "", fmt::format("no rule matches; the default is {}", to_string(level))};
}

/// The built-in policy's answer for what no rule of a file stands in for.
std::optional<Decision> Evaluation::fallback() const {
  if (named(0, 0)) {
    return std::nullopt;
  }
  const bool only_files = facets_.commands.empty() && !facets_.paths.empty() &&
                          facets_.doubt.empty() && !facets_.over_limit;
  if (facets_.runs_commands && !only_files) {
    return named(command_unit(0), text_unit()) ? std::nullopt : std::optional(builtin_for_call());
  }
  std::optional<Decision> strictest;
  bool any = false;
  for (std::size_t i = 0; i < facets_.paths.size(); ++i) {
    if (named(path_unit(i), path_unit(i))) {
      any = true;
      continue;
    }
    Decision one = builtin_for(facets_.paths[i]);
    if (!strictest || one.level > strictest->level) {
      strictest = std::move(one);
    }
  }
  return any ? strictest : std::optional(builtin_for_call());
}

Decision Evaluation::combine() {
  const Hit* top = nullptr;
  for (const Hit& hit : hits_) {
    if (!hit.counted) {
      continue;
    }
    const Level level = rule(hit.rule).rule.level;
    if (top == nullptr || level > rule(top->rule).rule.level ||
        (level == rule(top->rule).rule.level && hit.rule < top->rule)) {
      top = &hit;
    }
  }
  Decision decision{Level::kAllow, "", ""};
  bool decided = top != nullptr;
  if (decided) {
    const Rule& one = rule(top->rule).rule;
    decision = {one.level, one.where,
                one.reason.empty() ? "matches " + one.describe() : one.reason};
    if (!top->note.empty()) {
      decision.reason += "; " + top->note;
    }
  }
  bool by_rule = decided;
  std::optional<Decision> builtin = fallback();
  if (!decided && !builtin) {
    builtin = builtin_for_call();
  }
  for (const Floor& floor : floors_) {
    if (floor.level > decision.level) {
      decision = {floor.level, floor.rule, floor.reason};
      decided = true;
      by_rule = false;
    }
  }
  if (builtin && (!decided || builtin->level > decision.level)) {
    decision = *std::move(builtin);
    by_rule = false;
  }
  if (!withheld_.empty() && !by_rule && decision.level != Level::kAllow) {
    decision.reason +=
        "; " + rule(withheld_.front()).rule.where +
        " would allow it, but allow rules of this project do not count until `oap trust`";
  }
  return decision;
}

std::string Evaluation::unit_name(std::uint32_t unit) const {
  if (unit == 0) {
    return "tool " + facets_.tool;
  }
  if (unit <= facets_.paths.size()) {
    const PathFacet& path = facets_.paths[unit - 1];
    return fmt::format("{} {}", to_string(path.access),
                       path.inside ? path.relative : path.canonical);
  }
  const std::size_t command = unit - 1 - facets_.paths.size();
  return command < facets_.commands.size() ? "command " + facets_.commands[command].shown
                                           : "the whole command";
}

void Evaluation::explain(Explanation& out) const {
  std::vector<Hit> ordered = hits_;
  std::sort(ordered.begin(), ordered.end(), [](const Hit& a, const Hit& b) {
    return std::pair(a.rule, a.unit) < std::pair(b.rule, b.unit);
  });
  for (const Hit& hit : ordered) {
    out.matches.push_back({rule(hit.rule).rule, unit_name(hit.unit), hit.counted, hit.note});
  }
  for (const Unmet& one : unmet_) {
    out.matches.push_back({rule(one.rule).rule, unit_name(one.unit), false, one.note});
  }
  for (const std::uint32_t id : withheld_) {
    out.matches.push_back({rule(id).rule, "", false, "the project is not trusted"});
  }
  for (const Floor& floor : floors_) {
    out.floors.push_back(fmt::format("{}: {}", to_string(floor.level), floor.reason));
  }
  out.facets = describe(facets_);
}

}  // namespace oap::permission
