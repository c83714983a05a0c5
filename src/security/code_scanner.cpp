#include "security/code_scanner.hpp"

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "crypto/hash.hpp"
#include "security/code_rules.hpp"
#include "security/code_tokens.hpp"
#include "text/glob.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

constexpr std::string_view kNoFile = "<dynamic_code>";
constexpr std::size_t kMostFindings = 10'000;

/// By the path without its `.` and `..`: "tests/../app.py" is no test.
bool is_test_path(std::string_view path) {
  const std::string normal = std::filesystem::path(path).lexically_normal().string();
  const std::string lower = "/" + text::lower_ascii(normal);
  const std::string_view name = std::string_view(lower).substr(lower.rfind('/') + 1);
  static constexpr std::string_view kFolders[] = {"/test/", "/tests/",    "/__tests__/",
                                                  "/spec/", "/testdata/", "/fixtures/",
                                                  "/e2e/",  "/__mocks__/"};
  return std::any_of(
             std::begin(kFolders), std::end(kFolders),
             [&](std::string_view folder) { return lower.find(folder) != std::string::npos; }) ||
         name.starts_with("test_") || name.find("_test.") != std::string_view::npos ||
         name.find(".test.") != std::string_view::npos ||
         name.find(".spec.") != std::string_view::npos || name == "conftest.py";
}

bool is_generic_secret(std::string_view type) {
  return type == "password" || type == "generic_secret" || type == "url_password" ||
         type == "authorization_header";
}

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::kLow:
      return "low";
    case Severity::kMedium:
      return "medium";
    case Severity::kHigh:
      return "high";
    case Severity::kCritical:
      return "critical";
  }
  return "low";
}

std::optional<Language> language_named(std::string_view name) {
  const std::string lower = text::lower_ascii(name);
  for (const std::string_view word : {"bash", "sh", "shell", "zsh", "ksh", "dash", "shellscript"}) {
    if (lower == word) {
      return Language::kBash;
    }
  }
  for (const std::string_view word : {"python", "py", "python3", "pyi"}) {
    if (lower == word) {
      return Language::kPython;
    }
  }
  for (const std::string_view word :
       {"javascript", "js", "typescript", "ts", "mjs", "cjs", "jsx", "tsx", "mts", "cts", "node"}) {
    if (lower == word) {
      return Language::kJavaScript;
    }
  }
  return std::nullopt;
}

std::optional<Language> language_of(std::string_view path, std::string_view text) {
  const std::string_view name =
      path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  if (dot != std::string_view::npos && dot > 0) {
    return language_named(name.substr(dot + 1));
  }
  if (!text.starts_with("#!")) {
    return std::nullopt;
  }
  std::string_view line = text.substr(2, text.find('\n') - 2);
  for (const std::string_view word : text::split_words(line)) {
    const std::string_view base =
        word.substr(word.rfind('/') == std::string_view::npos ? 0 : word.rfind('/') + 1);
    if (base == "env" || base.starts_with('-')) {
      continue;
    }
    const std::size_t digits = base.find_first_of("0123456789.");
    return language_named(base.substr(0, digits));
  }
  return std::nullopt;
}

CodeReporter::CodeReporter(std::string_view text, std::string_view path)
    : text_(text), lines_(text::split(text, '\n')), path_(path.empty() ? kNoFile : path) {}

std::string_view CodeReporter::line_text(std::uint32_t line) const {
  return line >= 1 && line <= lines_.size() ? lines_[line - 1] : std::string_view();
}

void CodeReporter::report(const Danger& danger, std::uint32_t line) {
  if (findings_.size() >= kMostFindings) {
    pass_limit("it has too many findings", line);
    return;
  }
  if (!reported_.emplace(line, danger.rule).second) {
    return;
  }
  CodeFinding finding;
  finding.severity = danger.severity;
  finding.type = danger.type;
  finding.rule = danger.rule;
  finding.description = danger.description;
  finding.file_path = path_;
  finding.line_number = line;
  finding.recommendation = danger.recommendation;
  finding.fingerprint =
      crypto::sha256_hex(finding.rule + "\n" + std::string(text::trim(line_text(line))))
          .substr(0, 16);
  findings_.push_back(std::move(finding));
}

void CodeReporter::pass_limit(std::string_view limit, std::uint32_t line) {
  understood_ = false;
  if (limit_.empty()) {
    limit_ = limit;
    limit_line_ = std::max(line, 1U);
  }
}

bool CodeReporter::begin_shell_text(std::uint32_t line) {
  constexpr std::size_t kMostShellTexts = 1000;
  if (++shell_texts_ <= kMostShellTexts) {
    return true;
  }
  pass_limit("it runs too many shell commands", line);
  return false;
}

