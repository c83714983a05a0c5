#include <algorithm>

#include "permission/evaluation.hpp"
#include "permission/overlap.hpp"
#include "permission/paths.hpp"
#include "permission/rule_condition.hpp"
#include "permission/tree_look.hpp"
#include "text/strings.hpp"

namespace oap::permission {

namespace {

/// The names of files that a search is limited to, or its passing over hidden ones, leave out all
/// that the rule is about.
bool passes_over(const CompiledRule& rule, const PathFacet& path) {
  const std::vector<std::string_view> parts = text::split(rule.path_pattern, '/');
  const std::string_view last = parts.back();
  const bool names = !path.only.empty() && last != "**" &&
                     std::none_of(path.only.begin(), path.only.end(), [&](const std::string& one) {
                       return names_may_overlap(one, last);
                     });
  const bool hidden =
      path.skips_hidden && std::any_of(parts.begin(), parts.end(), [](std::string_view part) {
        return part.size() > 1 && part[0] == '.' && part[1] != '.';
      });
  return names || (hidden && path.relative == ".");
}

/// A pattern that names nothing: `**`, `**/*`, `*.*`.
bool is_about_everything(const CompiledRule& rule) {
  return rule.path_pattern.find_first_not_of("*./?") == std::string::npos;
}

/// The names of files that the search is limited to.
std::vector<text::Glob> names_of(const PathFacet& tree) {
  std::vector<text::Glob> out;
  for (const std::string& one : tree.only) {
    auto glob = text::Glob::compile(one, {text::GlobMode::kPath, false});
    if (!glob) {
      return {};
    }
    out.push_back(*std::move(glob));
  }
  return out;
}

/// No file that is there now is one of the rule's. An empty workspace says nothing of what may
/// come.
bool holds_none(TreeLook& look, const CompiledRule& rule, const PathFacet& path, bool below) {
  const TreeLook::Tree& tree = look.of(path);
  if (!tree.listing.exists) {
    return !below;
  }
  const bool whole = path.relative == "." || !path.inside;
  const bool away = tree.listing.leads_away && !path.skips_links;
  if (!tree.listing.complete || away || (whole && tree.files.empty()) ||
      !look.spend(tree.files.size())) {
    return false;
  }
  const std::vector<text::Glob> only = names_of(path);
  return std::none_of(tree.files.begin(), tree.files.end(), [&](const PathFacet& file) {
    if (path.skips_links && file.linked) {
      return false;
    }
    const std::string_view name =
        std::string_view(file.lexical).substr(file.lexical.rfind('/') + 1);
    const bool named =
        only.empty() || std::any_of(only.begin(), only.end(),
                                    [&](const text::Glob& glob) { return glob.matches(name); });
    return named && match_path(rule, file) != PathMatch::kNone;
  });
}

}  // namespace

Evaluation::Evaluation(const Compiled& compiled, const Facets& facets, const RoleView& roles,
                       std::string_view role_fault)
    : compiled_(compiled), facets_(facets), roles_(roles) {
  if (!role_fault.empty()) {
    floors_.push_back({Level::kAsk, "builtin/unknown-role", std::string(role_fault)});
  }
  of_unit_.resize(text_unit() + 1);
}

bool Evaluation::counts(std::uint32_t id) {
  const CompiledRule& candidate = rule(id);
  if (roles_.rank[candidate.role] < 0) {
    return false;
  }
  if (candidate.withheld) {
    withheld_.push_back(id);
    return false;
  }
  return true;
}

void Evaluation::hit(std::uint32_t id, std::uint32_t unit, bool tightens) {
  if (!counts(id)) {
    return;
  }
  // What an untrusted project says can raise the answer, but never stands in for the built-in
  // policy.
  tightens =
      tightens || (!compiled_.options.trusted_project && rule(id).rule.tier == Tier::kProject);
  for (const std::uint32_t place : of_unit_[unit]) {
    if (hits_[place].rule == id) {
      hits_[place].tightens = hits_[place].tightens && tightens;
      return;
    }
  }
  if (std::optional<std::string> note = meets_condition(id, unit)) {
    of_unit_[unit].push_back(static_cast<std::uint32_t>(hits_.size()));
    hits_.push_back({id, unit, tightens, true, *std::move(note)});
  }
}

std::optional<std::string> Evaluation::meets_condition(std::uint32_t id, std::uint32_t unit) {
  const CompiledRule& candidate = rule(id);
  if (!candidate.condition) {
    return "";
  }
  const bool seen = std::any_of(unmet_.begin(), unmet_.end(), [&](const Unmet& one) {
    return one.rule == id && one.unit == unit;
  });
  if (seen) {
    return std::nullopt;
  }
  ConditionUnit part;
  if (unit >= 1 && unit <= facets_.paths.size()) {
    part.path = &facets_.paths[unit - 1];
  } else if (unit >= command_unit(0) && unit < text_unit()) {
    part.command = &facets_.commands[unit - command_unit(0)];
  }
  ConditionAnswer answer =
      judge_condition(*candidate.condition, candidate.rule.level, facets_, part);
  if (answer.met) {
    return std::move(answer.note);
  }
  unmet_.push_back({id, unit, std::move(answer.note)});
  return std::nullopt;
}

bool Evaluation::named(std::uint32_t first, std::uint32_t last) const {
  for (std::uint32_t unit = first; unit <= last; ++unit) {
    const auto& places = of_unit_[unit];
    if (std::any_of(places.begin(), places.end(),
                    [&](std::uint32_t place) { return !hits_[place].tightens; })) {
      return true;
    }
  }
  return false;
}

/// Rules about the tool and the server.
void Evaluation::gather_call() {
  const RuleIndex& index = compiled_.index;
  const bool of_server = facets_.tool.find("__") != std::string::npos;
  const auto try_tool = [&](std::uint32_t id) {
    const CompiledRule& candidate = rule(id);
    const bool wants_server = candidate.rule.pattern.find("__") != std::string::npos;
    if (wants_server != of_server || !match_action(candidate.rule.action, facets_.actions)) {
      return;
    }
    if (candidate.rule.resource.empty()) {
      hit(id, 0, false);
      return;
    }
    if (!facets_.resource.empty() && match_resource(candidate, facets_.resource)) {
      hit(id, 0, false);
    }
    for (std::size_t i = 0; i < facets_.paths.size(); ++i) {
      const PathMatch match = match_path(candidate, facets_.paths[i]);
      if (match != PathMatch::kNone) {
        hit(id, path_unit(i), match == PathMatch::kTightens);
      }
    }
  };
  if (const auto found = index.tools.find(facets_.tool); found != index.tools.end()) {
    std::for_each(found->second.any_resource.begin(), found->second.any_resource.end(), try_tool);
    if (!facets_.resource.empty()) {
      found->second.resources.candidates(facets_.resource, try_tool);
    }
    for (const PathFacet& path : facets_.paths) {
      found->second.resources.candidates(path, try_tool);
    }
  }
  for (const std::uint32_t id : index.tool_globs) {
    const std::string& pattern = rule(id).rule.pattern;
    const bool matches =
        rule(id).rule.resource.empty()
            ? rule(id).glob->matches(facets_.tool)
            : text::Glob::compile(pattern, {text::GlobMode::kPlain, false})->matches(facets_.tool);
    if (matches) {
      try_tool(id);
    }
  }
  if (facets_.server.empty()) {
    return;
  }
  const std::vector<Action> invoked = {Action::kInvoke, Action::kExecute};
  const auto try_server = [&](std::uint32_t id) {
    const bool acts = match_action(rule(id).rule.action, invoked) ||
                      match_action(rule(id).rule.action, facets_.actions);
    if (acts && rule(id).glob->matches(facets_.server)) {
      hit(id, 0, false);
    }
  };
  if (const auto found = index.servers.find(facets_.server); found != index.servers.end()) {
    std::for_each(found->second.begin(), found->second.end(), try_server);
  }
  std::for_each(index.server_globs.begin(), index.server_globs.end(), try_server);
}

void Evaluation::gather_path(const PathFacet& path, std::uint32_t unit) {
  const bool commands = facets_.runs_commands;
  compiled_.index.files.candidates(path, [&](std::uint32_t id) {
    const CompiledRule& candidate = rule(id);
    if (!match_action(candidate.rule.action, path.access)) {
      return;
    }
    if (path.possible && candidate.rule.level == Level::kAllow) {
      return;
    }
    const PathMatch match = match_path(candidate, path);
    if (match != PathMatch::kNone && path.may_write && candidate.rule.level == Level::kAsk &&
        is_about_everything(candidate)) {
      return;  // what a word may name is no reason to ask of every word
    }
    if (match != PathMatch::kNone && path.may_write) {
      floors_.push_back(
          {Level::kAsk, candidate.rule.where,
           path.shown + " may be written, and it matches " + candidate.rule.describe()});
    } else if (match != PathMatch::kNone) {
      // What a command may touch does not make the command itself allowed.
      hit(id, unit, match == PathMatch::kTightens || (commands && !path.redirect) || path.possible);
    }
  });
  if (path.unmatched) {
    gather_unmatched(path);
  }
  if (path.tree && path.exact) {
    gather_below(path, unit);
  }
}

/// A glob that no file matches now, by what it might name.
void Evaluation::gather_unmatched(const PathFacet& path) {
  for (const std::uint32_t id : compiled_.index.strict_files) {
    const CompiledRule& candidate = rule(id);
    if (!match_action(candidate.rule.action, path.access) || roles_.rank[candidate.role] < 0) {
      continue;
    }
    const bool inside = !path.lexical_relative.empty();
    const bool absolute = candidate.absolute || (candidate.any_depth && !inside);
    const std::string& place = absolute ? path.lexical : path.lexical_relative;
    if ((absolute || inside) &&
        (may_overlap(place, candidate.path_pattern) ||
         (path.tree && may_overlap(place + "/**", candidate.path_pattern)))) {
      floors_.push_back({Level::kAsk, candidate.rule.where,
                         path.shown + " may name files that match " + candidate.rule.describe()});
    }
  }
}

void Evaluation::gather_below(const PathFacet& path, std::uint32_t unit) {
  for (const std::uint32_t id : compiled_.index.strict_files) {
    const CompiledRule& candidate = rule(id);
    if (!match_action(candidate.rule.action, path.access) || roles_.rank[candidate.role] < 0) {
      continue;
    }
    const bool below = match_below(candidate, path) != PathMatch::kNone;
    const bool changes = path.access != Action::kRead && !path.unsure;
    if (below && changes && path.only.empty()) {
      hit(id, unit, true);
      continue;
    }
    if (!below && (path.mentioned || !candidate.any_depth)) {
      continue;
    }
    if (!path.creates) {
      if (passes_over(candidate, path)) {
        continue;
      }
      if (path.inside && holds_none(trees_, candidate, path, below)) {
        continue;
      }
    }
    if (below && changes) {
      hit(id, unit, true);
    } else {
      floors_.push_back(
          {Level::kAsk, candidate.rule.where,
           "something below " + path.shown + " may match " + candidate.rule.describe()});
    }
  }
}

void Evaluation::gather_command(const CommandFacet& command, std::uint32_t unit) {
  const RuleIndex& index = compiled_.index;
  const auto try_command = [&](std::uint32_t id) {
    const Rule& one = rule(id).rule;
    if (command.possible && one.level == Level::kAllow) {
      return;
    }
    if (match_action(one.action, Action::kExecute) && match_command(rule(id), command)) {
      hit(id, unit, command.possible);
    }
  };
  const auto try_program = [&](const std::string& program) {
    if (const auto found = index.programs.find(program); found != index.programs.end()) {
      std::for_each(found->second.begin(), found->second.end(), try_command);
    }
  };
  try_program(command.name);
  if (command.argv.front() != command.name) {
    try_program(command.argv.front());
  }
  std::for_each(index.command_globs.begin(), index.command_globs.end(), try_command);
}

/// Rules that forbid may also be written about the command as a whole.
void Evaluation::gather_text() {
  const auto known = [this](std::uint32_t id) {
    return std::any_of(hits_.begin(), hits_.end(), [id](const Hit& hit) { return hit.rule == id; });
  };
  for (const std::uint32_t id : compiled_.index.command_patterns) {
    if (!known(id) && rule(id).glob->matches(facets_.command_text)) {
      hit(id, text_unit(), false);
    }
  }
  if (facets_.known || !facets_.commands.empty()) {
    return;
  }
  // `tool: X` for an unknown X became a rule about the program X; it still means the tool.
  if (const auto found = compiled_.index.programs.find(facets_.tool);
      found != compiled_.index.programs.end()) {
    for (const std::uint32_t id : found->second) {
      if (!rule(id).rule.program.empty() && rule(id).rule.action == Action::kAny) {
        hit(id, 0, false);
      }
    }
  }
}

}  // namespace oap::permission
