#include "security/code_rules.hpp"

namespace oap::security {

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

void learn_taken_apart(TokenSpan tokens, const CodeSources& sources, CodeNames& names) {
  constexpr std::size_t kLongestPattern = 40;
  constexpr std::size_t kLongestValue = 16;
  for (std::size_t i = 2; i + 1 < tokens.size(); ++i) {
    if (!tokens[i].is("=") || !tokens[i - 1].is("}")) {
      continue;
    }
    std::size_t open = i - 1;
    while (open > 0 && i - open < kLongestPattern && !tokens[open].is("{")) {
      --open;
    }
    std::size_t end = i + 1;
    while (end < tokens.size() && end - i < kLongestValue && !tokens[end].is(";") &&
           tokens[end].line == tokens[i].line) {
      ++end;
    }
    names.looked += end - open;
    const CodeValue value = value_of(tokens.subspan(i + 1, end - i - 1), names, sources);
    if (!value.tainted || value.cleaned) {
      continue;
    }
    for (std::size_t k = open + 1; k + 1 < i; ++k) {
      if (tokens[k].is_name() && !tokens[k + 1].is(":")) {
        names.taint(std::string(tokens[k].text), tokens[k].line);
      }
    }
  }
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

bool is_checked_later(const CodeLook& look, const CodeCall& call) {
  static constexpr std::string_view kJoins[] = {"os.path.join", "path.join", "path.resolve", "Path",
                                                "pathlib.Path"};
  if (!is_any(call.name, kJoins)) {
    return false;
  }
  constexpr std::uint32_t kSoon = 8;
  for (std::size_t at = call.at; at > 1 && look.tokens[at - 1].line == call.line; --at) {
    if (!look.tokens[at - 1].is("=") || !look.tokens[at - 2].is_name()) {
      continue;
    }
    const auto found = look.names.checked.find(look.tokens[at - 2].text);
    return found != look.names.checked.end() &&
           std::any_of(found->second.begin(), found->second.end(), [&](std::uint32_t line) {
             return line >= call.line && line <= call.line + kSoon;
           });
  }
  return false;
}

}  // namespace oap::security
