#include <optional>

#include "security/code_rules.hpp"
#include "security/secret_checks.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

constexpr std::string_view kSources[] = {"req.",
                                         "request.",
                                         "ctx.query.",
                                         "ctx.params.",
                                         "ctx.request.",
                                         "location.",
                                         "document.location.",
                                         "window.location.",
                                         "event.queryStringParameters",
                                         "event.body",
                                         "window.name",
                                         "prompt",
                                         "URLSearchParams",
                                         "document.cookie",
                                         "document.referrer",
                                         "searchParams.get",
                                         "event.data",
                                         "req.query",
                                         "req.body",
                                         "req.params"};
constexpr std::string_view kCleaners[] = {
    "path.basename",      "basename", "encodeURIComponent", "encodeURI",
    "DOMPurify.sanitize", "sanitize", "sanitizeHtml",       "escapeHtml",
    "escapeHTML",         "escape",   "parseInt",           "Number",
    "parseFloat",         "quote",    "shellQuote",         "shellescape",
    "sanitizeFilename",   "Boolean",  "JSON.stringify"};
constexpr CodeSources kScript{kSources, kCleaners};

class ScriptCheck {
 public:
  ScriptCheck(std::string_view text, CodeReporter& reporter)
      : read_(javascript_tokens(text)),
        look_{read_.list, names_, kScript, reporter},
        reporter_(reporter) {}

  void run() {
    const TokenSpan tokens = look_.tokens;
    read_javascript_imports(tokens, names_);
    learn_checks(tokens, names_);
    learn_promised(tokens, names_);
    learn_bare_processes(tokens, names_);
    learn_taken_apart(tokens, kScript, names_);
    learn_names(tokens, kScript, names_);
    each_call(tokens, names_, [this](const CodeCall& call) {
      injection(call);
      data(call);
      look_at_javascript_processes(look_, call);
      look_at_javascript_page(look_, call);
      look_at_javascript_files(look_, call);
      powers(call);
      exposure(call);
    });
    each_span(tokens, [this](TokenSpan span) {
      look_at_javascript_members(look_, span);
      look_at_javascript_markup(look_, span);
    });
    if (read_.unread != 0) {
      reporter_.pass_limit("its strings are nested too deeply", read_.unread);
    }
    reporter_.spend(tokens.size() + names_.looked);
  }

 private:
  CodeValue value(TokenSpan expression) const { return look_.value(expression); }

  void injection(const CodeCall& call) {
    const TokenSpan first = call.positional(0);
    const bool given = !call.arguments.empty();
    std::optional<CodeValue> seen;
    const auto text = [&]() -> const CodeValue& {
      if (!seen) {
        seen = value(first);
      }
      return *seen;
    };
    static constexpr std::string_view kEval[] = {"eval", "window.eval", "globalThis.eval",
                                                 "global.eval"};
    static constexpr std::string_view kVm[] = {"vm.runInNewContext", "vm.runInThisContext",
                                               "vm.runInContext", "vm.Script",
                                               "vm.compileFunction"};
    if (is_any(call.name, kEval) && given && !text().constant) {
      reporter_.report({Severity::kCritical, kInjection, "javascript.eval",
                        "eval runs text that is not a constant",
                        "parse the data (JSON.parse), or dispatch to named functions"},
                       call.line);
    } else if (call.name == "Function" && given && !all_constant(call)) {
      reporter_.report({Severity::kCritical, kInjection, "javascript.function",
                        "a function is made from text that is not a constant",
                        "write the function, or dispatch to named ones"},
                       call.line);
    } else if (is_any(call.name, kVm) && given && !text().constant) {
      reporter_.report({Severity::kCritical, kInjection, "javascript.vm",
                        "vm runs text that is not a constant; it is no sandbox",
                        "run foreign code in a process of its own"},
                       call.line);
    } else if ((call.name == "setTimeout" || call.name == "setInterval" ||
                call.name == "window.setTimeout") &&
               given && !text().constant && is_built_text(first)) {
      reporter_.report({Severity::kHigh, kInjection, "javascript.timer-text",
                        "a timer runs text as code", "pass a function"},
                       call.line);
    } else if ((call.name == "require" || call.name == "import") && given && !text().constant &&
               text().tainted) {
      reporter_.report(
          {Severity::kHigh, kInjection, "javascript.dynamic-import",
           "loads a module whose name came from outside", "choose from a fixed table of modules"},
          call.line);
    } else if ((call.name.ends_with("unserialize") || call.name == "serialize.unserialize") &&
               given && !text().constant) {
      reporter_.report({Severity::kCritical, kInjection, "javascript.deserialise",
                        "reads a format that can run code", "use JSON"},
                       call.line);
    } else if (builds_statement(call)) {
      reporter_.report(builds_sql("javascript.sql"), call.line);
    }
  }

