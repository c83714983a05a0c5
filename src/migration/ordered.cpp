#include "migration/ordered.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "text/glob.hpp"
#include "text/strings.hpp"

namespace oap::migration {
namespace {

std::string converted(std::string_view pattern, std::string_view star) {
  std::string out;
  std::string plain;
  for (const char c : pattern) {
    if (c != '*' && c != '?') {
      plain += c;
      continue;
    }
    out += text::glob_quote(plain);
    plain.clear();
    if (c == '?') {
      out += '?';
    } else if (!out.ends_with(star) || out.ends_with("\\*")) {
      out += star;
    }
  }
  return out + text::glob_quote(plain);
}

/// What both match cannot be the same text.
bool disjoint(const OrderedRule& a, const OrderedRule& b) {
  if (a.pattern.empty() || b.pattern.empty()) {
    return false;
  }
  const auto fixed = [](const OrderedRule& rule) {
    std::string_view text =
        std::string_view(rule.pattern).substr(0, rule.pattern.find_first_of("*?"));
    return text.ends_with(' ') ? text.substr(0, text.size() - 1) : text;
  };
  const std::string_view first = fixed(a);
  const std::string_view second = fixed(b);
  return !first.starts_with(second) && !second.starts_with(first);
}

}  // namespace

std::string plain_glob(std::string_view pattern) { return converted(pattern, "*"); }

std::string path_glob(std::string_view pattern) {
  std::string out = converted(pattern, "**");
  return out.ends_with("**") ? out : out + "{,/**}";
}

OrderedRule ordered_rule(Level level, std::string_view pattern, std::string text,
                         std::string where) {
  OrderedRule rule{level, std::string(pattern), "(?s)^", std::move(text), std::move(where)};
  const bool open = pattern.ends_with(" *");
  for (const char c : open ? pattern.substr(0, pattern.size() - 2) : pattern) {
    rule.regex += c == '*' ? ".*" : (c == '?' ? "." : regex_quote(std::string_view(&c, 1)));
  }
  rule.regex += open ? "( .*)?$" : "$";
  return rule;
}

std::string unless_later(const std::vector<OrderedRule>& rules, std::size_t at,
                         std::string_view variable) {
  std::string out;
  std::vector<std::string_view> seen;
  for (std::size_t i = at + 1; i < rules.size(); ++i) {
    const bool matters = rules[i].level < rules[at].level && !disjoint(rules[at], rules[i]);
    if (!matters || std::find(seen.begin(), seen.end(), rules[i].regex) != seen.end()) {
      continue;
    }
    seen.push_back(rules[i].regex);
    out += fmt::format("{}!{}.matches({})", out.empty() ? "" : " && ", variable,
                       cel_text(rules[i].regex));
  }
  return out;
}

std::vector<json::Object> by_argument(const json::Object& rule,
                                      const std::vector<OrderedRule>& rules, std::size_t at,
                                      const std::array<std::string_view, 2>& arguments) {
  const bool all = rules[at].pattern == "*";
  const std::string neither = fmt::format("!({} in arguments) && !({} in arguments)",
                                          cel_text(arguments[0]), cel_text(arguments[1]));
  std::vector<json::Object> out;
  if (std::any_of(rules.begin() + static_cast<std::ptrdiff_t>(at) + 1, rules.end(),
                  [&](const OrderedRule& later) {
                    return later.pattern == "*" && later.level < rules[at].level;
                  })) {
    return out;
  }
  for (const std::string_view name : arguments) {
    const std::string key = cel_text(name);
    const std::string value = fmt::format("string(arguments[{}])", key);
    const std::string later = unless_later(rules, at, value);
    if (all && later.empty()) {
      return {rule};
    }
    std::string condition = key + " in arguments";
    if (!all) {
      condition += fmt::format(" && {}.matches({})", value, cel_text(rules[at].regex));
    }
    condition += later.empty() ? "" : fmt::format(" && {}", later);
    out.push_back(
        RuleMaker::where(rule, all ? fmt::format("({}) || ({})", condition, neither) : condition));
  }
  return out;
}

json::Object limited(json::Object rule, const std::vector<OrderedRule>& rules, std::size_t at,
                     std::string_view variable) {
  const std::string condition = unless_later(rules, at, variable);
  return condition.empty() ? std::move(rule) : RuleMaker::where(std::move(rule), condition);
}

}  // namespace oap::migration
