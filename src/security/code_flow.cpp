#include <algorithm>

#include "security/code_rules.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

/// How far back an assignment is looked for, and how long its expression may be.
constexpr std::size_t kFarBack = 400;
constexpr std::size_t kLongest = 80;

template <std::size_t N>
bool is_any(std::string_view name, const std::string_view (&names)[N]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

bool names_shell(std::string_view word) {
  static constexpr std::string_view kShells[] = {"sh",  "bash",    "zsh",       "dash",
                                                 "ksh", "/bin/sh", "/bin/bash", "/usr/bin/bash"};
  return is_any(word, kShells);
}

/// `exec(sql) {`: a class's own.
bool is_method(TokenSpan tokens, std::size_t at) {
  if (at + 1 >= tokens.size() || !tokens[at + 1].is("(")) {
    return false;
  }
  std::size_t close = at + 2;
  while (close < tokens.size() && close - at < 40 && !tokens[close].is(")")) {
    ++close;
  }
  return close + 1 < tokens.size() && tokens[close].is(")") &&
         (tokens[close + 1].is("{") || tokens[close + 1].is(":"));
}

}  // namespace

TokenSpan assigned_before(TokenSpan tokens, std::size_t at, std::string_view name) {
  const std::size_t low = at > kFarBack ? at - kFarBack : 0;
  for (std::size_t i = std::min(at, tokens.size()); i > low + 1; --i) {
    if (!tokens[i - 1].is("=") || !tokens[i - 2].is_name() || tokens[i - 2].text != name) {
      continue;
    }
    std::size_t end = i;
    int depth = 0;
    while (end < tokens.size() && end - i < kLongest) {
      const CodeToken& token = tokens[end];
      depth += token.is("(") || token.is("[") || token.is("{") ? 1 : 0;
      depth -= token.is(")") || token.is("]") || token.is("}") ? 1 : 0;
      const bool ends = token.is(";") || token.kind == CodeToken::Kind::kLine || depth < 0 ||
                        (end > i && depth == 0 && token.line != tokens[end - 1].line &&
                         !token.is("+") && !tokens[end - 1].is("+"));
      if (ends && depth <= 0) {
        break;
      }
      ++end;
    }
    return tokens.subspan(i, end - i);
  }
  return {};
}

bool is_put_together(TokenSpan expression) {
  return std::any_of(expression.begin(), expression.end(), [](const CodeToken& token) {
    return token.is("+") || token.is("%") || token.is("format") ||
           (token.is_string() && token.dynamic);
  });
}

bool runs_shell_text(const CodeCall& call, const CodeNames& names, const CodeSources& sources) {
  bool shell = false;
  bool script = false;
  for (const CodeArgument& argument : call.arguments) {
    std::size_t start = 0;
    for (std::size_t i = 0; i <= argument.value.size(); ++i) {
      if (i < argument.value.size() && !argument.value[i].is(",") && !argument.value[i].is("[") &&
          !argument.value[i].is("]") && !argument.value[i].is(":")) {
        continue;
      }
      const TokenSpan item = argument.value.subspan(start, i - start);
      start = i + 1;
      if (item.empty()) {
        continue;
      }
      const CodeValue value = value_of(item, names, sources);
      if (shell && script && !value.constant && !value.cleaned) {
        return true;
      }
      script = shell && value.constant && (value.text == "-c" || value.text == "-lc");
      shell = shell || (value.constant && names_shell(value.text));
    }
  }
  return false;
}

bool reaches_docker_socket(const CodeCall& call) {
  return call.name.find("exists") == std::string::npos &&
         std::any_of(call.arguments.begin(), call.arguments.end(), [](const CodeArgument& one) {
           return std::any_of(one.value.begin(), one.value.end(), [](const CodeToken& token) {
             return token.is_string() && token.text.ends_with("/docker.sock");
           });
         });
}

