#include "permission/compiled_rule.hpp"

#include <algorithm>

#include "os/file.hpp"
#include "permission/paths.hpp"
#include "permission/rule_condition.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

constexpr text::GlobOptions kPath = {text::GlobMode::kPath, false};
constexpr text::GlobOptions kPlain = {text::GlobMode::kPlain, false};

/// A path pattern as it is matched: absolute, or relative to the workspace without "./".
Result<std::string> path_pattern(const std::string& written, std::string_view workspace,
                                 const std::string& where) {
  std::string pattern = written;
  if (pattern == "~" || pattern.starts_with("~/")) {
    const auto home = os::canonical_path(home_directory());
    pattern = text::glob_quote(home ? *home : home_directory()) + pattern.substr(1);
  }
  while (pattern.starts_with("./")) {
    pattern.erase(0, 2);
  }
  if (pattern.starts_with("../")) {
    std::string base(workspace);
    while (pattern.starts_with("../")) {
      const std::size_t slash = base.rfind('/');
      base.resize(slash == std::string::npos ? 0 : slash);
      pattern.erase(0, 3);
    }
    pattern.insert(0, text::glob_quote(base) + "/");
  }
  if (pattern.ends_with('/')) {
    pattern += "**";
  }
  if (pattern.empty() || pattern == ".") {
    pattern = ".";
  }
  if (pattern.find("/../") != std::string::npos || pattern.ends_with("/..") || pattern == "..") {
    return fail(Code::kConfiguration, "{}: pattern: '{}' holds '..'; write the path itself", where,
                written);
  }
  return pattern;
}

int specificity_of(const Rule& rule) {
  const std::string& subject = !rule.program.empty() ? rule.program : rule.pattern;
  const bool wild =
      subject.find('*') != std::string::npos || rule.resource.find('*') != std::string::npos;
  return (wild ? 0 : 100) + (rule.action != Action::kAny ? 50 : 0) +
         (rule.scope != Scope::kTool ? 25 : 0);
}

bool matches_any(const text::Glob& glob, const std::vector<std::string>& texts) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](const std::string& text) { return glob.matches(text); });
}

/// A word of a call that may become `name`: itself, or a pattern of file names.
bool may_be(const std::string& word, const std::string& name) {
  if (word == name || word.find_first_of("*?[") == std::string::npos) {
    return word == name;
  }
  const Result<text::Glob> glob = text::Glob::compile(word, kPlain);
  return !glob || glob->matches(name);
}

/// The rule's words at the front of the call's. A rule that forbids also sees behind options.
bool match_argv(const CompiledRule& rule, const CommandFacet& command) {
  const std::vector<std::string>& words = rule.rule.argv;
  const bool allow = rule.rule.level == Level::kAllow;
  const bool program = words[0] == command.program || words[0] == command.argv[0] ||
                       (!allow && words[0] == command.name);
  if (!program) {
    return false;
  }
  const auto follow_at = [&](std::size_t at) {
    for (std::size_t i = 1; i < words.size(); ++i, ++at) {
      const bool same = at < command.argv.size() &&
                        (allow ? command.argv[at] == words[i] : may_be(command.argv[at], words[i]));
      if (!same || (allow && at >= command.known_words)) {
        return false;
      }
    }
    return true;
  };
  if (follow_at(1)) {
    return true;
  }
  for (std::size_t at = 1; !allow && at < command.argv.size(); ++at) {
    const bool option = command.argv[at].starts_with('-');
    const bool value = at > 1 && command.argv[at - 1].starts_with('-');
    if (!option && !value) {
      break;
    }
    if (follow_at(at + 1)) {
      return true;
    }
  }
  return false;
}

constexpr std::string_view kWild = "*?[{\\";

/// An option as a word of a pattern, without the wildcards around it; "" where it is none.
std::string option_in(std::string_view word) {
  while (word.starts_with('*')) {
    word.remove_prefix(1);
  }
  while (word.ends_with('*')) {
    word.remove_suffix(1);
  }
  const bool option =
      word.size() > 1 && word[0] == '-' && word.find_first_of(kWild) == std::string_view::npos;
  return option ? std::string(word) : std::string();
}

