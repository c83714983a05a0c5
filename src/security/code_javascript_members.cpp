#include "security/code_rules.hpp"

namespace oap::security {
namespace {

/// `$where: "this.a == '" + a + "'"`
void look_at_condition(const CodeLook& look, TokenSpan tokens, std::size_t at) {
  std::size_t end = at + 2;
  int depth = 0;
  while (end < tokens.size() && end - at < 40) {
    depth += tokens[end].is("(") || tokens[end].is("{") || tokens[end].is("[") ? 1 : 0;
    depth -= tokens[end].is(")") || tokens[end].is("}") || tokens[end].is("]") ? 1 : 0;
    if (depth < 0 || (depth == 0 && tokens[end].is(","))) {
      break;
    }
    ++end;
  }
  const TokenSpan text = tokens.subspan(at + 2, end - at - 2);
  const CodeValue value = look.value(text);
  if (!value.constant && !value.cleaned && (value.tainted || is_put_together(text))) {
    look.reporter.report({Severity::kHigh, kInjection, "javascript.where",
                          "a database runs a condition that is not a constant as code",
                          "use the database's operators"},
                         tokens[at].line);
  }
}

}  // namespace

void look_at_javascript_members(const CodeLook& look, TokenSpan tokens) {
  constexpr Danger kPrototype{Severity::kHigh, kInjection, "javascript.prototype",
                              "a member whose name came from outside is set: it may be __proto__",
                              "take the names from a fixed list, or use a Map"};
  constexpr Danger kHidden{Severity::kCritical, kInjection, "javascript.eval",
                           "eval runs text that is not a constant",
                           "parse the data (JSON.parse), or dispatch to named functions"};
  for (std::size_t i = 1; i + 2 < tokens.size(); ++i) {
    const bool eval =
        tokens[i].text == "eval" && (tokens[i + 1].is(")") || tokens[i + 1].is("]")) &&
        tokens[i + 2].is("(") && i + 3 < tokens.size() &&
        !(tokens[i + 3].is_string() && !tokens[i + 3].dynamic) && !tokens[i + 3].is(")");
    if (eval && (tokens[i - 1].is(",") || tokens[i - 1].is("["))) {
      look.reporter.report(kHidden, tokens[i].line);
    }
    if (tokens[i].text == "$where" && tokens[i + 1].is(":")) {
      look_at_condition(look, tokens, i);
    }
    if (!tokens[i].is("[")) {
      continue;
    }
    std::size_t close = i + 1;
    while (close < tokens.size() && close - i < 12 && !tokens[close].is("]")) {
      ++close;
    }
    if (close + 1 >= tokens.size() || !tokens[close].is("]")) {
      continue;
    }
    const bool sets = tokens[close + 1].is("=");
    const bool proto = close == i + 2 && tokens[i + 1].is_string() &&
                       tokens[i + 1].text == "__proto__" &&
                       (sets || tokens[close + 1].is("[") || tokens[close + 1].is("."));
    const auto member = [&] { return look.value(tokens.subspan(i + 1, close - i - 1)); };
    const bool owner = tokens[i - 1].is_name() || tokens[i - 1].is("]");
    if (proto || (owner && sets && member().tainted && !member().cleaned)) {
      look.reporter.report(kPrototype, tokens[i].line);
    }
  }
}

}  // namespace oap::security