void learn_checks(TokenSpan tokens, CodeNames& names) {
  static constexpr std::string_view kChecks[] = {
      "startswith", "startsWith", "is_relative_to", "commonpath", "relative", "test", "fullmatch",
      "match",      "has",        "includes",       "in"};
  static constexpr std::string_view kLeaves[] = {"return", "raise", "throw", "abort", "continue",
                                                 "break",  "exit",  "next",  "res"};
  constexpr std::size_t kCondition = 40;
  constexpr std::size_t kBranch = 10;
  for (std::size_t i = 0; i + 3 < tokens.size(); ++i) {
    if (!tokens[i].is("if") && !tokens[i].is("assert")) {
      continue;
    }
    std::size_t end = i + 1;
    int depth = 0;
    bool checks = false;
    while (end < tokens.size() && end - i < kCondition) {
      const CodeToken& token = tokens[end];
      depth += token.is("(") || token.is("[") ? 1 : 0;
      depth -= token.is(")") || token.is("]") ? 1 : 0;
      const bool of_text = end + 2 < tokens.size() && tokens[end + 1].is("(") &&
                           tokens[end + 2].is_string() && token.text.starts_with("starts");
      checks = checks || (token.is_name() && is_any(token.text, kChecks) && !of_text);
      ++end;
      if (depth == 0 && (token.is(":") || token.is(")") || token.is("{") ||
                         token.kind == CodeToken::Kind::kLine)) {
        break;
      }
    }
    bool leaves = tokens[i].is("assert");
    for (std::size_t k = end; k < tokens.size() && k < end + kBranch; ++k) {
      leaves = leaves || (tokens[k].is_name() && is_any(tokens[k].text, kLeaves));
    }
    if (!checks || !leaves) {
      continue;
    }
    for (std::size_t k = i + 1; k < end; ++k) {
      if (tokens[k].is_name() && !tokens[k - 1].is(".")) {
        names.checked[std::string(tokens[k].text)].push_back(tokens[end - 1].line);
      }
    }
  }
}

bool is_checked_later(TokenSpan tokens, const CodeCall& call, const CodeNames& names) {
  static constexpr std::string_view kJoins[] = {"os.path.join", "path.join", "path.resolve", "Path",
                                                "pathlib.Path"};
  if (!is_any(call.name, kJoins)) {
    return false;
  }
  constexpr std::uint32_t kSoon = 8;
  for (std::size_t at = call.at; at > 1 && tokens[at - 1].line == call.line; --at) {
    if (!tokens[at - 1].is("=") || !tokens[at - 2].is_name()) {
      continue;
    }
    const auto found = names.checked.find(tokens[at - 2].text);
    return found != names.checked.end() &&
           std::any_of(found->second.begin(), found->second.end(), [&](std::uint32_t line) {
             return line >= call.line && line <= call.line + kSoon;
           });
  }
  return false;
}

void learn_route_parameters(TokenSpan tokens, CodeNames& names) {
  static constexpr std::string_view kRoutes[] = {"route", "get", "post", "put", "delete", "patch"};
  for (std::size_t i = 3; i + 2 < tokens.size(); ++i) {
    if (!is_any(tokens[i].text, kRoutes) || !tokens[i + 1].is("(") || !tokens[i + 2].is_string() ||
        !tokens[i - 1].is(".") || !tokens[i - 3].is("@")) {
      continue;
    }
    const std::string_view path = tokens[i + 2].text;
    for (std::size_t at = path.find_first_of("<{"); at != std::string_view::npos;
         at = path.find_first_of("<{", at + 1)) {
      const std::size_t close = path.find_first_of(">}", at);
      std::string_view name =
          path.substr(at + 1, close == std::string_view::npos ? close : close - at - 1);
      const std::size_t colon = name.find(':');
      const bool flask = path[at] == '<';
      const std::string_view kind = colon == std::string_view::npos ? ""
                                    : flask                         ? name.substr(0, colon)
                                                                    : name.substr(colon + 1);
      if (colon != std::string_view::npos) {
        name = flask ? name.substr(colon + 1) : name.substr(0, colon);
      }
      bool number = kind == "int" || kind == "float" || kind == "uuid";
      for (std::size_t k = i + 3; k + 2 < tokens.size() && k < i + 40; ++k) {
        number = number || (tokens[k].text == name && tokens[k + 1].is(":") &&
                            (tokens[k + 2].is("int") || tokens[k + 2].is("UUID")));
      }
      if (!number && !name.empty()) {
        names.taint(std::string(name), tokens[i].line);
      }
    }
  }
}

void learn_members(TokenSpan tokens, CodeNames& names) {
  static constexpr std::string_view kLists[] = {"namelist", "infolist", "getnames", "getmembers"};
  for (std::size_t i = 0; i + 5 < tokens.size(); ++i) {
    if (!tokens[i].is("for") || !tokens[i + 1].is_name() || !tokens[i + 2].is("in")) {
      continue;
    }
    for (std::size_t k = i + 3; k < tokens.size() && k < i + 8; ++k) {
      if (is_any(tokens[k].text, kLists) && tokens[k - 1].is(".")) {
        names.taint(std::string(tokens[i + 1].text), tokens[i].line);
      }
    }
  }
}

void learn_promised(TokenSpan tokens, CodeNames& names) {
  for (std::size_t i = 2; i < tokens.size(); ++i) {
    if (!tokens[i].is("promisify")) {
      continue;
    }
    std::size_t name = i;
    while (name > 1 && i - name < 8 && !tokens[name].is("=")) {
      --name;
    }
    for (std::size_t k = i + 1; k < tokens.size() && k < i + 12; ++k) {
      if ((tokens[k].is("exec") || tokens[k].is("execFile")) && tokens[name].is("=") &&
          tokens[name - 1].is_name()) {
        names.imported[std::string(tokens[name - 1].text)] =
            "child_process." + std::string(tokens[k].text);
        break;
      }
    }
  }
}