  bool builds_statement(const CodeCall& call) const {
    static constexpr std::string_view kStatements[] = {"query", "execute", "raw", "$queryRawUnsafe",
                                                       "$executeRawUnsafe"};
    static constexpr std::string_view kQueries[] = {"all",     "get",  "run",        "each",
                                                    "prepare", "exec", "unsafe",     "one",
                                                    "any",     "many", "manyOrNone", "oneOrNone"};
    static constexpr std::string_view kParts[] = {"whereRaw", "orderByRaw", "havingRaw",
                                                  "selectRaw"};
    const std::string_view method = method_of(call);
    const TokenSpan first = call.positional(0);
    return (is_any(method, kStatements) && is_built_statement(look_, call, false)) ||
           (is_any(method, kQueries) && is_built_statement(look_, call, true)) ||
           (is_any(method, kParts) && !first.empty() && is_put_together(first) &&
            !value(first).constant && !value(first).cleaned);
  }

  static std::string_view method_of(const CodeCall& call) {
    const std::size_t dot = call.name.rfind('.');
    return std::string_view(call.name).substr(dot == std::string::npos ? 0 : dot + 1);
  }

  bool all_constant(const CodeCall& call) const {
    return std::all_of(
        call.arguments.begin(), call.arguments.end(),
        [&](const CodeArgument& argument) { return value(argument.value).constant; });
  }

  static bool is_built_text(TokenSpan expression) {
    const bool text = std::any_of(expression.begin(), expression.end(),
                                  [](const CodeToken& token) { return token.is_string(); });
    const bool built =
        std::any_of(expression.begin(), expression.end(), [](const CodeToken& token) {
          return token.is("+") || (token.is_string() && token.dynamic);
        });
    const bool function =
        std::any_of(expression.begin(), expression.end(),
                    [](const CodeToken& token) { return token.is("=>") || token.is("function"); });
    return text && built && !function;
  }

  /// What came from outside becomes a template or is merged into objects.
  void data(const CodeCall& call) {
    const TokenSpan first = call.positional(0);
    static constexpr std::string_view kTemplates[] = {
        "ejs.render",         "ejs.compile",        "pug.compile",           "pug.render",
        "Handlebars.compile", "handlebars.compile", "nunjucks.renderString", "_.template",
        "lodash.template",    "mustache.render",    "Mustache.render",       "doT.template"};
    if (is_any(call.name, kTemplates) && !first.empty() && value(first).tainted) {
      reporter_.report(builds_template("javascript.template"), call.line);
    }
    static constexpr std::string_view kMerges[] = {"merge",     "deepmerge", "defaultsDeep",
                                                   "mergeWith", "setWith",   "extend"};
    const std::string_view method = method_of(call);
    const bool tainted = std::any_of(
        call.arguments.begin(), call.arguments.end(),
        [&](const CodeArgument& one) { return !one.value.empty() && value(one.value).tainted; });
    if (is_any(method, kMerges) && call.arguments.size() >= 2 && tainted) {
      reporter_.report({Severity::kHigh, kInjection, "javascript.prototype",
                        "what came from outside is merged into an object: it may hold __proto__",
                        "check it against a schema first"},
                       call.line);
    }
    if (method == "deserialize" && !first.empty() && value(first).tainted) {
      reporter_.report({Severity::kHigh, kInjection, "javascript.deserialise",
                        "reads a format that can run code", "use JSON"},
                       call.line);
    }
  }

  void powers(const CodeCall& call) {
    static constexpr std::string_view kIds[] = {"process.setuid", "process.setgid",
                                                "process.seteuid", "process.setegid"};
    const TokenSpan first = call.positional(0);
    if (is_any(call.name, kIds) && !first.empty() &&
        (first.front().text == "0" || first.front().text == "root")) {
      reporter_.report(becomes_root("javascript.setuid"), call.line);
    }
    if (reaches_docker_socket(call)) {
      reporter_.report(opens_docker("javascript.docker"), call.line);
    }
  }

  void exposure(const CodeCall& call) {
    static constexpr std::string_view kSenders[] = {"fetch",
                                                    "axios",
                                                    "axios.post",
                                                    "axios.put",
                                                    "axios.patch",
                                                    "axios.get",
                                                    "axios.request",
                                                    "got",
                                                    "got.post",
                                                    "got.put",
                                                    "ky.post",
                                                    "superagent.post",
                                                    "needle.post",
                                                    "request.post",
                                                    "http.request",
                                                    "https.request",
                                                    "undici.request",
                                                    "undici.fetch",
                                                    "navigator.sendBeacon"};
    const bool in_address = names_secret_variable(call.positional(0), "process", "env");
    if (is_any(call.name, kSenders) &&
        (in_address || sends_environment(call, "process", "env", false))) {
      reporter_.report(sent_environment("javascript.environment"), call.line);
    }
    if (is_printer(call) &&
        (prints_secret(call, true) || sends_environment(call, "process", "env", false))) {
      reporter_.report(printed_secret("javascript.print-secret"), call.line);
    }
  }

  CodeTokens read_;
  CodeNames names_;
  CodeLook look_;
  CodeReporter& reporter_;
};

}  // namespace

void look_at_javascript(std::string_view text, CodeReporter& reporter) {
  ScriptCheck(text, reporter).run();
}

}  // namespace oap::security
