#include "skills/marks.hpp"

#include <algorithm>
#include <array>

#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::skills {
namespace {

constexpr std::size_t kMostFindings = 200;
constexpr std::size_t kMostScanned = 1U << 20U;

/// One phrase, lower case and with single blanks.
struct Phrase {
  std::string_view text;
  bool blocks;
};
constexpr Phrase kPhrases[] = {
    {"ignore previous instructions", true},
    {"ignore all previous instructions", true},
    {"ignore the previous instructions", true},
    {"ignore any previous instructions", true},
    {"ignore all prior instructions", true},
    {"ignore prior instructions", true},
    {"ignore your instructions", true},
    {"ignore the system prompt", true},
    {"ignore above instructions", true},
    {"ignore the above instructions", true},
    {"disregard previous instructions", true},
    {"disregard all previous", true},
    {"disregard your instructions", true},
    {"disregard the system prompt", true},
    {"forget your instructions", true},
    {"forget all previous instructions", true},
    {"override your instructions", true},
    {"override the system prompt", true},
    {"reveal your system prompt", true},
    {"print your system prompt", true},
    {"do not tell the user", true},
    {"don't tell the user", true},
    {"do not inform the user", true},
    {"do not mention this to the user", true},
    {"don't mention this to the user", true},
    {"without telling the user", true},
    {"without informing the user", true},
    {"without the user's knowledge", true},
    {"hide this from the user", true},
    {"keep this secret from the user", true},
    {"never reveal this to the user", true},
    {"you are no longer bound", true},
    {"developer mode enabled", true},
    {"exfiltrate", true},
    {"bypass the approval", true},
    {"bypass approval", true},
    {"disable the sandbox", true},
    {"approve automatically without", true},
    {"<system>", false},
    {"[system]", false},
    {"<|im_start|>", true},
    {"new instructions:", false},
    {"you are now", false},
};

/// Lower case, every run of white space one blank; `lines` is the line of each byte.
struct Folded {
  std::string text;
  std::vector<int> lines;
};

Folded fold(std::string_view source) {
  Folded folded;
  int line = 1;
  for (const char c : source) {
    if (text::is_space(c) || c == '*' || c == '_' || c == '`') {
      if (!folded.text.empty() && folded.text.back() != ' ') {
        folded.text += ' ';
        folded.lines.push_back(line);
      }
    } else {
      folded.text += text::to_lower(c);
      folded.lines.push_back(line);
    }
    line += c == '\n' ? 1 : 0;
  }
  return folded;
}

void find_phrases(const FolderFile& file, std::vector<Finding>& findings) {
  const Folded folded = fold(std::string_view(file.text).substr(0, kMostScanned));
  for (const Phrase& phrase : kPhrases) {
    const std::size_t at = folded.text.find(phrase.text);
    if (at != std::string::npos) {
      findings.push_back({phrase.blocks, "injection", file.path, folded.lines[at],
                          fmt::format("it says \"{}\"", phrase.text)});
    }
  }
}

/// What stands in ordinary prose, tables and emoji: no sign of hiding.
bool is_ordinary(char32_t c, bool at_start) {
  return c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == 0xA0 || c == 0x202F ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x3000 || c == 0x200D || c == 0xFE0F || c == 0xFE0E ||
         (c == 0xFEFF && at_start);
}

bool is_text(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, 4'096);
  return head.find('\0') == std::string_view::npos;
}

void find_hidden(const FolderFile& file, std::vector<Finding>& findings) {
  int line = 1;
  const text::CodePoints points(std::string_view(file.text).substr(0, kMostScanned));
  for (auto at = points.begin(); at != points.end(); ++at) {
    const text::CodePoint point = *at;
    line += point.value == '\n' ? 1 : 0;
    if (point.valid && text::is_deceptive(point.value) &&
        !is_ordinary(point.value, at.offset() == 0)) {
      findings.push_back(
          {true, "hidden_text", file.path, line,
           fmt::format("the character U+{:04X} cannot be seen or changes how the text reads",
                       static_cast<std::uint32_t>(point.value))});
      return;
    }
  }
}

}  // namespace

json::Object to_json(const Finding& finding) {
  return {{"blocks", finding.blocks},
          {"kind", finding.kind},
          {"file", finding.file},
          {"line", finding.line},
          {"what", finding.what}};
}

std::vector<Finding> scan(const Folder& folder, const FileScan& file_scan) {
  std::vector<Finding> findings;
  for (const FolderFile& file : folder.files) {
    if (is_text(file.text)) {
      find_hidden(file, findings);
      find_phrases(file, findings);
      if (file.text.size() > kMostScanned) {
        findings.push_back({true, "size", file.path, 0,
                            fmt::format("only the first {} bytes were looked at", kMostScanned)});
      }
    }
    if (file_scan) {
      std::vector<Finding> more = file_scan(file);
      findings.insert(findings.end(), std::make_move_iterator(more.begin()),
                      std::make_move_iterator(more.end()));
    }
  }
  std::vector<Finding> sorted;
  for (const bool blocking : {true, false}) {
    for (const Finding& finding : findings) {
      if (finding.blocks == blocking && sorted.size() < kMostFindings) {
        sorted.push_back(finding);
      }
    }
  }
  return sorted;
}

bool blocks(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.blocks; });
}

}  // namespace oap::skills
