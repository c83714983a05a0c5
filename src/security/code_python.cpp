#include "security/code_rules.hpp"
#include "security/secret_checks.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

constexpr std::string_view kSources[] = {"request.",
                                         "flask.request.",
                                         "input",
                                         "self.request.",
                                         "cgi.FieldStorage",
                                         "raw_input",
                                         "event.",
                                         "websocket.receive",
                                         "sys.stdin.",
                                         "form.",
                                         "query_params.",
                                         "parse_qs",
                                         "urllib.parse.parse_qs"};
constexpr std::string_view kCleaners[] = {"shlex.quote",
                                          "quote",
                                          "secure_filename",
                                          "werkzeug.utils.secure_filename",
                                          "os.path.basename",
                                          "basename",
                                          "int",
                                          "float",
                                          "uuid.UUID",
                                          "html.escape",
                                          "escape",
                                          "is_relative_to",
                                          "safe_join",
                                          "bool",
                                          "len"};

constexpr CodeSources kPython{kSources, kCleaners};

constexpr std::string_view kLoaders[] = {
    "pickle.load",       "pickle.loads",     "cPickle.load",         "cPickle.loads",
    "_pickle.loads",     "marshal.loads",    "marshal.load",         "dill.load",
    "dill.loads",        "cloudpickle.load", "cloudpickle.loads",    "shelve.open",
    "jsonpickle.decode", "yaml.unsafe_load", "yaml.unsafe_load_all", "pandas.read_pickle",
    "pd.read_pickle",    "joblib.load",      "torch.load",           "numpy.load"};
class PythonCheck {
 public:
  PythonCheck(std::string_view text, CodeReporter& reporter)
      : read_(python_tokens(text)),
        look_{read_.list, names_, kPython, reporter},
        reporter_(reporter) {}

  void run() {
    const TokenSpan tokens = look_.tokens;
    read_python_imports(tokens, names_);
    learn_checks(tokens, names_);
    learn_route_parameters(tokens, names_);
    learn_members(tokens, names_);
    learn_names(tokens, kPython, names_);
    each_call(tokens, names_, [this](const CodeCall& call) {
      injection(call);
      look_at_python_processes(look_, call);
      look_at_python_files(look_, call);
      powers(call);
      exposure(call);
    });
    each_span(tokens, [this](TokenSpan span) { chains(span); });
    if (read_.unread != 0) {
      reporter_.pass_limit("its strings are nested too deeply", read_.unread);
    }
    reporter_.spend(tokens.size() + names_.looked);
  }

 private:
  CodeValue value(TokenSpan expression) const { return look_.value(expression); }