/// Fills `front` and `front_only` where the rule names options.
void read_front(CompiledRule& out) {
  const Rule& rule = out.rule;
  if (rule.level == Level::kAllow || rule.scope != Scope::kCommand || !rule.program.empty()) {
    return;
  }
  std::vector<std::string> words = rule.argv;
  out.front_only = true;
  bool wild = false;
  for (const std::string_view word : text::split_words(rule.pattern)) {
    const std::string option = option_in(word);
    const bool plain = word.find_first_of(kWild) == std::string_view::npos;
    if (!option.empty() && (words.size() > 1 || plain)) {
      words.push_back(option);
    } else if (word == "*") {
      wild = true;
    } else if (!plain || wild) {
      out.front_only = false;
      break;
    } else {
      words.emplace_back(word);
    }
  }
  const bool options = std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word.size() > 1 && word[0] == '-';
  });
  if (options) {
    out.front = std::move(words);
  }
}

/// Long options that mean the same as a letter, for programs where both are in daily use.
char letter_of(std::string_view program, std::string_view option) {
  struct Same {
    std::string_view program;
    std::string_view option;
    char letter;
  };
  static constexpr Same kSame[] = {
      {"rm", "--recursive", 'r'},
      {"rm", "--force", 'f'},
      {"rm", "-R", 'r'},
      {"cp", "--recursive", 'r'},
      {"cp", "--force", 'f'},
      {"chmod", "--recursive", 'R'},
      {"chown", "--recursive", 'R'},
      {"git", "--force", 'f'},
      {"git", "--delete", 'd'},
      {"mv", "--force", 'f'},
      {"ln", "--force", 'f'},
      {"grep", "--recursive", 'r'},
      {"docker", "--force", 'f'},
      {"kill", "-KILL", '9'},
      {"kill", "-SIGKILL", '9'},
      {"docker", "--volume", 'v'},
      {"podman", "--volume", 'v'},
      {"docker", "--publish", 'p'},
      {"docker", "--env", 'e'},
      {"docker", "--user", 'u'},
      {"curl", "--request", 'X'},
      {"curl", "--data", 'd'},
      {"curl", "--upload-file", 'T'},
      {"npm", "--global", 'g'},
      {"npm", "--location=global", 'g'},
      {"kubectl", "--all-namespaces", 'A'},
      {"kubectl", "--filename", 'f'},
      {"kubectl", "--namespace", 'n'},
  };
  option = option.substr(0, option.starts_with("--location") ? option.size() : option.find('='));
  for (const Same& one : kSame) {
    const bool abbreviated = option.size() > 3 && one.option.starts_with(option);
    if (one.program == program && (one.option == option || abbreviated)) {
      return one.letter;
    }
  }
  return '\0';
}

bool has_letter(const CommandFacet& command, char letter) {
  return std::any_of(command.argv.begin() + 1, command.argv.end(), [&](const std::string& word) {
    const bool group = word.size() > 1 && word[0] == '-' && word[1] != '-';
    const bool either = letter == 'r' && (command.name == "rm" || command.name == "cp");
    return (group && (word.find(letter, 1) != std::string::npos ||
                      (either && word.find('R', 1) != std::string::npos))) ||
           letter_of(command.name, word) == letter;
  });
}

/// The option is there: as it is, with a value, abbreviated, or letter by letter.
bool has_written(const CommandFacet& command, const std::string& option) {
  const bool as_it_is =
      std::any_of(command.argv.begin() + 1, command.argv.end(), [&](const std::string& word) {
        return word == option || word.starts_with(option + "=") ||
               (option.size() > 2 && option[1] != '-' && word[0] == '-' &&
                (word.substr(1) == option || word.starts_with("-" + option + "="))) ||
               (word.size() > 3 && word.starts_with("--") && option.starts_with(word));
      });
  if (as_it_is) {
    return true;
  }
  if (option[1] == '-') {
    const char letter = letter_of(command.name, option);
    return letter != '\0' && has_letter(command, letter);
  }
  if (command.name == "git" && option == "-D") {
    return has_letter(command, 'D') || (has_letter(command, 'd') && has_letter(command, 'f'));
  }
  return option.size() < 6 && std::all_of(
                                  option.begin() + 1, option.end(),
                                  [&](char letter) { return has_letter(command, letter); });
}

