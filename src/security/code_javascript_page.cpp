#include "security/code_rules.hpp"

namespace oap::security {
namespace {

/// What assignments of HTML may cost a token before only their beginnings are looked at.
constexpr std::uint64_t kMarkupEffort = 64;

/// `$(…).html(…)`
bool is_of_query(const CodeLook& look, const CodeCall& call) {
  const std::size_t low = call.at > 10 ? call.at - 10 : 0;
  const TokenSpan before = look.tokens.subspan(low, call.at - low);
  return call.receiver.starts_with("$") ||
         std::any_of(before.begin(), before.end(),
                     [](const CodeToken& token) { return token.is("$") || token.is("jQuery"); });
}

void look_at_html(const CodeLook& look, TokenSpan html, std::uint32_t line) {
  const CodeValue text = look.value(html);
  if (!text.constant && !text.cleaned) {
    look.reporter.report({text.tainted ? Severity::kCritical : Severity::kHigh, kInjection,
                          "javascript.html", "HTML is made from text that is not a constant",
                          "set textContent, or clean the HTML with a sanitizer"},
                         line);
  }
}

}  // namespace

void look_at_javascript_page(const CodeLook& look, const CodeCall& call) {
  const std::size_t index = call.name.ends_with("insertAdjacentHTML") ? 1 : 0;
  const TokenSpan html = call.positional(index);
  static constexpr std::string_view kWriters[] = {"document.write", "document.writeln"};
  const bool writes = is_any(call.name, kWriters) || call.name.ends_with(".insertAdjacentHTML") ||
                      call.name.ends_with(".createContextualFragment") ||
                      (call.name.ends_with(".html") && is_of_query(look, call));
  if (writes && !html.empty()) {
    look_at_html(look, html, call.line);
  }
}

void look_at_javascript_markup(const CodeLook& look, TokenSpan tokens) {
  for (std::size_t i = 1; i + 2 < tokens.size(); ++i) {
    const bool inner =
        (tokens[i].is("innerHTML") || tokens[i].is("outerHTML") || tokens[i].is("srcdoc")) &&
        tokens[i - 1].is(".") && (tokens[i + 1].is("=") || tokens[i + 1].is("+="));
    const bool react = tokens[i].is("__html") && tokens[i + 1].is(":");
    if (!inner && !react) {
      continue;
    }
    std::size_t end = i + 2;
    int depth = 0;
    const std::size_t longest = look.names.looked > kMarkupEffort * look.tokens.size() ? 4 : 200;
    while (end < tokens.size() && end - i < longest) {
      const CodeToken& token = tokens[end];
      depth += token.is("(") || token.is("[") || token.is("{") ? 1 : 0;
      depth -= token.is(")") || token.is("]") || token.is("}") ? 1 : 0;
      const bool new_line = end > i + 2 && token.line != tokens[end - 1].line && depth <= 0 &&
                            !token.is("+") && !tokens[end - 1].is("+");
      if (depth < 0 || (depth == 0 && (token.is(";") || token.is(","))) || new_line) {
        break;
      }
      ++end;
    }
    look_at_html(look, tokens.subspan(i + 2, end - i - 2), tokens[i].line);
  }
}

}  // namespace oap::security