std::vector<CodeFinding> CodeReporter::take() {
  if (!limit_.empty()) {
    // Of the whole text: who accepts it accepts this text only.
    findings_.push_back({Severity::kCritical, std::string(kNotUnderstood), "scan.limit",
                         "it could not be read as a whole: " + limit_, path_, limit_line_,
                         "divide it into smaller and plainer files, or read it yourself",
                         crypto::sha256_hex("scan.limit\n" + std::string(text_)).substr(0, 16)});
  }
  std::sort(findings_.begin(), findings_.end(), [](const CodeFinding& a, const CodeFinding& b) {
    return std::tie(a.line_number, b.severity, a.rule) <
           std::tie(b.line_number, a.severity, b.rule);
  });
  return std::move(findings_);
}

std::vector<CodeFinding> scan_code(std::string_view text, Language language, std::string_view path,
                                   const SecretScanner& secrets) {
  return scan_whole(text, language, path, secrets).findings;
}

namespace {

void look_at(std::string_view text, Language language, CodeReporter& reporter) {
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    const auto lines =
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n');
    reporter.pass_limit("it holds a NUL byte", 1 + static_cast<std::uint32_t>(lines));
  }
  if (language != Language::kBash && text.size() > kMaxTokens) {
    reporter.pass_limit("it is longer than 4 MiB", 1);
  }
  switch (language) {
    case Language::kBash:
      return look_at_bash(text, 1, reporter);
    case Language::kPython:
      return look_at_python(text, reporter);
    case Language::kJavaScript:
      return look_at_javascript(text, reporter);
  }
}

void look_for_secrets(std::string_view text, bool test, const SecretScanner& secrets,
                      CodeReporter& reporter) {
  std::size_t at = 0;
  std::uint32_t line = 1;
  for (const SecretScanner::Finding& secret : secrets.scan(text)) {
    line += static_cast<std::uint32_t>(
        std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                   text.begin() + static_cast<std::ptrdiff_t>(secret.start), '\n'));
    at = secret.start;
    if (!test || !is_generic_secret(secret.type)) {
      reporter.report(
          {Severity::kCritical, kExposure, "secret." + secret.type,
           "a secret is written in the code: " + secret.type,
           "take it from the environment or a secret store, and replace the one that was shown"},
          line);
    }
  }
}

CodeScan scan(std::string_view text, Language language, std::string_view path,
              const SecretScanner* secrets) {
  CodeReporter reporter(text, path);
  const bool test = is_test_path(path);
  if (!test) {
    look_at(text, language, reporter);
  }
  if (secrets != nullptr) {
    look_for_secrets(text, test, *secrets, reporter);
  }
  const bool understood = reporter.understood();
  return {reporter.take(), understood};
}

}  // namespace

CodeScan scan_whole(std::string_view text, Language language, std::string_view path,
                    const SecretScanner& secrets) {
  return scan(text, language, path, &secrets);
}

CodeScan scan_constructs(std::string_view text, Language language, std::string_view path) {
  return scan(text, language, path, nullptr);
}

json::Object to_json(const CodeFinding& finding) {
  return {{"severity", to_string(finding.severity)},
          {"type", finding.type},
          {"rule", finding.rule},
          {"description", finding.description},
          {"file_path", finding.file_path},
          {"line_number", finding.line_number},
          {"recommendation", finding.recommendation},
          {"fingerprint", finding.fingerprint}};
}

CodeReport judge_findings(std::vector<CodeFinding> findings,
                          const std::vector<Exception>& exceptions, std::string_view today) {
  CodeReport report;
  const auto is_excepted = [&](const CodeFinding& finding) {
    return std::any_of(exceptions.begin(), exceptions.end(), [&](const Exception& exception) {
      if (exception.fingerprint != finding.fingerprint ||
          (!exception.expires.empty() && exception.expires < today)) {
        return false;
      }
      const auto glob = text::Glob::compile(exception.path);
      return exception.path.empty() || exception.path == finding.file_path ||
             (glob && glob->matches(finding.file_path));
    });
  };
  std::erase_if(findings, is_excepted);
  static constexpr double kWeights[] = {0.01, 0.05, 0.2, 0.5};
  for (const CodeFinding& finding : findings) {
    report.risk_score += kWeights[static_cast<std::size_t>(finding.severity)];
    report.allowed = report.allowed && finding.severity != Severity::kCritical;
    if (std::find(report.mitigations.begin(), report.mitigations.end(), finding.recommendation) ==
        report.mitigations.end()) {
      report.mitigations.push_back(finding.recommendation);
    }
  }
  report.risk_score = std::min(1.0, report.risk_score);
  report.findings = std::move(findings);
  return report;
}

json::Object to_json(const CodeReport& report) {
  json::Array findings;
  for (const CodeFinding& finding : report.findings) {
    findings.push_back(to_json(finding));
  }
  json::Array mitigations;
  for (const std::string& mitigation : report.mitigations) {
    mitigations.emplace_back(mitigation);
  }
  return {{"risk_score", report.risk_score},
          {"allowed", report.allowed},
          {"findings", std::move(findings)},
          {"mitigations", std::move(mitigations)}};
}

}  // namespace oap::security
