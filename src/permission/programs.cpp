#include "permission/programs.hpp"

#include <algorithm>
#include <initializer_list>

#include "permission/build_calls.hpp"
#include "permission/inline_code.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

bool one_of(std::string_view word, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool git_is_moved(const shell::SimpleCommand& command) {
  for (std::size_t i = 1; i < command.argv.size(); ++i) {
    const std::string& word = command.argv[i];
    if (!word.starts_with('-')) {
      break;
    }
    if (!one_of(word, {"--version", "--help", "-h", "-v", "--no-pager", "-P"})) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool is_safe_variable(std::string_view name) {
  return name.starts_with("LC_") || one_of(name, {"LANG",
                                                  "LANGUAGE",
                                                  "TZ",
                                                  "TERM",
                                                  "NO_COLOR",
                                                  "COLUMNS",
                                                  "LINES",
                                                  "COLORTERM",
                                                  "FORCE_COLOR",
                                                  "CLICOLOR",
                                                  "CI",
                                                  "NODE_ENV",
                                                  "RUST_BACKTRACE",
                                                  "RUST_LOG",
                                                  "DEBUG",
                                                  "PORT",
                                                  "PYTHONUNBUFFERED",
                                                  "PYTHONDONTWRITEBYTECODE",
                                                  "PYTHONHASHSEED",
                                                  "CARGO_TERM_COLOR",
                                                  "CARGO_INCREMENTAL",
                                                  "GOOS",
                                                  "GOARCH",
                                                  "GOARM",
                                                  "GOMAXPROCS",
                                                  "CGO_ENABLED",
                                                  "LOG_LEVEL",
                                                  "RAILS_ENV",
                                                  "RACK_ENV",
                                                  "APP_ENV",
                                                  "FLASK_ENV",
                                                  "VERBOSE"});
}

bool is_own_variable(std::string_view name) {
  const std::string lower = text::lower_ascii(name);
  if (name.empty() || lower.ends_with("_proxy") || lower.starts_with("npm_")) {
    return false;
  }
  if (lower == name) {
    return true;
  }
  return one_of(
      name, {"VERSION", "NAME",  "FILE",   "FILES",   "DIR",      "SRC",    "DEST",       "OUT",
             "OUTPUT",  "COUNT", "TAG",    "BRANCH",  "COMMIT",   "SHA",    "URL",        "DATE",
             "NOW",     "N",     "I",      "J",       "X",        "RESULT", "STATUS",     "RC",
             "CODE",    "PID",   "TOTAL",  "LINE",    "ROOT",     "BASE",   "MSG",        "REPO",
             "START",   "END",   "LATEST", "CURRENT", "RESPONSE", "BODY",   "ID",         "F",
             "V",       "HASH",  "MODE",   "FAILED",  "PASSED",   "ERRORS", "SCRIPT_DIR", "PROJECT",
             "IMAGE",   "TEXT"});
}

bool is_environment_name(std::string_view name) {
  const bool upper = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || text::is_digit(c) || c == '_';
  });
  return (upper && name.size() > 1 && !one_of(name, {"REPLY", "OPTARG", "OPTIND", "MAPFILE"})) ||
         text::lower_ascii(name).ends_with("_proxy");
}

bool is_program_variable(std::string_view name) {
  static constexpr std::initializer_list<std::string_view> kStarts = {
      "LD_",       "DYLD_",   "GIT_",      "BASH",       "PYTHON",    "PIP_",     "UV_",
      "POETRY_",   "NODE_",   "NPM_",      "npm_",       "YARN_",     "PNPM_",    "BUN_",
      "DENO_",     "RUBY",    "GEM_",      "BUNDLE_",    "PERL",      "PHP",      "LUA",
      "JAVA_",     "_JAVA",   "JDK_",      "MAVEN_",     "MVN_",      "GRADLE_",  "SBT_",
      "CARGO_",    "RUST",    "GO",        "CGO_",       "MAKE",      "CMAKE_",   "NINJA_",
      "CC",        "CXX",     "SSH_",      "DOCKER_",    "BUILDKIT_", "KUBE",     "HELM_",
      "AWS_",      "AZURE_",  "CLOUDSDK_", "GOOGLE_",    "TF_",       "ANSIBLE_", "VAULT_",
      "CURL_",     "WGET",    "SSL_",      "OPENSSL_",   "LESS",      "XDG_",     "SUDO_",
      "RSYNC_",    "TAR_",    "GREP_",     "GZIP",       "ZSTD_",     "XZ_",      "PG",
      "MYSQL_",    "SQLITE_", "REDIS",     "MALLOC_",    "GCONV_",    "QT_",      "GTK_",
      "GNUPGHOME", "GPG_",    "HG",        "SVN_",       "CVS",       "VIM",      "EMACS",
      "TMUX",      "OAP_",    "OPENCODE_", "ANTHROPIC_", "OPENAI_",   "CLAUDE_"};
  static constexpr std::initializer_list<std::string_view> kEnds = {
      "_PROXY", "_proxy", "PAGER",  "EDITOR",   "_COMMAND", "_OPTIONS", "_OPTS",
      "FLAGS",  "_HOME",  "_PATH",  "PATH",     "_CONFIG",  "_CONF",    "_RC",
      "_SHELL", "SHELL",  "_CACHE", "_PRELOAD", "_ASKPASS", "_EXEC",    "_WRAPPER"};
  if (one_of(name, {"HOME",        "USER",
                    "LOGNAME",     "IFS",
                    "ENV",         "TMPDIR",
                    "TEMP",        "TMP",
                    "VISUAL",      "BROWSER",
                    "FCEDIT",      "HISTFILE",
                    "GLOBIGNORE",  "PROMPT_COMMAND",
                    "SHELLOPTS",   "PS0",
                    "PS1",         "PS2",
                    "PS3",         "PS4",
                    "NLSPATH",     "LOCPATH",
                    "TERMINFO",    "AR",
                    "LD",          "AS",
                    "NM",          "PKG_CONFIG",
                    "VIRTUAL_ENV", "CONDA_PREFIX"})) {
    return true;
  }
  return std::any_of(kStarts.begin(), kStarts.end(),
                     [&](std::string_view start) { return name.starts_with(start); }) ||
         std::any_of(kEnds.begin(), kEnds.end(),
                     [&](std::string_view end) { return name.ends_with(end); });
}

std::string call_doubt(const shell::SimpleCommand& command, const std::string& hazard) {
  const std::string& word = command.argv.front();
  const bool plain =
      std::all_of(word.begin(), word.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!plain) {
    return "the program's name holds unusual characters";
  }
  const std::string_view program = shell::base_name(word);
  if (program == "git" && git_is_moved(command)) {
    return "git is given an option that can run programs";
  }
  return hazard;
}

std::string call_hazard(const shell::SimpleCommand& command) {
  std::string code = inline_code(command);
  return code.empty() ? program_hazard(command) : code;
}

bool is_trusted_directory(std::string_view directory) {
  return one_of(directory,
                {"/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/usr/local/sbin"});
}

}  // namespace oap::permission
