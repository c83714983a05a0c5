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

/// Gathers the findings of one text, one a rule and line.
class CodeReporter {
 public:
  CodeReporter(std::string_view text, std::string_view path);
  void report(const Danger& danger, std::uint32_t line);
  std::vector<CodeFinding> take();
  /// The line's text, from 1; empty beyond the end.
  std::string_view line_text(std::uint32_t line) const;

  /// Something of the text was not understood, or passed a limit.
  void give_up() { understood_ = false; }
  bool understood() const { return understood_; }
  /// Asked before each shell text; false for all but the first thousand, which is giving up.
  bool begin_shell_text();
  /// What the checks have cost, in tokens and bytes looked at.
  void spend(std::uint64_t count) { effort_ += count; }
  std::uint64_t effort() const { return effort_; }

 private:
  std::vector<std::string_view> lines_;
  std::string path_;
  std::vector<CodeFinding> findings_;
  std::set<std::pair<std::uint32_t, std::string>> reported_;
  bool understood_ = true;
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

}  // namespace oap::security
