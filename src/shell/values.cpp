#include "shell/values.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "shell/name_set.hpp"
#include "shell/parser.hpp"
#include "text/strings.hpp"

namespace oap::shell {
namespace {

constexpr std::size_t kMostValues = 16;
constexpr std::string_view kOneWord =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./@%+,-";

/// Names that the shell or its environment gives a meaning or a value.
bool is_special(std::string_view name) {
  static const NameSet kNames(
      " HOME PWD OLDPWD PATH CDPATH SHELL USER LOGNAME TERM LANG TMPDIR EDITOR VISUAL PAGER IFS "
      "ENV "
      "RANDOM SRANDOM SECONDS LINENO UID EUID PPID HOSTNAME HOSTTYPE OSTYPE MACHTYPE SHLVL REPLY "
      "OPTARG OPTIND OPTERR FUNCNAME DIRSTACK GROUPS PIPESTATUS GLOBIGNORE SHELLOPTS "
      "POSIXLY_CORRECT "
      "_ ");
  return kNames.contains(name) || name.starts_with("LC_") || name.starts_with("BASH") ||
         name.starts_with("EPOCH") || name.starts_with("COMP_") || name.starts_with("HIST") ||
         name.starts_with("PS");
}

/// Builtins that set names which their arguments say.
bool sets_names(std::string_view program) {
  static const NameSet kNames(
      " read mapfile readarray getopts declare typeset local export readonly unset wait let eval . "
      "source printf trap alias exec coproc ");
  return kNames.contains(program);
}

bool gives_name(std::string_view word) {
  const std::size_t equals = word.find('=');
  return equals != std::string_view::npos && is_name(word.substr(0, equals));
}

/// A builtin's argument that is not known before it runs, where a name could stand in it.
bool sets_any_name(const SimpleCommand& command) {
  if (command.argv.empty()) {
    return false;
  }
  const std::string& program = command.argv.front();
  if (!sets_names(base_name(program))) {
    return false;
  }
  const bool prints = program == "printf";
  const bool names = std::any_of(command.argv.begin(), command.argv.end(), [&](const auto& word) {
    return word.size() > 1 && word[0] == '-' && word.find(prints ? 'v' : 'n') != std::string::npos;
  });
  const bool refers = names && (program == "declare" || program == "typeset" || program == "local");
  if (prints ? !names : program == "exec" || program == "trap") {
    return false;
  }
  for (std::size_t i = 1; i < command.argv.size(); ++i) {
    if (command.kinds[i] != WordKind::kStatic && !gives_name(command.argv[i])) {
      return true;
    }
  }
  return refers;
}

/// The names of `$a${b}…`; nothing where it is anything else.
std::optional<std::vector<std::string>> names_of(std::string_view expansion) {
  std::vector<std::string> out;
  while (!expansion.empty()) {
    if (expansion[0] != '$') {
      return std::nullopt;
    }
    expansion.remove_prefix(1);
    const bool braces = expansion.starts_with('{');
    expansion.remove_prefix(braces ? 1 : 0);
    std::size_t end = 0;
    while (end < expansion.size() && is_name_char(expansion[end])) {
      ++end;
    }
    const std::string_view name = expansion.substr(0, end);
    expansion.remove_prefix(end);
    if (!is_name(name) || (braces && !expansion.starts_with('}'))) {
      return std::nullopt;
    }
    expansion.remove_prefix(braces ? 1 : 0);
    out.emplace_back(name);
  }
  return out;
}

/// The value as it stands in a word; nothing where the shell would make something else of it.
std::optional<Word> placed(const std::string& name, const Word& value, bool in_double, bool first,
                           std::string_view behind) {
  Word out = value;
  if (name == "HOME" || name == "PWD") {
    const bool ends = behind.empty() || behind[0] == '/' || (name == "PWD" && behind[0] == ':');
    return first && ends ? std::optional(out) : std::nullopt;
  }
  const bool glob = kind_of(value) == WordKind::kGlob;
  if (in_double || glob) {
    out.splits = !in_double;
    return out;
  }
  const bool one =
      !value.text.empty() && value.text.find_first_not_of(kOneWord) == std::string::npos;
  return one ? std::optional(out) : std::nullopt;
}

void extend(std::vector<Word>& heads, const std::vector<Word>& tails) {
  std::vector<Word> out;
  for (const Word& head : heads) {
    for (const Word& tail : tails) {
      out.push_back(head);
      out.back().add(tail);
    }
  }
  heads = std::move(out);
}

}  // namespace

void note_value(std::string_view name, const Word& value, Findings& findings) {
  const WordKind kind = kind_of(value);
  const std::size_t tilde = value.text.find('~');
  const bool expands = tilde != std::string::npos && value.plain_at(tilde, '~');
  if (expands || (kind != WordKind::kStatic && kind != WordKind::kGlob)) {
    findings.unknown.emplace(name);
    return;
  }
  Word known = value;
  if (kind == WordKind::kStatic) {
    known.marks.assign(known.text.size(), static_cast<char>(Mark::kQuoted));
  }
  known.splits = false;
  std::vector<Word>& values = findings.values[std::string(name)];
  const bool seen = std::any_of(values.begin(), values.end(), [&](const Word& one) {
    return one.text == known.text && one.marks == known.marks;
  });
  if (!seen && values.size() <= kMostValues) {
    values.push_back(std::move(known));
  }
}

void note_assigned(const Word& word, bool alone, Findings& findings) {
  const std::size_t length = assignment_length(word);
  const std::size_t end = word.text.find_first_of("[+=");
  const std::string_view name = std::string_view(word.text).substr(0, end);
  const Word value = word.part(length, word.text.size());
  if (!alone || end + 1 != length || kind_of(value) != WordKind::kStatic) {
    findings.unknown.emplace(name);
  } else {
    note_value(name, value, findings);
  }
}

KnownValues known_values(const Findings& findings, std::string_view source) {
  KnownValues out;
  const Script& script = findings.script;
  const auto set_times = [&](std::string_view name) {
    return std::count(script.variables.begin(), script.variables.end(), name);
  };
  bool splits_otherwise = false;
  bool other_environment = false;
  for (const SimpleCommand& command : script.commands) {
    for (const std::string& one : command.assignments) {
      splits_otherwise = splits_otherwise || one.starts_with("IFS");
    }
    other_environment =
        other_environment || (!command.argv.empty() &&
                              (base_name(command.argv[0]) == "env" || command.argv[0] == "exec"));
  }
  for (const auto& [name, values] : findings.values) {
    const auto loops = findings.loops.find(name);
    const auto known = loops == findings.loops.end() ? 0 : loops->second;
    if (!findings.unknown.contains(name) && set_times(name) == known && !is_special(name) &&
        !splits_otherwise && values.size() <= kMostValues) {
      out.emplace(name, values);
    }
  }
  for (const auto& [name, text, mark] :
       {std::tuple{"HOME", '~', Mark::kPlain}, std::tuple{"PWD", '.', Mark::kQuoted}}) {
    const bool set = findings.others.contains(name) || findings.numbers.contains(name) ||
                     findings.unknown.contains(name) || findings.values.contains(name) ||
                     set_times(name) != 0;
    if (!set && !other_environment && source.find(name) != std::string_view::npos) {
      Word value;
      value.add(text, mark);
      out.emplace(name, std::vector<Word>{value});
    }
  }
  return out;
}

bool still_hold(const KnownValues& known, const Findings& findings, std::string_view source) {
  const auto& commands = findings.script.commands;
  if (findings.stopped || std::any_of(commands.begin(), commands.end(), sets_any_name)) {
    return false;
  }
  const KnownValues now = known_values(findings, source);
  const auto same = [](const Word& a, const Word& b) {
    return a.text == b.text && a.marks == b.marks;
  };
  return now.size() == known.size() &&
         std::equal(now.begin(), now.end(), known.begin(), [&](const auto& a, const auto& b) {
           return a.first == b.first && std::equal(a.second.begin(), a.second.end(),
                                                   b.second.begin(), b.second.end(), same);
         });
}

std::vector<Word> put_values(const Word& word, const KnownValues& known) {
  if (known.empty() || !word.has_expansion()) {
    return {};
  }
  std::vector<Word> out(1);
  out.front().quoted = word.quoted;
  for (std::size_t at = 0; at < word.text.size();) {
    const char mark = word.marks[at];
    const std::size_t end = std::min(word.marks.find_first_not_of(mark, at), word.marks.size());
    if (!is_expansion(mark)) {
      const Word piece = word.part(at, end);
      if (piece.text.find_first_of("*?[]\\") != std::string::npos) {
        return {};
      }
      extend(out, {piece});
      at = end;
      continue;
    }
    const auto names = names_of(std::string_view(word.text).substr(at, end - at));
    if (!names) {
      return {};
    }
    for (const std::string& name : *names) {
      const auto found = known.find(name);
      if (found == known.end() || out.size() * found->second.size() > kMostValues) {
        return {};
      }
      std::vector<Word> values;
      for (const Word& value : found->second) {
        auto one = placed(name, value, mark == static_cast<char>(Mark::kQuotedExpansion), at == 0,
                          std::string_view(word.text).substr(end));
        if (!one || (names->size() > 1 && is_special(name))) {
          return {};
        }
        values.push_back(*std::move(one));
      }
      extend(out, values);
    }
    at = end;
  }
  return out;
}

bool may_vanish(const Word& word) {
  return !word.quoted && word.has_expansion() &&
         word.marks.find_first_not_of(static_cast<char>(Mark::kExpansion)) == std::string::npos;
}

}  // namespace oap::shell