void learn_bare_processes(TokenSpan tokens, CodeNames& names) {
  for (const std::string_view name :
       {"exec", "execSync", "spawn", "spawnSync", "execFile", "execFileSync"}) {
    bool made = names.imported.contains(name);
    for (std::size_t i = 1; i < tokens.size() && !made; ++i) {
      made = tokens[i].is_name() && tokens[i].text == name &&
             (tokens[i - 1].is("function") || tokens[i - 1].is("const") ||
              tokens[i - 1].is("let") || tokens[i - 1].is("var") || tokens[i - 1].is("import") ||
              (i + 1 < tokens.size() && tokens[i + 1].is("=")) || is_method(tokens, i));
    }
    if (!made) {
      names.imported[std::string(name)] = "child_process." + std::string(name);
    }
  }
}

void look_at_python_flow(TokenSpan tokens, const CodeCall& call, const CodeNames& names,
                         const CodeSources& sources, CodeReporter& reporter) {
  const auto value = [&](TokenSpan expression) { return value_of(expression, names, sources); };
  const TokenSpan first = call.positional(0);
  if ((call.name.ends_with(".execute") || call.name.ends_with(".executemany") ||
       call.name.ends_with(".executescript")) &&
      first.size() == 1 && first.front().is_name()) {
    const TokenSpan made = assigned_before(tokens, call.at, first.front().text);
    const CodeValue text = made.empty() ? CodeValue{} : value(made);
    if (!text.constant && begins_sql(text.text) && is_put_together(made)) {
      reporter.report({Severity::kHigh, kInjection, "python.sql",
                       "an SQL statement is put together from values",
                       "pass the values as parameters of the statement"},
                      call.line);
    }
  }
  if (call.name.ends_with(".exec_command") && !first.empty()) {
    const CodeValue text = value(first);
    if (!text.constant && !text.cleaned) {
      reporter.report({Severity::kHigh, kInjection, "python.remote-shell",
                       "a shell of another machine runs text that is not a constant",
                       "quote the values with shlex.quote"},
                      call.line);
    }
  }
  const bool replaces = call.name.starts_with("os.exec") || call.name.starts_with("os.spawn") ||
                        call.name.starts_with("os.posix_spawn");
  if (replaces && runs_shell_text(call, names, sources)) {
    reporter.report(
        {Severity::kCritical, kInjection, "python.shell",
         "a shell runs text that is not a constant", "start the program itself with its arguments"},
        call.line);
  }
  if (call.name == "pty.spawn" && !first.empty()) {
    reporter.report(
        {Severity::kHigh, kInjection, "python.pty-shell",
         "a shell is given a terminal, as remote shells do", "start the program itself"},
        call.line);
  }
  const bool fabric =
      std::any_of(names.imported.begin(), names.imported.end(), [](const auto& one) {
        return one.second.starts_with("fabric") || one.second.starts_with("invoke");
      });
  if (fabric &&
      (call.name.ends_with("run") || call.name.ends_with("sudo") || call.name.ends_with("local")) &&
      !first.empty() && is_put_together(first) && !value(first).constant && !value(first).cleaned) {
    reporter.report({Severity::kHigh, kInjection, "python.remote-shell",
                     "a shell of another machine runs text that is not a constant",
                     "quote the values with shlex.quote"},
                    call.line);
  }
  const TokenSpan second = call.positional(1);
  if ((call.name == "getattr" && !second.empty() && value(second).tainted) ||
      ((call.name.ends_with("CDLL") || call.name.ends_with("LoadLibrary")) && !first.empty() &&
       value(first).tainted)) {
    reporter.report(
        {Severity::kHigh, kInjection, "python.dynamic-name",
         "what is called is chosen by what came from outside", "choose from a fixed table"},
        call.line);
  }
  const TokenSpan privileged = call.named("privileged");
  if (reaches_docker_socket(call) || (!privileged.empty() && privileged.front().is("True"))) {
    reporter.report(opens_docker("python.docker"), call.line);
  }
  static constexpr std::string_view kOwners[] = {"requests", "httpx",   "session",
                                                 "client",   "aiohttp", "urllib"};
  const std::string_view owner = std::string_view(call.name).substr(0, call.name.find('.'));
  if (is_any(owner, kOwners) && !first.empty() && names_secret_variable(first, "os", "environ")) {
    reporter.report(sent_environment("python.environment"), call.line);
  }
}

}  // namespace oap::security