  void injection(const CodeCall& call) {
    static constexpr std::string_view kEval[] = {"eval",
                                                 "exec",
                                                 "builtins.eval",
                                                 "builtins.exec",
                                                 "__builtins__.eval",
                                                 "__builtins__.exec",
                                                 "execfile"};
    static constexpr std::string_view kConsoles[] = {"runsource", "runcode"};
    static constexpr std::string_view kStatements[] = {"execute", "executemany", "executescript",
                                                       "raw", "text"};
    static constexpr std::string_view kQueries[] = {
        "query",    "fetch",          "fetchrow",        "fetchval", "fetch_all", "fetch_one",
        "read_sql", "read_sql_query", "exec_driver_sql", "prepare",  "sql"};
    const auto varies = [&] { return !value(call.positional(0)).constant; };
    const bool given = !call.arguments.empty();
    if ((is_any(call.name, kEval) || is_any(method_of(call), kConsoles)) && given && varies()) {
      reporter_.report(
          {Severity::kCritical, kInjection, "python.eval",
           "eval or exec runs text that is not a constant",
           "parse the data instead (json, ast.literal_eval), or dispatch to named functions"},
          call.line);
    } else if (call.name == "compile" && varies() && call.arguments.size() >= 3) {
      reporter_.report(
          {Severity::kHigh, kInjection, "python.compile",
           "compile() of text that is not a constant", "do not build code at run time"},
          call.line);
    } else if ((call.name == "__import__" || call.name == "importlib.import_module") && given &&
               varies()) {
      reporter_.report(
          {Severity::kMedium, kInjection, "python.dynamic-import",
           "imports a module whose name is not a constant", "choose from a fixed table of modules"},
          call.line);
    } else if (is_any(call.name, kLoaders) && given && varies() && !loads_safely(call)) {
      reporter_.report(
          {Severity::kHigh, kInjection, "python.deserialise", "reads a format that can run code",
           "use a data format such as JSON, or verify a signature first"},
          call.line);
    } else if ((call.name == "yaml.load" || call.name == "yaml.load_all" ||
                call.name == "ruamel.yaml.load") &&
               !uses_safe_loader(call)) {
      reporter_.report({Severity::kHigh, kInjection, "python.yaml-load",
                        "yaml.load without a safe loader can run code", "use yaml.safe_load"},
                       call.line);
    } else if ((call.name.ends_with("render_template_string") || call.name == "jinja2.Template" ||
                call.name == "mako.template.Template" || call.name.ends_with("from_string")) &&
               given && varies()) {
      reporter_.report(builds_template("python.template"), call.line);
    } else if (is_any(method_of(call), kStatements) && is_built_statement(look_, call, false)) {
      reporter_.report(builds_sql("python.sql"), call.line);
    } else if (is_any(method_of(call), kQueries) && is_built_statement(look_, call, true)) {
      reporter_.report(builds_sql("python.sql"), call.line);
    } else if (chooses_code(call)) {
      reporter_.report(chosen_name(), call.line);
    }
  }

  static std::string_view method_of(const CodeCall& call) {
    const std::size_t dot = call.name.rfind('.');
    return std::string_view(call.name).substr(dot == std::string::npos ? 0 : dot + 1);
  }

  static Danger chosen_name() {
    return {Severity::kHigh, kInjection, "python.dynamic-name",
            "what is called is chosen by what came from outside", "choose from a fixed table"};
  }

  /// `getattr(tool, request.args["m"])`, `ctypes.CDLL(request.args["l"])`.
  bool chooses_code(const CodeCall& call) const {
    const TokenSpan first = call.positional(0);
    const TokenSpan second = call.positional(1);
    return (call.name == "getattr" && !second.empty() && value(second).tainted) ||
           ((call.name.ends_with("CDLL") || call.name.ends_with("LoadLibrary")) && !first.empty() &&
            value(first).tainted);
  }

  static bool loads_safely(const CodeCall& call) {
    const auto on = [&](std::string_view name, std::string_view wanted) {
      const TokenSpan value = call.named(name);
      return !value.empty() && value.front().is(wanted);
    };
    return (call.name == "torch.load" && on("weights_only", "True")) ||
           (call.name == "numpy.load" && !on("allow_pickle", "True"));
  }

  static bool uses_safe_loader(const CodeCall& call) {
    return std::any_of(
        call.arguments.begin(), call.arguments.end(), [](const CodeArgument& argument) {
          return std::any_of(argument.value.begin(), argument.value.end(),
                             [](const CodeToken& token) {
                               return token.text.find("SafeLoader") != std::string::npos ||
                                      token.text.find("BaseLoader") != std::string::npos;
                             });
        });
  }

  void powers(const CodeCall& call) {
    static constexpr std::string_view kIds[] = {"os.setuid",  "os.setgid",   "os.seteuid",
                                                "os.setegid", "os.setreuid", "os.setresuid"};
    const TokenSpan first = call.positional(0);
    if (is_any(call.name, kIds) && !first.empty() && first.front().is("0")) {
      reporter_.report(becomes_root("python.setuid"), call.line);
    }
    const TokenSpan privileged = call.named("privileged");
    if (reaches_docker_socket(call) || (!privileged.empty() && privileged.front().is("True"))) {
      reporter_.report(opens_docker("python.docker"), call.line);
    }
  }

