#include <algorithm>
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

template <std::size_t N>
bool is_any(std::string_view name, const std::string_view (&names)[N]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

/// What assignments of HTML may cost a token before only their beginnings are looked at.
constexpr std::uint64_t kMarkupEffort = 64;

class ScriptCheck {
 public:
  ScriptCheck(std::string_view text, CodeReporter& reporter)
      : read_(javascript_tokens(text)), tokens_(read_.list), reporter_(reporter) {}

  void run() {
    read_javascript_imports(tokens_, names_);
    learn_checks(tokens_, names_);
    learn_promised(tokens_, names_);
    learn_bare_processes(tokens_, names_);
    learn_names(tokens_, kScript, names_);
    each_call(tokens_, names_, [this](const CodeCall& call) {
      injection(call);
      processes(call);
      page(call);
      files(call);
      privileges(call);
      exposure(call);
      look_at_javascript_flow(tokens_, call, names_, kScript, reporter_);
    });
    each_span(tokens_, [this](TokenSpan tokens) {
      look_at_prototypes(tokens, names_, kScript, reporter_);
      assignments(tokens);
    });
    if (read_.unread != 0) {
      reporter_.pass_limit("its strings are nested too deeply", read_.unread);
    }
    reporter_.spend(tokens_.size() + names_.looked);
  }

 private:
  CodeValue value(TokenSpan expression) const { return value_of(expression, names_, kScript); }

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
    } else if ((call.name.ends_with(".query") || call.name.ends_with(".execute") ||
                call.name.ends_with(".raw") || call.name.ends_with("$queryRawUnsafe") ||
                call.name.ends_with("$executeRawUnsafe")) &&
               given && !text().constant && begins_sql(text().text) && is_built_text(first)) {
      reporter_.report({Severity::kHigh, kInjection, "javascript.sql",
                        "an SQL statement is put together from values",
                        "pass the values as parameters of the statement"},
                       call.line);
    }
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

  void processes(const CodeCall& call) {
    static constexpr std::string_view kShells[] = {"child_process.exec",
                                                   "child_process.execSync",
                                                   "shelljs.exec",
                                                   "execa.command",
                                                   "execa.execaCommand",
                                                   "Bun.$",
                                                   "zx.$"};
    static constexpr std::string_view kProcesses[] = {"child_process.spawn",
                                                      "child_process.spawnSync",
                                                      "child_process.execFile",
                                                      "child_process.execFileSync",
                                                      "execa",
                                                      "execa.execa"};
    const TokenSpan first = call.positional(0);
    if (first.empty()) {
      return;
    }
    const bool shell = is_any(call.name, kShells);
    const bool process = is_any(call.name, kProcesses);
    if (!shell && !process) {
      return;
    }
    const CodeValue command = value(first);
    const bool asks_shell =
        process &&
        std::any_of(call.arguments.begin(), call.arguments.end(), [](const CodeArgument& argument) {
          for (std::size_t i = 0; i + 2 < argument.value.size(); ++i) {
            if (argument.value[i].is("shell") && argument.value[i + 1].is(":") &&
                !argument.value[i + 2].is("false")) {
              return true;
            }
          }
          return false;
        });
    const bool arguments_vary =
        asks_shell && !call.positional(1).empty() && !value(call.positional(1)).constant;
    if (shell || asks_shell) {
      if (command.constant && !arguments_vary) {
        look_at_bash(command.text, call.line, reporter_);
      } else if (!command.cleaned) {
        reporter_.report({Severity::kCritical, kInjection, "javascript.shell",
                          "a shell runs text that is not a constant",
                          "use execFile or spawn with a list of arguments and no shell"},
                         call.line);
      }
    } else if (process) {
      spawned(call, command);
    }
  }

  void spawned(const CodeCall& call, const CodeValue& program) {
    const TokenSpan list = call.positional(1);
    static constexpr std::string_view kShellNames[] = {"sh",  "bash", "/bin/sh",   "/bin/bash",
                                                       "zsh", "cmd",  "powershell"};
    const bool shell = is_any(program.text, kShellNames);
    const bool runs_text = std::any_of(list.begin(), list.end(), [](const CodeToken& token) {
      return token.is_string() && (token.text == "-c" || token.text == "/c" || token.text == "-lc");
    });
    const CodeValue arguments = value(list);
    if (shell && runs_text && !arguments.constant && !arguments.cleaned) {
      reporter_.report({Severity::kCritical, kInjection, "javascript.shell",
                        "a shell runs text that is not a constant",
                        "use spawn with a list of arguments and no shell"},
                       call.line);
      return;
    }
    std::string command(program.constant ? program.text : "x");
    for (const CodeToken& token : list) {
      if (token.is_string()) {
        command.append(" ").append(token.text);
      }
    }
    look_at_bash(command, call.line, reporter_);
  }

  /// `$(…).html(…)`
  bool is_of_query(const CodeCall& call) const {
    const std::size_t low = call.at > 10 ? call.at - 10 : 0;
    return call.receiver.starts_with("$") ||
           std::any_of(tokens_.begin() + static_cast<std::ptrdiff_t>(low),
                       tokens_.begin() + static_cast<std::ptrdiff_t>(call.at),
                       [](const CodeToken& token) { return token.is("$") || token.is("jQuery"); });
  }

  void page(const CodeCall& call) {
    const std::size_t index = call.name.ends_with("insertAdjacentHTML") ? 1 : 0;
    const TokenSpan html = call.positional(index);
    static constexpr std::string_view kWriters[] = {"document.write", "document.writeln"};
    const bool writes = is_any(call.name, kWriters) || call.name.ends_with(".insertAdjacentHTML") ||
                        call.name.ends_with(".createContextualFragment") ||
                        (call.name.ends_with(".html") && is_of_query(call));
    if (writes && !html.empty()) {
      markup(html, call.line);
    }
  }

  void markup(TokenSpan html, std::uint32_t line) {
    const CodeValue text = value(html);
    if (!text.constant && !text.cleaned) {
      reporter_.report({text.tainted ? Severity::kCritical : Severity::kHigh, kInjection,
                        "javascript.html", "HTML is made from text that is not a constant",
                        "set textContent, or clean the HTML with a sanitizer"},
                       line);
    }
  }

  /// `x.innerHTML = …`, `__html: …`.
  void assignments(TokenSpan tokens) {
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
      const std::size_t longest = names_.looked > kMarkupEffort * tokens_.size() ? 4 : 200;
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
      markup(tokens.subspan(i + 2, end - i - 2), tokens[i].line);
    }
  }

  /// `res.sendFile(name, { root })`: nothing outside of it is sent.
  static bool has_root(const CodeCall& call) {
    const TokenSpan options = call.positional(1);
    return call.name.ends_with("sendFile") &&
           std::any_of(options.begin(), options.end(),
                       [](const CodeToken& token) { return token.is("root"); });
  }

  void files(const CodeCall& call) {
    const std::string_view method = std::string_view(call.name).substr(
        call.name.rfind('.') == std::string::npos ? 0 : call.name.rfind('.') + 1);
    static constexpr std::string_view kResponses[] = {"sendFile", "download", "sendfile"};
    const bool file = call.name.starts_with("fs.") || call.name.starts_with("Deno.readTextFile") ||
                      is_any(method, kResponses) || call.name == "path.join" ||
                      call.name == "path.resolve" || call.name == "Bun.file" ||
                      call.name.ends_with(".createReadStream");
    if (!file) {
      return;
    }
    for (const CodeArgument& argument : call.arguments) {
      const CodeValue path = value(argument.value);
      if (path.constant || !path.text.empty()) {
        const bool writes = method.find("rite") != std::string_view::npos ||
                            method.find("append") != std::string_view::npos;
        if (writes && is_privilege_path(path.text)) {
          reporter_.report(
              {Severity::kCritical, kPrivilege, "javascript.system-file",
               "writes a file that decides who is root", "leave it to the system's own tools"},
              call.line);
        } else if (is_credential_path(path.text) || climbs_out(path.text)) {
          reporter_.report(reads_credentials("javascript.credential-path"), call.line);
        }
      }
      if (!path.constant && path.tainted && !path.cleaned && !has_root(call) &&
          !is_checked_later(tokens_, call, names_)) {
        reporter_.report({Severity::kHigh, kTraversal, "javascript.tainted-path",
                          "a path is made from what came from outside",
                          "resolve it and check that it stays inside its folder"},
                         call.line);
      }
    }
  }

  void privileges(const CodeCall& call) {
    static constexpr std::string_view kIds[] = {"process.setuid", "process.setgid",
                                                "process.seteuid", "process.setegid"};
    const TokenSpan first = call.positional(0);
    if (is_any(call.name, kIds) && !first.empty() &&
        (first.front().text == "0" || first.front().text == "root")) {
      reporter_.report(becomes_root("javascript.setuid"), call.line);
    }
    const bool chmod = call.name.starts_with("fs.") && call.name.find("chmod") != std::string::npos;
    const TokenSpan mode = call.positional(1);
    if (chmod && !mode.empty() && (is_open_mode(mode.front().text) || mode.front().text == "511")) {
      reporter_.report(opens_mode("javascript.chmod"), call.line);
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
    static constexpr std::string_view kPrinters[] = {
        "console.log", "console.info", "console.error", "console.warn", "console.debug",
        "logger.info", "logger.debug", "logger.error",  "log.info"};
    if (!is_any(call.name, kPrinters)) {
      return;
    }
    if (prints_secret(call, true) || sends_environment(call, "process", "env", false)) {
      reporter_.report(printed_secret("javascript.print-secret"), call.line);
    }
  }

  CodeTokens read_;
  TokenSpan tokens_;
  CodeNames names_;
  CodeReporter& reporter_;
};

}  // namespace

void look_at_javascript(std::string_view text, CodeReporter& reporter) {
  ScriptCheck(text, reporter).run();
}

}  // namespace oap::security
