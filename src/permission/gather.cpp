#include <algorithm>

#include "permission/evaluation.hpp"
#include "permission/rule_condition.hpp"

namespace oap::permission {

Evaluation::Evaluation(const Compiled& compiled, const Facets& facets, const RoleView& roles)
    : compiled_(compiled), facets_(facets), roles_(roles) {
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
    if (match != PathMatch::kNone) {
      // What a command may touch does not make the command itself allowed.
      hit(id, unit, match == PathMatch::kTightens || (commands && !path.redirect) || path.possible);
    }
  });
  if (!path.tree || !path.exact) {
    return;
  }
  for (const std::uint32_t id : compiled_.index.strict_files) {
    const CompiledRule& candidate = rule(id);
    if (!match_action(candidate.rule.action, path.access) || roles_.rank[candidate.role] < 0) {
      continue;
    }
    const bool below = match_below(candidate, path) != PathMatch::kNone;
    if (below && path.access != Action::kRead && !path.unsure) {
      hit(id, unit, true);
    } else if (below || candidate.any_depth) {
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