  void exposure(const CodeCall& call) {
    static constexpr std::string_view kSenders[] = {
        "urlopen", "urllib.request.urlopen", "urllib.request.Request", "urllib.parse.urlencode"};
    const bool opens = is_any(call.name, kSenders);
    const bool requests = is_request(call.name);
    if ((opens || requests) && sends_environment(call, "os", "environ", false)) {
      reporter_.report(sent_environment("python.environment"), call.line);
    }
    const bool address =
        opens && call.name.ends_with("urlopen") && sends_environment(call, "os", "environ", true);
    if (address || (requests && sends_secret_variable(call))) {
      reporter_.report(sent_environment("python.environment"), call.line);
    }
    if (is_printer(call) &&
        (prints_secret(call, false) || sends_environment(call, "os", "environ", true))) {
      reporter_.report(printed_secret("python.print-secret"), call.line);
    }
  }

  /// In the address or the body, where it is no proof of who asks.
  static bool sends_secret_variable(const CodeCall& call) {
    static constexpr std::string_view kBodies[] = {"", "data", "json", "params", "content", "url"};
    return std::any_of(call.arguments.begin(), call.arguments.end(),
                       [](const CodeArgument& argument) {
                         return is_any(argument.name, kBodies) &&
                                names_secret_variable(argument.value, "os", "environ");
                       });
  }

  /// `requests.post`, `httpx.Client().put`, `session.post`.
  static bool is_request(std::string_view name) {
    static constexpr std::string_view kVerbs[] = {".get",   ".post", ".put",
                                                  ".patch", ".send", ".request"};
    static constexpr std::string_view kOwners[] = {"requests", "httpx", "session", "client", "http",
                                                   "aiohttp",  "sock",  "s",       "conn"};
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos || !is_any(name.substr(dot), kVerbs)) {
      return false;
    }
    const std::string_view owner = name.substr(0, name.find('.'));
    return is_any(owner, kOwners);
  }

  /// What no name is bound to: `__import__("os").popen(x)`, `ctypes.CDLL(None).setuid(0)`.
  void chains(TokenSpan tokens) {
    static constexpr std::string_view kModules[] = {"os", "subprocess", "pty", "commands"};
    static constexpr std::string_view kIds[] = {"setuid",  "setgid",   "seteuid",
                                                "setegid", "setreuid", "setresuid"};
    for (std::size_t i = 0; i + 4 < tokens.size(); ++i) {
      const bool table = (tokens[i].is("globals") || tokens[i].is("locals")) &&
                         tokens[i + 1].is("(") && tokens[i + 2].is(")") && tokens[i + 3].is("[");
      if (table &&
          value(tokens.subspan(i + 4, std::min<std::size_t>(8, tokens.size() - i - 4))).tainted) {
        reporter_.report(chosen_name(), tokens[i].line);
      }
      const bool import = tokens[i].is("__import__") && tokens[i + 1].is("(") &&
                          tokens[i + 2].is_string() && tokens[i + 3].is(")") &&
                          tokens[i + 4].is(".");
      if (import && is_any(tokens[i + 2].text, kModules)) {
        reporter_.report(
            {Severity::kHigh, kInjection, "python.hidden-import",
             "a module that starts programs is imported within an expression",
             "import it by name at the top, and pass a list of arguments without a shell"},
            tokens[i].line);
      }
      const bool of_library = tokens[i].is(".") && tokens[i + 1].is_name() &&
                              is_any(tokens[i + 1].text, kIds) && tokens[i + 2].is("(") &&
                              tokens[i + 3].is("0");
      if (of_library && i > 0 && tokens[i - 1].is(")")) {
        reporter_.report(becomes_root("python.setuid"), tokens[i + 1].line);
      }
    }
  }

  CodeTokens read_;
  CodeNames names_;
  CodeLook look_;
  CodeReporter& reporter_;
};

}  // namespace

void look_at_python(std::string_view text, CodeReporter& reporter) {
  PythonCheck(text, reporter).run();
}

}  // namespace oap::security