/// The front's words are there: operands in their order from the program on, options anywhere.
bool match_front(const CompiledRule& rule, const CommandFacet& command) {
  if (rule.front.empty() || rule.front[0] != command.name) {
    return false;
  }
  std::vector<bool> used(command.argv.size(), false);
  std::size_t at = 1;
  for (std::size_t i = 1; i < rule.front.size(); ++i) {
    const std::string& word = rule.front[i];
    if (word.size() > 1 && word[0] == '-') {
      if (!has_written(command, word)) {
        return false;
      }
      continue;
    }
    while (at < command.argv.size() && command.argv[at] != word) {
      if (!command.argv[at].starts_with('-') &&
          (at == 1 || !command.argv[at - 1].starts_with('-'))) {
        return false;
      }
      ++at;
    }
    if (at >= command.argv.size()) {
      return false;
    }
    used[at++] = true;
  }
  if (rule.front_only) {
    return true;
  }
  std::string text = text::join(rule.front, " ");
  for (std::size_t i = 1; i < command.argv.size(); ++i) {
    if (!used[i] && !command.argv[i].starts_with('-')) {
      text += " " + command.argv[i];
    }
  }
  return rule.glob && rule.glob->matches(text);
}

/// Patterns beyond the workspace: a rule that forbids `**/x` forbids it everywhere.
bool reaches(const CompiledRule& rule, const PathFacet& path) {
  return rule.glob->matches(path.canonical) || rule.glob->matches(path.lexical);
}

}  // namespace

Result<CompiledRule> compile_rule(Rule rule, std::string_view workspace) {
  CompiledRule out;
  out.specificity = specificity_of(rule);
  const bool file = rule.scope == Scope::kFilePattern;
  const std::string& paths = file ? rule.pattern : rule.resource;
  if (!paths.empty()) {
    OAP_TRY(out.path_pattern, path_pattern(paths, workspace, rule.where));
    out.absolute = out.path_pattern.starts_with('/') || out.path_pattern.starts_with("\\/");
    out.any_depth = out.path_pattern.starts_with("**");
    OAP_TRY(out.glob, text::Glob::compile(out.path_pattern, kPath));
  } else if (rule.argv.empty()) {
    const std::string& text = rule.program.empty() ? rule.pattern : rule.program;
    OAP_TRY(out.glob, text::Glob::compile(text, kPlain));
  }
  if (!rule.condition.empty()) {
    OAP_TRY(out.condition, compile_rule_condition(rule.condition));
  }
  out.rule = std::move(rule);
  read_front(out);
  return out;
}

PathMatch match_path(const CompiledRule& rule, const PathFacet& path) {
  if (!path.exact) {
    return PathMatch::kNone;
  }
  const text::Glob& glob = *rule.glob;
  const bool allow = rule.rule.level == Level::kAllow;
  if (rule.absolute) {
    return glob.matches(path.canonical) || (!allow && glob.matches(path.lexical))
               ? PathMatch::kFull
               : PathMatch::kNone;
  }
  if (path.inside && glob.matches(path.relative)) {
    return PathMatch::kFull;
  }
  if (allow) {
    return PathMatch::kNone;
  }
  if (!path.lexical_relative.empty() && glob.matches(path.lexical_relative)) {
    return path.inside ? PathMatch::kFull : PathMatch::kTightens;
  }
  return rule.any_depth && reaches(rule, path) ? PathMatch::kTightens : PathMatch::kNone;
}

PathMatch match_below(const CompiledRule& rule, const PathFacet& path) {
  if (rule.rule.level == Level::kAllow || (!rule.absolute && !path.inside && !path.above)) {
    return PathMatch::kNone;
  }
  const bool whole = !rule.absolute && (path.above || path.relative == ".");
  const std::string& place = rule.absolute ? path.canonical : path.relative;
  const bool within =
      whole || rule.glob->literal_prefix().starts_with(place == "/" ? place : place + "/");
  return within ? PathMatch::kTightens : PathMatch::kNone;
}

bool match_resource(const CompiledRule& rule, std::string_view resource) {
  return rule.glob->matches(resource);
}

bool match_command(const CompiledRule& rule, const CommandFacet& command) {
  const bool allow = rule.rule.level == Level::kAllow;
  if (!allow && match_front(rule, command)) {
    return true;
  }
  if (!rule.rule.argv.empty()) {
    return match_argv(rule, command);
  }
  const text::Glob& glob = *rule.glob;
  if (!rule.rule.program.empty()) {
    return glob.matches(command.program) || glob.matches(command.argv[0]) ||
           (!allow && glob.matches(command.name));
  }
  return glob.matches(command.text) || matches_any(glob, command.more_texts) ||
         (!allow && matches_any(glob, command.strict_texts));
}

bool match_action(Action rule, const std::vector<Action>& actions) {
  return rule == Action::kAny || std::find(actions.begin(), actions.end(), rule) != actions.end();
}

bool match_action(Action rule, Action access) { return rule == Action::kAny || rule == access; }

}  // namespace oap::permission
