#include <fmt/format.h>

#include "migration/claude_rules.hpp"
#include "text/strings.hpp"

namespace oap::migration {

std::string_view to_string(Layer layer) {
  switch (layer) {
    case Layer::kManaged:
      return "managed";
    case Layer::kUser:
      return "user";
    case Layer::kProject:
      return "project";
    case Layer::kLocal:
      return "local";
  }
  return "project";
}

std::optional<RuleParts> split_rule(std::string_view text) {
  text = text::trim(text);
  const auto escaped = [&](std::size_t at) {
    std::size_t slashes = 0;
    while (at > slashes && text[at - slashes - 1] == '\\') {
      ++slashes;
    }
    return slashes % 2 == 1;
  };
  std::size_t open = text.find('(');
  while (open != std::string_view::npos && escaped(open)) {
    open = text.find('(', open + 1);
  }
  if (text.empty() || open == 0) {
    return std::nullopt;
  }
  if (open == std::string_view::npos) {
    return text.find(')') == std::string_view::npos
               ? std::optional(RuleParts{std::string(text), {}})
               : std::nullopt;
  }
  if (!text.ends_with(')') || escaped(text.size() - 1)) {
    return std::nullopt;
  }
  RuleParts parts{std::string(text::trim(text.substr(0, open))), std::nullopt};
  const std::string_view inner = text.substr(open + 1, text.size() - open - 2);
  std::string spec;
  for (std::size_t i = 0; i < inner.size(); ++i) {
    const bool unescapes =
        inner[i] == '\\' && i + 1 < inner.size() && (inner[i + 1] == '(' || inner[i + 1] == ')');
    spec += unescapes ? inner[++i] : inner[i];
  }
  if (!text::trim(spec).empty() && text::trim(spec) != "*") {
    parts.spec = std::move(spec);
  }
  return parts;
}

void translate_domain(const ClaudeRule& rule, const RuleMaker& make, std::string_view host,
                      Translation& out) {
  std::string name = text::lower_ascii(text::trim(host));
  while (name.ends_with('.')) {
    name.pop_back();
  }
  if (name == "*") {
    out.rules.push_back(make.tool("web_fetch"));
    return;
  }
  const bool odd = name.empty() || name.find_first_of("/?#@:\\ \t") != std::string::npos;
  if (odd) {
    out.not_carried.push_back({fmt::format("permissions.{}: {}", to_string(rule.level), rule.text),
                               rule.where, "expected a host name"});
    return;
  }
  std::string regex;
  if (name.starts_with("*.")) {
    regex = "([a-z0-9_-]+\\.)+";
    name.erase(0, 2);
  }
  bool first = true;
  for (const std::string_view piece : text::split(name, '*')) {
    regex += (first ? "" : "[a-z0-9_-]*") + regex_quote(piece);
    first = false;
  }
  const bool allow = rule.level == Level::kAllow;
  // A browser takes "\" for "/", drops tabs and line breaks, and decodes what is escaped: an allow
  // rule wants the plain form, the others count any form that might be the host.
  const std::string full = allow ? "(?i)^https?://" + regex + "\\.?(:[0-9]+)?([/?#].*)?$"
                                 : "(?is)^[^a-z0-9*]*([a-z][a-z0-9+.-]*:)?[/\\\\]*([^/?#\\\\]*@)?" +
                                       regex + "\\.?(:[0-9]*)?([/?#\\\\].*)?$";
  std::string condition =
      fmt::format("\"url\" in arguments && string(arguments[\"url\"]).matches({})", cel_text(full));
  if (!allow) {
    condition = fmt::format(
        "\"url\" in arguments && (string(arguments[\"url\"]).matches({}) || "
        "string(arguments[\"url\"]).matches({}))",
        cel_text(full),
        cel_text("(?s)[\\x00-\\x20]|^[^/]*[/\\\\]*[^/?#\\\\]*([%]|[^\\x00-\\x7f])"));
  }
  out.rules.push_back(RuleMaker::where(make.tool("web_fetch"), condition));
}

}  // namespace oap::migration
