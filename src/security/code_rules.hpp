#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "security/code_calls.hpp"
#include "security/code_scanner.hpp"

namespace oap::security {

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

/// What the program's names were imported as.
void read_python_imports(TokenSpan tokens, CodeNames& names);
void read_javascript_imports(TokenSpan tokens, CodeNames& names);

void look_at_bash(std::string_view text, std::uint32_t first_line, CodeReporter& reporter);
void look_at_python(std::string_view text, CodeReporter& reporter);
void look_at_javascript(std::string_view text, CodeReporter& reporter);

/// A path that a program has no business with: /etc/shadow, keys, credentials.
bool is_credential_path(std::string_view path);
/// A path that leaves its folder several times: "../../../etc/passwd".
bool climbs_out(std::string_view path);
/// Files whose change makes one root: /etc/sudoers, cron, authorized_keys.
bool is_privilege_path(std::string_view path);
/// 0777, 4755, "a+rwx", "u+s".
bool is_open_mode(std::string_view mode);
/// `SELECT …`, `INSERT INTO …`: the beginning of a statement.
bool begins_sql(std::string_view text);

/// A name of a secret among what a call that prints is given. `keys`: `name:` is a key, no value.
bool prints_secret(const CodeCall& call, bool keys);

/// The whole environment among what a call sends: `owner.name` as it is, copied or listed, and no
/// single variable of it. Also a variable named like a secret where `of_secrets`.
bool sends_environment(const CodeCall& call, std::string_view owner, std::string_view name,
                       bool of_secrets);

/// A variable of the environment that is named like a secret, within the expression.
bool names_secret_variable(TokenSpan expression, std::string_view owner, std::string_view name);

/// What the checks of several languages say alike; `rule` is the language's own.
Danger printed_secret(std::string_view rule);
Danger sent_environment(std::string_view rule);
Danger becomes_root(std::string_view rule);
Danger opens_mode(std::string_view rule);
Danger reads_credentials(std::string_view rule);
Danger opens_docker(std::string_view rule);

/// The expression that was given to the name nearest before `at`; empty where none is near.
TokenSpan assigned_before(TokenSpan tokens, std::size_t at, std::string_view name);
/// Literals and values in one text: `"a" + b`, `f"{a}"`.
bool is_put_together(TokenSpan expression);
/// A shell, its `-c` and behind it text that is not a constant, in a list or as arguments.
bool runs_shell_text(const CodeCall& call, const CodeNames& names, const CodeSources& sources);
/// The socket that is as good as root is among the arguments.
bool reaches_docker_socket(const CodeCall& call);

/// The parameters of a route's function came from outside: `@app.route("/f/<name>")`.
void learn_route_parameters(TokenSpan tokens, CodeNames& names);
/// Names that a condition holds against a folder, a pattern or a list, where the branch leaves:
/// `if not path.startswith(root): abort(403)`.
void learn_checks(TokenSpan tokens, CodeNames& names);
/// A path that is only put together here, into a name that is checked in the next lines.
bool is_checked_later(TokenSpan tokens, const CodeCall& call, const CodeNames& names);
/// The names in an archive came from outside: `for name in archive.namelist()`.
void learn_members(TokenSpan tokens, CodeNames& names);
/// `run = util.promisify(child_process.exec)`.
void learn_promised(TokenSpan tokens, CodeNames& names);
/// exec, spawn and their like are child_process's where the text says nothing else of them.
void learn_bare_processes(TokenSpan tokens, CodeNames& names);

/// What needs more than the call itself to be told.
void look_at_python_flow(TokenSpan tokens, const CodeCall& call, const CodeNames& names,
                         const CodeSources& sources, CodeReporter& reporter);
void look_at_javascript_flow(TokenSpan tokens, const CodeCall& call, const CodeNames& names,
                             const CodeSources& sources, CodeReporter& reporter);
/// Members whose names came from outside, and eval that hides its name.
void look_at_prototypes(TokenSpan tokens, const CodeNames& names, const CodeSources& sources,
                        CodeReporter& reporter);

}  // namespace oap::security
