#include <algorithm>

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

template <std::size_t N>
bool is_any(std::string_view name, const std::string_view (&names)[N]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

constexpr std::string_view kShells[] = {"os.system",
                                        "os.popen",
                                        "commands.getoutput",
                                        "commands.getstatusoutput",
                                        "subprocess.getoutput",
                                        "subprocess.getstatusoutput",
                                        "popen2.popen2",
                                        "platform.popen",
                                        "asyncio.create_subprocess_shell"};
constexpr std::string_view kProcesses[] = {"subprocess.run",
                                           "subprocess.call",
                                           "subprocess.Popen",
                                           "subprocess.check_call",
                                           "subprocess.check_output",
                                           "asyncio.create_subprocess_exec",
                                           "os.execv",
                                           "os.execvp",
                                           "os.execl",
                                           "os.execlp",
                                           "os.spawnl",
                                           "os.spawnv",
                                           "pty.spawn"};
constexpr std::string_view kLoaders[] = {
    "pickle.load",       "pickle.loads",     "cPickle.load",         "cPickle.loads",
    "_pickle.loads",     "marshal.loads",    "marshal.load",         "dill.load",
    "dill.loads",        "cloudpickle.load", "cloudpickle.loads",    "shelve.open",
    "jsonpickle.decode", "yaml.unsafe_load", "yaml.unsafe_load_all", "pandas.read_pickle",
    "pd.read_pickle",    "joblib.load",      "torch.load",           "numpy.load"};
constexpr std::string_view kOpeners[] = {"open",
                                         "io.open",
                                         "codecs.open",
                                         "os.open",
                                         "os.remove",
                                         "os.unlink",
                                         "os.rmdir",
                                         "os.rename",
                                         "os.makedirs",
                                         "os.listdir",
                                         "shutil.rmtree",
                                         "shutil.copy",
                                         "shutil.copyfile",
                                         "shutil.move",
                                         "send_file",
                                         "flask.send_file",
                                         "FileResponse",
                                         "aiofiles.open",
                                         "Path",
                                         "pathlib.Path",
                                         "os.path.join",
                                         "zipfile.ZipFile",
                                         "tarfile.open",
                                         "gzip.open",
                                         "send_from_directory"};
constexpr std::string_view kPrinters[] = {"print",           "logging.info",   "logging.debug",
                                          "logging.warning", "logging.error",  "logger.info",
                                          "logger.debug",    "logger.warning", "logger.error",
                                          "log.info",        "log.debug",      "sys.stdout.write"};

class PythonCheck {
 public:
  PythonCheck(std::string_view text, CodeReporter& reporter)
      : read_(python_tokens(text)), tokens_(read_.list), reporter_(reporter) {}

  void run() {
    read_python_imports(tokens_, names_);
    learn_checks(tokens_, names_);
    learn_route_parameters(tokens_, names_);
    learn_members(tokens_, names_);
    learn_names(tokens_, kPython, names_);
    each_call(tokens_, names_, [this](const CodeCall& call) {
      injection(call);
      processes(call);
      files(call);
      privileges(call);
      exposure(call);
      look_at_python_flow(tokens_, call, names_, kPython, reporter_);
    });
    each_span(tokens_, [this](TokenSpan tokens) { chains(tokens); });
    if (read_.unread != 0) {
      reporter_.pass_limit("its strings are nested too deeply", read_.unread);
    }
    reporter_.spend(tokens_.size() + names_.looked);
  }

 private:
  CodeValue value(TokenSpan expression) const { return value_of(expression, names_, kPython); }

  void injection(const CodeCall& call) {
    static constexpr std::string_view kEval[] = {"eval",
                                                 "exec",
                                                 "builtins.eval",
                                                 "builtins.exec",
                                                 "__builtins__.eval",
                                                 "__builtins__.exec",
                                                 "execfile"};
    const auto varies = [&] { return !value(call.positional(0)).constant; };
    const bool given = !call.arguments.empty();
    if (is_any(call.name, kEval) && given && varies()) {
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
                call.name.ends_with("from_string")) &&
               given && varies()) {
      reporter_.report({Severity::kHigh, kInjection, "python.template",
                        "a template is made from text that is not a constant",
                        "pass values to a fixed template"},
                       call.line);
    } else if ((call.name.ends_with(".execute") || call.name.ends_with(".executemany") ||
                call.name.ends_with(".executescript") || call.name.ends_with(".raw") ||
                call.name.ends_with("text")) &&
               is_built_sql(call.positional(0))) {
      reporter_.report({Severity::kHigh, kInjection, "python.sql",
                        "an SQL statement is put together from values",
                        "pass the values as parameters of the statement"},
                       call.line);
    }
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

  bool is_built_sql(TokenSpan expression) const {
    if (expression.empty()) {
      return false;
    }
    const CodeValue built = value(expression);
    if (built.constant || !begins_sql(built.text)) {
      return false;
    }
    return std::any_of(expression.begin(), expression.end(), [](const CodeToken& token) {
      return token.is("+") || token.is("%") || token.is("format") ||
             (token.is_string() && token.dynamic);
    });
  }

  void processes(const CodeCall& call) {
    const TokenSpan shell = call.named("shell");
    const bool through_shell =
        (!shell.empty() && !shell.front().is("False") && !shell.front().is("0") &&
         !shell.front().is("None") && is_any(call.name, kProcesses)) ||
        (!shell.empty() && (shell.front().is("True") || shell.front().is("1"))) ||
        is_any(call.name, kShells);
    if (through_shell && !call.arguments.empty()) {
      const CodeValue first =
          value(call.positional(0).empty() ? call.named("args") : call.positional(0));
      if (first.constant) {
        look_at_bash(first.text, call.line, reporter_);
      } else if (!first.cleaned) {
        reporter_.report({Severity::kCritical, kInjection, "python.shell",
                          "a shell runs text that is not a constant",
                          "pass a list of arguments without a shell, or quote with shlex.quote"},
                         call.line);
      }
    } else if (is_any(call.name, kProcesses)) {
      list_of_arguments(call);
    }
  }

  /// `subprocess.run(["bash", "-c", text])`, `["sudo", …]`.
  void list_of_arguments(const CodeCall& call) {
    TokenSpan list = call.positional(0).empty() ? call.named("args") : call.positional(0);
    std::vector<TokenSpan> items;
    std::size_t start = 0;
    if (!list.empty() && list.front().is("[")) {
      list = list.subspan(1);
    }
    for (std::size_t i = 0; i <= list.size(); ++i) {
      if (i == list.size() || list[i].is(",") || list[i].is("]")) {
        if (i > start) {
          items.push_back(list.subspan(start, i - start));
        }
        start = i + 1;
      }
    }
    if (items.empty() || !items.front().front().is_string()) {
      return;
    }
    const std::string_view program = items.front().front().text;
    const std::string_view base =
        program.substr(program.rfind('/') == std::string_view::npos ? 0 : program.rfind('/') + 1);
    static constexpr std::string_view kShellNames[] = {"sh",  "bash", "zsh",       "dash",
                                                       "ksh", "cmd",  "powershell"};
    if (is_any(base, kShellNames) && items.size() >= 3) {
      const CodeValue script = value(items[2]);
      if (!script.constant && !script.cleaned) {
        reporter_.report({Severity::kCritical, kInjection, "python.shell",
                          "a shell runs text that is not a constant",
                          "pass a list of arguments without a shell, or quote with shlex.quote"},
                         call.line);
      } else if (script.constant) {
        look_at_bash(script.text, call.line, reporter_);
      }
      return;
    }
    std::string command;
    for (const TokenSpan& item : items) {
      const CodeValue word = value(item);
      command.append(command.empty() ? "" : " ").append(word.constant ? word.text : "x");
    }
    look_at_bash(command, call.line, reporter_);
  }

  void files(const CodeCall& call) {
    const bool opener = is_any(call.name, kOpeners);
    if ((call.name.ends_with(".extractall") || call.name == "shutil.unpack_archive") &&
        call.named("filter").empty() && call.named("members").empty()) {
      reporter_.report({Severity::kMedium, kTraversal, "python.extract",
                        "an archive is unpacked without looking at its paths",
                        "pass filter='data' or check each member's path"},
                       call.line);
    }
    if (!opener || call.arguments.empty()) {
      return;
    }
    for (const CodeArgument& argument : call.arguments) {
      const CodeValue path = value(argument.value);
      if (path.constant) {
        literal_path(call, path.text);
        continue;
      }
      literal_path(call, path.text);
      if (path.tainted && !path.cleaned && !is_checked_later(tokens_, call, names_)) {
        reporter_.report({Severity::kHigh, kTraversal, "python.tainted-path",
                          "a path is made from what came from outside",
                          "resolve it and check that it stays inside its folder"},
                         call.line);
      }
    }
  }

  void literal_path(const CodeCall& call, std::string_view path) {
    const CodeValue mode =
        value(call.positional(1).empty() ? call.named("mode") : call.positional(1));
    const bool writes =
        mode.text.find_first_of("wa+x") != std::string::npos && mode.text.size() < 5;
    if (writes && is_privilege_path(path)) {
      reporter_.report(
          {Severity::kCritical, kPrivilege, "python.system-file",
           "writes a file that decides who is root", "leave it to the system's own tools"},
          call.line);
    } else if (is_credential_path(path) || climbs_out(path)) {
      reporter_.report(reads_credentials("python.credential-path"), call.line);
    }
  }

  void privileges(const CodeCall& call) {
    static constexpr std::string_view kIds[] = {"os.setuid",  "os.setgid",   "os.seteuid",
                                                "os.setegid", "os.setreuid", "os.setresuid"};
    const TokenSpan first = call.positional(0);
    if (is_any(call.name, kIds) && !first.empty() && first.front().is("0")) {
      reporter_.report(becomes_root("python.setuid"), call.line);
    }
    const bool chmod =
        call.name == "os.chmod" || call.name == "os.fchmod" || call.name.ends_with(".chmod");
    const TokenSpan mode = call.positional(call.name.starts_with("os.") ? 1 : 0).empty()
                               ? call.named("mode")
                               : call.positional(call.name.starts_with("os.") ? 1 : 0);
    if (chmod && !mode.empty() && mode.front().kind == CodeToken::Kind::kNumber &&
        (is_open_mode(mode.front().text) || mode.front().text == "511")) {
      reporter_.report(opens_mode("python.chmod"), call.line);
    }
    const TokenSpan owner = call.positional(1);
    if (call.name == "os.chown" && !owner.empty() && owner.front().is("0")) {
      reporter_.report({Severity::kMedium, kPrivilege, "python.chown", "a file is given to root",
                        "keep its owner"},
                       call.line);
    }
  }

  void exposure(const CodeCall& call) {
    static constexpr std::string_view kSenders[] = {
        "urlopen", "urllib.request.urlopen", "urllib.request.Request", "urllib.parse.urlencode"};
    const bool sends = is_any(call.name, kSenders) || is_request(call.name);
    if (sends && sends_environment(call, "os", "environ", false)) {
      reporter_.report(sent_environment("python.environment"), call.line);
    }
    if (is_any(call.name, kSenders) && call.name.ends_with("urlopen") &&
        sends_environment(call, "os", "environ", true)) {
      reporter_.report(sent_environment("python.environment"), call.line);
    }
    if (!is_any(call.name, kPrinters)) {
      return;
    }
    if (prints_secret(call, false) || sends_environment(call, "os", "environ", true)) {
      reporter_.report(printed_secret("python.print-secret"), call.line);
    }
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
  TokenSpan tokens_;
  CodeNames names_;
  CodeReporter& reporter_;
};

}  // namespace

void look_at_python(std::string_view text, CodeReporter& reporter) {
  PythonCheck(text, reporter).run();
}

}  // namespace oap::security
