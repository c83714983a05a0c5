#include <algorithm>

#include "security/code_rules.hpp"

namespace oap::security {
namespace {

template <std::size_t N>
bool is_any(std::string_view name, const std::string_view (&names)[N]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace

void look_at_prototypes(TokenSpan tokens, const CodeNames& names, const CodeSources& sources,
                        CodeReporter& reporter) {
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
      reporter.report(kHidden, tokens[i].line);
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
    const bool owner = tokens[i - 1].is_name() || tokens[i - 1].is("]");
    if (proto ||
        (owner && sets && value_of(tokens.subspan(i + 1, close - i - 1), names, sources).tainted &&
         !value_of(tokens.subspan(i + 1, close - i - 1), names, sources).cleaned)) {
      reporter.report(kPrototype, tokens[i].line);
    }
  }
}

void look_at_javascript_flow(TokenSpan tokens, const CodeCall& call, const CodeNames& names,
                             const CodeSources& sources, CodeReporter& reporter) {
  const auto value = [&](TokenSpan expression) { return value_of(expression, names, sources); };
  const TokenSpan first = call.positional(0);
  static constexpr std::string_view kTemplates[] = {
      "ejs.render",         "ejs.compile",        "pug.compile",           "pug.render",
      "Handlebars.compile", "handlebars.compile", "nunjucks.renderString", "_.template",
      "lodash.template",    "mustache.render",    "Mustache.render",       "doT.template"};
  if (is_any(call.name, kTemplates) && !first.empty() && value(first).tainted) {
    reporter.report(
        {Severity::kHigh, kInjection, "javascript.template",
         "a template is made from text that is not a constant", "pass values to a fixed template"},
        call.line);
  }
  static constexpr std::string_view kMerges[] = {"merge",     "deepmerge", "defaultsDeep",
                                                 "mergeWith", "setWith",   "extend"};
  const std::string_view method = std::string_view(call.name).substr(
      call.name.rfind('.') == std::string::npos ? 0 : call.name.rfind('.') + 1);
  const bool tainted = std::any_of(
      call.arguments.begin(), call.arguments.end(),
      [&](const CodeArgument& one) { return !one.value.empty() && value(one.value).tainted; });
  if (is_any(method, kMerges) && call.arguments.size() >= 2 && tainted) {
    reporter.report({Severity::kHigh, kInjection, "javascript.prototype",
                     "what came from outside is merged into an object: it may hold __proto__",
                     "check it against a schema first"},
                    call.line);
  }
  if (method == "deserialize" && !first.empty() && value(first).tainted) {
    reporter.report({Severity::kHigh, kInjection, "javascript.deserialise",
                     "reads a format that can run code", "use JSON"},
                    call.line);
  }
  if (method == "extractAllTo" || method == "extractAllToAsync") {
    reporter.report({Severity::kMedium, kTraversal, "javascript.extract",
                     "an archive is unpacked without looking at its paths",
                     "check that each entry stays inside its folder"},
                    call.line);
  }
  if (method == "render" && call.receiver == "res" && !first.empty() && value(first).tainted) {
    reporter.report(
        {Severity::kHigh, kTraversal, "javascript.tainted-path",
         "a path is made from what came from outside", "choose the view from a fixed table"},
        call.line);
  }
  static constexpr std::string_view kRuns[] = {"Bun.spawn", "Bun.spawnSync", "Deno.run",
                                               "Deno.Command"};
  if (is_any(call.name, kRuns) && runs_shell_text(call, names, sources)) {
    reporter.report({Severity::kCritical, kInjection, "javascript.shell",
                     "a shell runs text that is not a constant",
                     "give the program and its arguments as a list, without a shell"},
                    call.line);
  }
  const bool query = call.name.ends_with(".query") || call.name.ends_with(".execute") ||
                     call.name.ends_with(".raw");
  if (query && first.size() == 1 && first.front().is_name()) {
    const TokenSpan made = assigned_before(tokens, call.at, first.front().text);
    const CodeValue text = made.empty() ? CodeValue{} : value(made);
    if (!text.constant && begins_sql(text.text) && is_put_together(made)) {
      reporter.report({Severity::kHigh, kInjection, "javascript.sql",
                       "an SQL statement is put together from values",
                       "pass the values as parameters of the statement"},
                      call.line);
    }
  }
  if (reaches_docker_socket(call)) {
    reporter.report(opens_docker("javascript.docker"), call.line);
  }
}

}  // namespace oap::security
