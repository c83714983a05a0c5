#include "orchestration/mission/seal.hpp"

#include "orchestration/mission/markdown.hpp"
#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

constexpr std::string_view kOpen = "<mission_seal>";
constexpr std::string_view kClose = "</mission_seal>";
constexpr std::size_t kIndentedCode = 4;

bool is_prose(std::string_view line) {
  std::size_t indent = 0;
  for (const char c : line) {
    if (c == '\t') {
      return false;
    }
    if (c != ' ') {
      break;
    }
    ++indent;
  }
  return indent < kIndentedCode && !text::trim(line).starts_with('>');
}

bool is_tag(std::string_view line) {
  const std::string_view body = text::trim(line);
  if (!text::starts_with_ci(body, kOpen) || body.size() < kOpen.size() + kClose.size()) {
    return false;
  }
  const std::string_view end = body.substr(body.size() - kClose.size());
  const std::string_view inside =
      body.substr(kOpen.size(), body.size() - kOpen.size() - kClose.size());
  return text::equals_ci(end, kClose) && text::equals_ci(text::trim(inside), "SEALED");
}

}  // namespace

bool has_seal(std::string_view final_text) {
  MarkdownLines markdown;
  bool found = false;
  for (const std::string_view line : text::split_lines(final_text)) {
    found = (markdown.is_text(line) && is_prose(line) && is_tag(line)) || found;
  }
  return found;
}

std::string closing_question(std::string_view final_text) {
  MarkdownLines markdown;
  std::string_view last;
  for (const std::string_view line : text::split_lines(final_text)) {
    const std::string_view body = text::trim(line);
    if (markdown.is_text(line) && is_prose(line) && !body.empty()) {
      last = body;
    }
  }
  std::string_view ending = last;
  while (!ending.empty() && (ending.back() == '*' || ending.back() == '_' || ending.back() == '"' ||
                             ending.back() == ')')) {
    ending.remove_suffix(1);
  }
  return ending.ends_with('?') || ending.ends_with("？") ? std::string(last) : std::string();
}

}  // namespace oap::orchestration
