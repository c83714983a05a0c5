#include <algorithm>

#include <fmt/format.h>

#include "permission/builtin_policy.hpp"
#include "permission/evaluation.hpp"
#include "permission/paths.hpp"
#include "shell/name_set.hpp"

// What can only raise an answer, whatever the rules allow.
namespace oap::permission {
namespace {

/// Other names under which the same program is known: `python3.11` is python3 and python.
std::vector<std::string> versions_of(const std::string& name) {
  const std::size_t end = name.find_last_not_of("0123456789.-") + 1;
  std::vector<std::string> out;
  const std::string stem = name.substr(0, end);
  const std::size_t dot = name.find('.', end);
  if (end < name.size()) {
    out.push_back(stem);
  }
  if (dot != std::string::npos) {
    out.push_back(name.substr(0, dot));
  }
  if (stem == "python" || stem == "pypy" || stem == "pip") {
    const std::string family = stem == "pypy" ? "python" : stem;
    for (const char* version : {"", "2", "3"}) {
      out.push_back(family + version);
    }
  }
  std::erase(out, name);
  return out;
}

std::size_t access_index(Action access) {
  return access == Action::kRead ? 0 : (access == Action::kWrite ? 1 : 2);
}

}  // namespace

void Evaluation::add_floors() {
  add_command_floors();
  add_path_floors();
  add_category_floors();
}

bool Evaluation::named_exactly(const CommandFacet& command, std::uint32_t unit) const {
  const auto& places = of_unit_[unit];
  return std::any_of(places.begin(), places.end(), [&](std::uint32_t place) {
    const Hit& hit = hits_[place];
    if (hit.tightens || !hit.counted) {
      return false;
    }
    const Rule& one = rule(hit.rule).rule;
    const std::string& first = !one.argv.empty()      ? one.argv.front()
                               : !one.program.empty() ? one.program
                                                      : one.pattern;
    const std::string word = one.argv.empty() ? first.substr(0, first.find(' ')) : first;
    return word == command.name || word == command.argv.front();
  });
}

bool Evaluation::allows_any_words(const CommandFacet& command, std::uint32_t unit) const {
  const auto& places = of_unit_[unit];
  const bool whole = std::any_of(places.begin(), places.end(), [&](std::uint32_t place) {
    const Rule& one = rule(hits_[place].rule).rule;
    return one.level == Level::kAllow && hits_[place].counted &&
           (!one.program.empty() || one.pattern == "*" || one.pattern == command.name + " *" ||
            one.pattern == command.name + "*");
  });
  const auto restricts = [&](std::uint32_t id) {
    const CompiledRule& one = rule(id);
    return roles_.rank[one.role] >= 0 && one.rule.level != Level::kAllow;
  };
  const auto found = compiled_.index.programs.find(command.name);
  const bool ruled = found != compiled_.index.programs.end() &&
                     std::any_of(found->second.begin(), found->second.end(), restricts);
  const auto& globs = compiled_.index.command_globs;
  return whole && !ruled && std::none_of(globs.begin(), globs.end(), [&](std::uint32_t id) {
           const std::string prefix = rule(id).glob ? rule(id).glob->literal_prefix() : "";
           return restricts(id) &&
                  (prefix.starts_with(command.name) || command.name.starts_with(prefix));
         });
}

std::string Evaluation::mentioned_denial(const CommandFacet& command) const {
  const auto is_denied = [&](std::string_view name) {
    const auto found = compiled_.index.programs.find(name);
    return found != compiled_.index.programs.end() &&
           std::any_of(found->second.begin(), found->second.end(), [&](std::uint32_t id) {
             return rule(id).rule.level == Level::kDeny && roles_.rank[rule(id).role] >= 0;
           });
  };
  static const shell::NameSet kHarmless(
      " echo printf test [ true false : cat head tail less wc sort uniq cut tr grep egrep fgrep rg "
      "ls dir tree stat file du df diff cmp comm git basename dirname realpath readlink which type "
      "mkdir rmdir touch cp mv ln cd pwd date sleep seq jq find sed awk man tee chmod chown rm "
      "export read set unset local declare command history ");
  if (kHarmless.contains(command.name)) {
    return {};
  }
  for (const std::string& name : versions_of(command.name)) {
    if (is_denied(name)) {
      return name;
    }
  }
  constexpr std::string_view kPart =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-";
  for (std::size_t i = 1; i < command.argv.size(); ++i) {
    const std::string_view word = command.argv[i];
    for (std::size_t at = word.find_first_of(kPart); at != std::string_view::npos;) {
      const std::size_t end = std::min(word.find_first_not_of(kPart, at), word.size());
      std::string_view name = word.substr(at, end - at);
      name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
      if (is_denied(name)) {
        return std::string(name);
      }
      at = word.find_first_of(kPart, end);
    }
  }
  return {};
}

void Evaluation::add_launch_floors() {
  if (facets_.bad_name) {
    floors_.push_back(
        {Level::kDeny, "builtin/unknown-name",
         "the name holds control characters or blanks at an end; no tool is called so"});
  }
  if (facets_.over_limit) {
    floors_.push_back(
        {Level::kDeny, "builtin/over-limit",
         fmt::format("the command is too long or too deep to be judged: {}", facets_.doubt)});
  }
  for (std::size_t i = 0; i < facets_.commands.size(); ++i) {
    const CommandFacet& command = facets_.commands[i];
    if (!command.possible && !command.launches.empty() && (roles_.any_command || !hits_.empty()) &&
        !named_exactly(command, command_unit(i))) {
      floors_.push_back({Level::kAsk, "builtin/launches-commands",
                         fmt::format("'{}': {}", command.shown, command.launches)});
    }
  }
}

void Evaluation::add_command_floors() {
  add_launch_floors();
  if (roles_.any_command) {
    for (std::size_t i = 0; i < facets_.commands.size(); ++i) {
      const CommandFacet& command = facets_.commands[i];
      const std::uint32_t unit = command_unit(i);
      if (command.possible || (command.harmless && !named(unit, unit) && command.doubt.empty())) {
        continue;
      }
      if (!named(unit, unit)) {
        floors_.push_back({Level::kAsk, "builtin/unnamed-command",
                           fmt::format("no command rule names '{}'", command.shown)});
      } else if (!command.doubt.empty()) {
        floors_.push_back({Level::kAsk, "builtin/doubtful-command",
                           fmt::format("'{}': {}", command.shown, command.doubt)});
      } else if (command.open && !allows_any_words(command, unit)) {
        floors_.push_back(
            {Level::kAsk, "builtin/doubtful-command",
             fmt::format("'{}': its words are not all known before it runs", command.shown)});
      } else if (!named_exactly(command, unit)) {
        const std::string denied = mentioned_denial(command);
        if (!denied.empty()) {
          floors_.push_back({Level::kAsk, "builtin/mentions-denied",
                             fmt::format("'{}' names {}, which may not be run, and only a rule "
                                         "about any program allows it",
                                         command.shown, denied)});
        }
      }
    }
  }
  const bool files = roles_.strict_path[0] || roles_.strict_path[1] || roles_.strict_path[2];
  if (!facets_.doubt.empty() && (roles_.any_command || files)) {
    floors_.push_back({Level::kAsk, "builtin/doubtful-command",
                       fmt::format("the command is not fully understood: {}", facets_.doubt)});
  }
}

void Evaluation::add_path_floors() {
  for (std::size_t i = 0; i < facets_.paths.size(); ++i) {
    const PathFacet& path = facets_.paths[i];
    if (path.possible) {
      continue;
    }
    if (path.shared && roles_.strict_path[access_index(Action::kWrite)]) {
      floors_.push_back({Level::kAsk, "builtin/linked-file",
                         fmt::format("'{}' has other names, which rules may protect", path.shown)});
    }
    if (!path.exact && roles_.strict_path[access_index(path.access)]) {
      floors_.push_back({Level::kAsk, "builtin/unknown-file",
                         fmt::format("'{}' is not known before it runs", path.shown)});
    }
    // What a program may read it may be given.
    const bool plain = path.access == Action::kRead && path.exact && path.inside &&
                       !is_sensitive(path) && path.canonical == path.lexical;
    if (path.redirect && !plain && roles_.any_command && !named(path_unit(i), path_unit(i))) {
      Decision decision = builtin_for(path);
      floors_.push_back({decision.level, std::move(decision.rule), std::move(decision.reason)});
    }
  }
}

void Evaluation::add_category_floors() {
  for (const std::string& category : compiled_.options.require_approval_for) {
    const std::string why = in_category(category, facets_, compiled_.options.network_servers);
    if (!why.empty()) {
      floors_.push_back({Level::kAsk, "require_approval_for/" + category, why});
    }
  }
}

}  // namespace oap::permission
