#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "security/code_calls.hpp"
#include "security/code_scanner.hpp"

namespace oap::security {

template <std::size_t N>
bool is_any(std::string_view name, const std::string_view (&names)[N]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

/// What a check says when it fires. Private to this folder, as all below.
struct Danger {
  Severity severity = Severity::kMedium;
  std::string_view type;
  std::string_view rule;
  std::string_view description;
  std::string_view recommendation;
};

inline constexpr std::string_view kInjection = "code_injection";
inline constexpr std::string_view kTraversal = "path_traversal";
inline constexpr std::string_view kExposure = "secret_exposure";
inline constexpr std::string_view kPrivilege = "privilege_escalation";
inline constexpr std::string_view kNotUnderstood = "not_understood";

/// Gathers the findings of one text, one a rule and line, and a critical one where a limit was
/// passed. `text` outlives it.
class CodeReporter {
 public:
  CodeReporter(std::string_view text, std::string_view path);
  void report(const Danger& danger, std::uint32_t line);
  std::vector<CodeFinding> take();
  /// The line's text, from 1; empty beyond the end.
  std::string_view line_text(std::uint32_t line) const;

  /// Something of the text was not understood.
  void give_up() { understood_ = false; }
  bool understood() const { return understood_; }
  /// Part of the text stays unseen; `limit` is a sentence that says why. The first one counts.
  void pass_limit(std::string_view limit, std::uint32_t line);
  /// Asked before each shell text; false for all but the first thousand, which passes a limit.
  bool begin_shell_text(std::uint32_t line);
  /// What the checks have cost, in tokens and bytes looked at.
  void spend(std::uint64_t count) { effort_ += count; }
  std::uint64_t effort() const { return effort_; }

 private:
  std::string_view text_;
  std::vector<std::string_view> lines_;
  std::string path_;
  std::vector<CodeFinding> findings_;
  std::set<std::pair<std::uint32_t, std::string>> reported_;
  bool understood_ = true;
  std::string limit_;
  std::uint32_t limit_line_ = 0;
  std::size_t shell_texts_ = 0;
  std::uint64_t effort_ = 0;
};

/// What the checks of Python and JavaScript look at: the program's own tokens, what is known of its
/// names, and where findings go. Everything outlives it.
struct CodeLook {
  TokenSpan tokens;
  const CodeNames& names;
  const CodeSources& sources;
  CodeReporter& reporter;

  CodeValue value(TokenSpan expression) const { return value_of(expression, names, sources); }
  void report(const Danger& danger, const CodeCall& call) const {
    reporter.report(danger, call.line);
  }
};

void look_at_bash(std::string_view text, std::uint32_t first_line, CodeReporter& reporter);
void look_at_python(std::string_view text, CodeReporter& reporter);
void look_at_javascript(std::string_view text, CodeReporter& reporter);

// What a call of one language does, each by its own subject.
void look_at_python_processes(const CodeLook& look, const CodeCall& call);
void look_at_python_files(const CodeLook& look, const CodeCall& call);
void look_at_javascript_processes(const CodeLook& look, const CodeCall& call);
void look_at_javascript_files(const CodeLook& look, const CodeCall& call);
/// Text that becomes part of a page: calls that write it, `x.innerHTML = …`, `__html: …`.
void look_at_javascript_page(const CodeLook& look, const CodeCall& call);
void look_at_javascript_markup(const CodeLook& look, TokenSpan tokens);
/// Members whose names came from outside, conditions that are code, and eval that hides its name.
void look_at_javascript_members(const CodeLook& look, TokenSpan tokens);

// Facts.

/// A path that a program has no business with: /etc/shadow, keys, credentials.
bool is_credential_path(std::string_view path);
/// A path that leaves its folder several times: "../../../etc/passwd".
bool climbs_out(std::string_view path);
/// Files whose change makes one root: /etc/sudoers, cron, authorized_keys.
bool is_privilege_path(std::string_view path);
/// 0777, 4755, "a+rwx", "u+s".
bool is_open_mode(std::string_view mode);
/// The same of an expression: `0o4755`, `stat.S_ISUID | 0o755`.
bool is_open_mode(TokenSpan mode);
/// `SELECT …`, `INSERT INTO …`: the beginning of a statement.
bool begins_sql(std::string_view text);
/// The same, and no sentence that begins so: `SELECT … FROM`, `UPDATE … SET`.
bool is_sql(std::string_view text);
/// A shell, by path or name, of any system.
bool names_shell(std::string_view program);

// What names stand for.

/// What the program's names were imported as.
void read_python_imports(TokenSpan tokens, CodeNames& names);
void read_javascript_imports(TokenSpan tokens, CodeNames& names);
/// `run = util.promisify(child_process.exec)`.
void learn_promised(TokenSpan tokens, CodeNames& names);
/// exec, spawn and their like are child_process's where the text says nothing else of them.
void learn_bare_processes(TokenSpan tokens, CodeNames& names);

// What came from outside, and what was done about it.

/// The parameters of a route's function came from outside: `@app.route("/f/<name>")`.
void learn_route_parameters(TokenSpan tokens, CodeNames& names);
/// The names in an archive came from outside: `for name in archive.namelist()`.
void learn_members(TokenSpan tokens, CodeNames& names);
/// `const { name } = req.params`.
void learn_taken_apart(TokenSpan tokens, const CodeSources& sources, CodeNames& names);
/// Names that a condition holds against a folder, a pattern or a list, where the branch leaves:
/// `if not path.startswith(root): abort(403)`.
void learn_checks(TokenSpan tokens, CodeNames& names);
/// A path that is only put together here, into a name that is checked in the next lines.
bool is_checked_later(const CodeLook& look, const CodeCall& call);

// What expressions and calls are, whatever the language.

/// The expression that was given to the name nearest before `at`; empty where none is near.
TokenSpan assigned_before(TokenSpan tokens, std::size_t at, std::string_view name);
/// Literals and values in one text: `"a" + b`, `f"{a}"`.
bool is_put_together(TokenSpan expression);
/// The call's first argument, or what was given to the name that it is, is a statement of SQL with
/// values in it. `plainly`: as in is_sql.
bool is_built_statement(const CodeLook& look, const CodeCall& call, bool plainly);
/// A shell, its `-c` and behind it text that is not a constant, in a list or as arguments.
bool runs_shell_text(const CodeLook& look, const CodeCall& call);
/// The socket that is as good as root is among the arguments.
bool reaches_docker_socket(const CodeCall& call);
/// Prints or logs what it is given.
bool is_printer(const CodeCall& call);
/// A name of a secret among what a call that prints is given. `keys`: `name:` is a key, no value.
bool prints_secret(const CodeCall& call, bool keys);
/// The whole environment among what a call sends: `owner.name` as it is, copied or listed, and no
/// single variable of it. Also a variable named like a secret where `of_secrets`.
bool sends_environment(const CodeCall& call, std::string_view owner, std::string_view name,
                       bool of_secrets);
/// A variable of the environment that is named like a secret, within the expression.
bool names_secret_variable(TokenSpan expression, std::string_view owner, std::string_view name);

// What the checks of several languages say alike; `rule` is the language's own.

Danger runs_shell(std::string_view rule);
Danger builds_sql(std::string_view rule);
Danger builds_template(std::string_view rule);
Danger builds_path(std::string_view rule);
Danger unpacks_blindly(std::string_view rule);
Danger writes_system_file(std::string_view rule);
Danger printed_secret(std::string_view rule);
Danger sent_environment(std::string_view rule);
Danger becomes_root(std::string_view rule);
Danger opens_mode(std::string_view rule);
Danger reads_credentials(std::string_view rule);
Danger opens_docker(std::string_view rule);

}  // namespace oap::security
