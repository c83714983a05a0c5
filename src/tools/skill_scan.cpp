#include "tools/skill_scan.hpp"

#include <algorithm>

#include "security/code_scanner.hpp"
#include "text/strings.hpp"

namespace oap::tools {
namespace {

constexpr std::size_t kMostScanned = 1U << 20U;

int line_at(std::string_view text, std::size_t at) {
  return 1 + static_cast<int>(
                 std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

void add_code(std::string_view code, security::Language language, const std::string& path,
              int lines_before, const security::SecretScanner& secrets,
              std::vector<skills::Finding>& findings) {
  for (const security::CodeFinding& found : security::scan_code(code, language, path, secrets)) {
    if (found.severity >= security::Severity::kHigh && found.type != "secret_exposure") {
      findings.push_back({found.severity == security::Severity::kCritical, "code", path,
                          lines_before + static_cast<int>(found.line_number),
                          found.rule + ": " + found.description});
    }
  }
}

void add_fenced(const skills::FolderFile& file, std::string_view text,
                const security::SecretScanner& secrets, std::vector<skills::Finding>& findings) {
  std::string code;
  std::optional<security::Language> language;
  bool open = false;
  int line = 0;
  int begun = 0;
  for (const std::string_view each : text::split_lines(text)) {
    ++line;
    const std::string_view trimmed = text::trim(each);
    if (!trimmed.starts_with("```") && !trimmed.starts_with("~~~")) {
      if (open) {
        code += std::string(each) + "\n";
      }
      continue;
    }
    if (open && language) {
      add_code(code, *language, file.path, begun, secrets, findings);
    }
    open = !open;
    begun = line;
    code.clear();
    const std::string_view name = text::trim(trimmed.substr(3));
    language = security::language_named(name.substr(0, name.find(' ')));
  }
}

}  // namespace

skills::FileScan skill_scan(const security::SecretScanner& secrets) {
  return [&secrets](const skills::FolderFile& file) {
    std::vector<skills::Finding> findings;
    const std::string_view text = std::string_view(file.text).substr(0, kMostScanned);
    const auto language = security::language_of(file.path, text);
    const bool code = language || file.path.ends_with(".md");
    const bool binary = text.substr(0, 4'096).find('\0') != std::string_view::npos;
    if (binary && !code) {
      return findings;
    }
    if (binary && text.size() < file.text.size()) {
      findings.push_back(
          {true, "size", file.path, 0, "it is code of which only the first MiB was looked at"});
    }
    for (const security::SecretScanner::Finding& found : secrets.scan(text)) {
      findings.push_back({true, "secret", file.path, line_at(text, found.start),
                          "it holds a secret (" + found.type + ")"});
    }
    if (file.path.ends_with(".md")) {
      add_fenced(file, text, secrets, findings);
    } else if (language) {
      add_code(text, *language, file.path, 0, secrets, findings);
    }
    return findings;
  };
}

}  // namespace oap::tools
