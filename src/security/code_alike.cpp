#include <algorithm>

#include "security/code_rules.hpp"
#include "security/secret_checks.hpp"
#include "text/strings.hpp"

namespace oap::security {

namespace {

/// Tells of a secret, not what it is: `len(token)`, `password.length`.
bool only_measures(std::string_view name) {
  static constexpr std::string_view kNames[] = {"len",  "bool",    "type",  "isinstance",
                                                "size", "Boolean", "length"};
  return is_any(name, kNames);
}

bool shows_secret(TokenSpan tokens, bool keys) {
  const auto at = [&](std::size_t i, std::string_view mark) {
    return i < tokens.size() && tokens[i].is(mark);
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const CodeToken& token = tokens[i];
    if (token.is_string() && shows_secret(token.inside, false)) {
      return true;
    }
    if (!token.is_name() || token.text.size() <= 3 || at(i + 1, "(") || (keys && at(i + 1, ":"))) {
      continue;
    }
    const bool measured =
        (i > 1 && at(i - 1, "(") && only_measures(tokens[i - 2].text)) ||
        (at(i + 1, ".") && i + 2 < tokens.size() && only_measures(tokens[i + 2].text));
    if (!measured && name_kind(token.text) != NameKind::kNone) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool is_printer(const CodeCall& call) {
  static constexpr std::string_view kFunctions[] = {"print",
                                                    "pprint",
                                                    "pprint.pprint",
                                                    "sys.stdout.write",
                                                    "sys.stderr.write",
                                                    "console.dir",
                                                    "process.stdout.write",
                                                    "process.stderr.write"};
  static constexpr std::string_view kMethods[] = {"log",      "info",      "debug",  "warn",
                                                  "warning",  "error",     "trace",  "fatal",
                                                  "critical", "exception", "verbose"};
  if (is_any(call.name, kFunctions)) {
    return true;
  }
  const std::size_t dot = call.name.rfind('.');
  if (dot == std::string::npos || !is_any(std::string_view(call.name).substr(dot + 1), kMethods)) {
    return false;
  }
  const std::string owner = text::lower_ascii(std::string_view(call.name).substr(0, dot));
  const std::string_view last = std::string_view(owner).substr(owner.rfind('.') + 1);
  return last.ends_with("log") || last.ends_with("logger") || last == "logging" ||
         last == "console";
}

bool prints_secret(const CodeCall& call, bool keys) {
  return std::any_of(
      call.arguments.begin(), call.arguments.end(),
      [&](const CodeArgument& argument) { return shows_secret(argument.value, keys); });
}

namespace {

/// What of the environment the tokens behind `owner.name` take: all of it, or the variable `text`.
struct Taken {
  bool all = true;
  std::string_view variable;
};

Taken taken_behind(TokenSpan rest) {
  const auto at = [rest](std::size_t i, std::string_view mark) {
    return i < rest.size() && rest[i].is(mark);
  };
  const auto text = [rest](std::size_t i) {
    return i < rest.size() && rest[i].is_string() ? std::string_view(rest[i].text)
                                                  : std::string_view();
  };
  if (at(0, "[")) {
    return {false, text(1)};
  }
  if (at(0, ".") && at(1, "get") && at(2, "(")) {
    return {false, text(3)};
  }
  static constexpr std::string_view kWhole[] = {"copy", "items", "values", "keys"};
  const bool whole =
      at(0, ".") && rest.size() > 1 &&
      std::find(std::begin(kWhole), std::end(kWhole), rest[1].text) != std::end(kWhole);
  if (at(0, ".") && !whole) {
    return {false, rest.size() > 1 ? std::string_view(rest[1].text) : std::string_view()};
  }
  return {true, {}};
}

bool environment_in(TokenSpan tokens, std::string_view owner, std::string_view name,
                    bool of_secrets) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool named = tokens[i].is(owner) && i + 2 < tokens.size() && tokens[i + 1].is(".") &&
                       tokens[i + 2].is(name);
    if (named) {
      const Taken taken = taken_behind(tokens.subspan(i + 3));
      const bool secret = !taken.variable.empty() && name_kind(taken.variable) != NameKind::kNone;
      if (taken.all || (of_secrets && secret)) {
        return true;
      }
    }
    const bool asked = of_secrets && tokens[i].is("getenv") && i + 2 < tokens.size() &&
                       tokens[i + 1].is("(") && tokens[i + 2].is_string();
    if (asked && name_kind(tokens[i + 2].text) != NameKind::kNone) {
      return true;
    }
    if (tokens[i].is_string() && environment_in(tokens[i].inside, owner, name, of_secrets)) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool sends_environment(const CodeCall& call, std::string_view owner, std::string_view name,
                       bool of_secrets) {
  return std::any_of(call.arguments.begin(), call.arguments.end(),
                     [&](const CodeArgument& argument) {
                       return environment_in(argument.value, owner, name, of_secrets);
                     });
}

bool names_secret_variable(TokenSpan expression, std::string_view owner, std::string_view name) {
  return !environment_in(expression, owner, name, false) &&
         environment_in(expression, owner, name, true);
}

Danger runs_shell(std::string_view rule) {
  return {Severity::kCritical, kInjection, rule, "a shell runs text that is not a constant",
          "give the program and its arguments as a list, without a shell, or quote the values"};
}

Danger builds_sql(std::string_view rule) {
  return {Severity::kHigh, kInjection, rule, "an SQL statement is put together from values",
          "pass the values as parameters of the statement"};
}

Danger builds_template(std::string_view rule) {
  return {Severity::kHigh, kInjection, rule, "a template is made from text that is not a constant",
          "pass values to a fixed template"};
}

Danger builds_path(std::string_view rule) {
  return {Severity::kHigh, kTraversal, rule, "a path is made from what came from outside",
          "resolve it and check that it stays inside its folder"};
}

Danger unpacks_blindly(std::string_view rule) {
  return {Severity::kMedium, kTraversal, rule,
          "an archive is unpacked without looking at its paths",
          "check that each member stays inside its folder (Python: filter='data')"};
}

Danger writes_system_file(std::string_view rule) {
  return {Severity::kCritical, kPrivilege, rule, "writes a file that decides who is root",
          "leave it to the system's own tools"};
}

Danger sent_environment(std::string_view rule) {
  return {Severity::kHigh, kExposure, rule,
          "the environment, with what is secret in it, is sent away",
          "send the one value that is needed"};
}

Danger printed_secret(std::string_view rule) {
  return {Severity::kMedium, kExposure, rule, "a secret is printed or logged",
          "leave it out, or show its last characters only"};
}

Danger becomes_root(std::string_view rule) {
  return {Severity::kHigh, kPrivilege, rule, "the process makes itself root",
          "run the part that needs it as a service of its own"};
}

Danger opens_mode(std::string_view rule) {
  return {Severity::kHigh, kPrivilege, rule, "a file becomes writable for everyone, or setuid",
          "give the narrowest mode, e.g. 0o600"};
}

Danger reads_credentials(std::string_view rule) {
  return {Severity::kHigh, kTraversal, rule, "reads a file of accounts or credentials",
          "ask for the value instead of reading the file"};
}

Danger opens_docker(std::string_view rule) {
  return {Severity::kHigh, kPrivilege, rule, "the container or its engine gets the host's powers",
          "give the single capability that it needs"};
}

}  // namespace oap::security
