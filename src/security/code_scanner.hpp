#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "security/secret_scanner.hpp"

namespace oap::security {

enum class Severity : std::uint8_t { kLow, kMedium, kHigh, kCritical };
std::string_view to_string(Severity severity);

enum class Language : std::uint8_t { kBash, kPython, kJavaScript };
/// "bash", "sh", "python", "javascript", "typescript" and the usual short forms.
std::optional<Language> language_named(std::string_view name);
/// By the path's ending, else by the text's `#!` line.
std::optional<Language> language_of(std::string_view path, std::string_view text);

/// One danger in a text. Data.
struct CodeFinding {
  Severity severity = Severity::kMedium;
  /// code_injection, path_traversal, secret_exposure, privilege_escalation, not_understood
  std::string type;
  std::string rule;  ///< which check, e.g. "python.shell-true"
  std::string description;
  std::string file_path;  ///< "<dynamic_code>" where there is none
  std::uint64_t line_number = 0;
  std::string recommendation;
  /// 16 hex digits of rule and line: the same as long as the line is; of rule and text where the
  /// text was not understood
  std::string fingerprint;
};
json::Object to_json(const CodeFinding& finding);

/// Looks for dangerous constructs, not for words: strings, comments, docstrings and imports do not
/// count, neither does an argument that is a constant; in files of tests only secrets of issuers'
/// formats do (by the path without its `..`). In order of lines. Pure and thread-safe; any bytes
/// are fine; linear in the text. Where a limit was passed, so that a part was not looked at, there
/// is a critical finding not_understood beside what was found. `secrets` finds what is hard-coded;
/// findings never hold it.
std::vector<CodeFinding> scan_code(std::string_view text, Language language, std::string_view path,
                                   const SecretScanner& secrets);

/// The same, and whether all of the text was understood: not where the reader of its language gave
/// up, or passed a limit. What was found then is still right, what was not found says nothing.
struct CodeScan {
  std::vector<CodeFinding> findings;
  bool understood = true;
};
CodeScan scan_whole(std::string_view text, Language language, std::string_view path,
                    const SecretScanner& secrets);
/// The same without what is hard-coded.
CodeScan scan_constructs(std::string_view text, Language language, std::string_view path);

/// One accepted finding: what, where, until when.
struct Exception {
  std::string fingerprint;
  std::string path;     ///< a glob; empty: any
  std::string expires;  ///< YYYY-MM-DD, the last day; empty: never
};

/// What follows from the findings. Data.
struct CodeReport {
  double risk_score = 0;  ///< 0 to 1: 0.5 a critical finding, 0.2 a high, 0.05 a medium, 0.01 a low
  bool allowed = true;    ///< no critical finding is left, and nothing needs a person's approval
  std::vector<CodeFinding> findings;
  std::vector<std::string> mitigations;
};
json::Object to_json(const CodeReport& report);

/// Leaves out what is excepted on `today` (YYYY-MM-DD) and judges the rest.
CodeReport judge_findings(std::vector<CodeFinding> findings,
                          const std::vector<Exception>& exceptions = {},
                          std::string_view today = {});

}  // namespace oap::security
