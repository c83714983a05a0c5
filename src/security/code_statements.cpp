#include "security/code_rules.hpp"

namespace oap::security {
namespace {

/// How far back an assignment is looked for, and how long its expression may be.
constexpr std::size_t kFarBack = 400;
constexpr std::size_t kLongest = 80;

bool is_script_option(std::string_view word) {
  static constexpr std::string_view kOptions[] = {"-c", "-lc", "-ic",      "-ec",
                                                  "/c", "/C",  "-Command", "-command"};
  return is_any(word, kOptions);
}

bool holds_function(TokenSpan expression) {
  return std::any_of(expression.begin(), expression.end(),
                     [](const CodeToken& token) { return token.is("=>") || token.is("function"); });
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

bool is_built_statement(const CodeLook& look, const CodeCall& call, bool plainly) {
  TokenSpan text = call.positional(0);
  if (text.size() == 1 && text.front().is_name()) {
    text = assigned_before(look.tokens, call.at, text.front().text);
  }
  if (text.empty() || !is_put_together(text) || holds_function(text)) {
    return false;
  }
  const CodeValue built = look.value(text);
  return !built.constant && !built.cleaned &&
         (plainly ? is_sql(built.text) : begins_sql(built.text));
}

bool runs_shell_text(const CodeLook& look, const CodeCall& call) {
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
      const CodeValue value = look.value(item);
      if (shell && script && !value.constant && !value.cleaned) {
        return true;
      }
      script = shell && value.constant && is_script_option(value.text);
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

}  // namespace oap::security
