#include "orchestration/mission/markdown.hpp"

#include <algorithm>

#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

constexpr std::string_view kCommentOpen = "<!--";
constexpr std::string_view kCommentClose = "-->";

std::size_t run_of(std::string_view text, char c) {
  std::size_t length = 0;
  while (length < text.size() && text[length] == c) {
    ++length;
  }
  return length;
}

bool is_id_char(char c) {
  return text::is_alpha(c) || text::is_digit(c) || c == '.' || c == '-' || c == '_' || c == '/';
}

/// "M1", "T1.2", "SYNC-3": letters, perhaps a dash, digits, perhaps more parts.
std::size_t scheme_id(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && at < 8 && text[at] >= 'A' && text[at] <= 'Z') {
    ++at;
  }
  if (at == 0) {
    return 0;
  }
  if (at < text.size() && text[at] == '-') {
    ++at;
  }
  const std::size_t digits = at;
  while (at < text.size() && text::is_digit(text[at])) {
    ++at;
  }
  if (at == digits) {
    return 0;
  }
  while (at + 1 < text.size() && text[at] == '.' && text::is_digit(text[at + 1])) {
    ++at;
    while (at < text.size() && text::is_digit(text[at])) {
      ++at;
    }
  }
  return at;
}

std::size_t skip_spaces(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) {
    ++at;
  }
  return at;
}

/// The place after an id's colon, or nothing.
std::optional<std::size_t> after_colon(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != ':') {
    return std::nullopt;
  }
  const std::size_t next = at + 1;
  if (next < text.size() && text[next] != ' ' && text[next] != '\t') {
    return std::nullopt;
  }
  return skip_spaces(text, next);
}

/// "**word**:" and "`word`:"; in bold also "**word:**".
std::optional<LeadingId> quoted_id(std::string_view text, std::string_view quote) {
  if (!text.starts_with(quote)) {
    return std::nullopt;
  }
  const std::size_t end = text.find(quote, quote.size());
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view word = text.substr(quote.size(), end - quote.size());
  const bool colon_inside = word.ends_with(':');
  word = colon_inside ? word.substr(0, word.size() - 1) : word;
  if (word.empty() || word.size() > 64 || !std::all_of(word.begin(), word.end(), is_id_char)) {
    return std::nullopt;
  }
  const std::size_t after = end + quote.size();
  if (colon_inside) {
    return LeadingId{std::string(word), skip_spaces(text, after)};
  }
  const auto rest = after_colon(text, after);
  return rest ? std::optional(LeadingId{std::string(word), *rest}) : std::nullopt;
}

}  // namespace

bool MarkdownLines::fence(std::string_view line) {
  const std::string_view body = text::trim(line);
  if (in_fence_) {
    const std::size_t length = run_of(body, fence_char_);
    if (length >= fence_length_ && length == body.size()) {
      in_fence_ = false;
    }
    return true;
  }
  for (const char c : {'`', '~'}) {
    const std::size_t length = run_of(body, c);
    const bool info_ok = c == '~' || body.find('`', length) == std::string_view::npos;
    if (length >= 3 && info_ok) {
      in_fence_ = true;
      fence_char_ = c;
      fence_length_ = length;
      opened_ = number_;
      return true;
    }
  }
  return false;
}

bool MarkdownLines::is_text(std::string_view line) {
  ++number_;
  if (in_comment_) {
    in_comment_ = line.find(kCommentClose) == std::string_view::npos;
    return false;
  }
  if (fence(line)) {
    return false;
  }
  if (text::trim(line).starts_with(kCommentOpen)) {
    const std::size_t open = line.find(kCommentOpen);
    in_comment_ = line.find(kCommentClose, open + 2) == std::string_view::npos;
    opened_ = number_;
    return false;
  }
  return true;
}

std::optional<ListStart> list_start(std::string_view line) {
  ListStart start;
  std::size_t at = 0;
  for (; at < line.size() && (line[at] == ' ' || line[at] == '\t'); ++at) {
    start.indent = line[at] == '\t' ? (start.indent / 4 + 1) * 4 : start.indent + 1;
  }
  const std::size_t digits = at;
  while (at < line.size() && at - digits < 9 && text::is_digit(line[at])) {
    ++at;
  }
  const bool numbered = at > digits && at < line.size() && (line[at] == '.' || line[at] == ')');
  const bool bullet =
      at == digits && at < line.size() && (line[at] == '-' || line[at] == '*' || line[at] == '+');
  if (!numbered && !bullet) {
    return std::nullopt;
  }
  ++at;
  const std::size_t body = skip_spaces(line, at);
  if (body == at) {
    return std::nullopt;
  }
  start.body = body;
  const std::string_view rest = line.substr(body);
  if (rest.size() >= 3 && rest[0] == '[' && rest[2] == ']') {
    const bool spaced = rest.size() == 3 || rest[3] == ' ' || rest[3] == '\t';
    if (spaced) {
      start.mark = rest[1];
      start.mark_at = body + 1;
      start.body = skip_spaces(line, body + 3);
    } else {
      start.malformed = rest[3] != '(' && rest[3] != '[';
    }
  } else if (rest.starts_with("[]")) {
    start.malformed = rest.size() == 2 || rest[2] != '(';
  } else if (rest.size() >= 4 && rest[0] == '[' && rest.find(']') == 3 &&
             (rest[1] == ' ' || rest[2] == ' ')) {
    start.malformed = true;  // "[ x]", "[x ]"
  }
  return start;
}

bool is_metadata_key(std::string_view word) {
  return !word.empty() && word.size() <= 32 && text::is_alpha(word[0]) &&
         std::all_of(word.begin(), word.end(), [](char c) {
           return text::is_alpha(c) || text::is_digit(c) || c == '-' || c == '_';
         });
}

MetaText split_metadata(std::string_view line, std::size_t at) {
  MetaText out;
  const auto ends = [&](std::size_t from, std::size_t to) {
    while (to > from && text::is_space(line[to - 1])) {
      --to;
    }
    return to;
  };
  std::vector<MetaText::Entry> entries;
  for (std::size_t bar = line.find(" | ", at); bar != std::string_view::npos;
       bar = line.find(" | ", bar + 1)) {
    const std::size_t key = skip_spaces(line, bar + 3);
    const std::size_t colon = line.find(':', key);
    if (colon == std::string_view::npos) {
      break;
    }
    const std::string_view word = text::trim(line.substr(key, colon - key));
    if (!is_metadata_key(word)) {
      continue;
    }
    MetaText::Entry entry;
    entry.key = text::lower_ascii(word);
    entry.begin = bar;
    entry.value_begin = skip_spaces(line, colon + 1);
    entries.push_back(std::move(entry));
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::size_t end = i + 1 < entries.size() ? entries[i + 1].begin : line.size();
    entries[i].value_begin = std::min(entries[i].value_begin, end);
    entries[i].value_end = ends(entries[i].value_begin, end);
    entries[i].value =
        line.substr(entries[i].value_begin, entries[i].value_end - entries[i].value_begin);
  }
  out.text_end = ends(at, entries.empty() ? line.size() : entries.front().begin);
  out.text = line.substr(at, out.text_end - at);
  out.entries = std::move(entries);
  return out;
}

std::optional<LeadingId> leading_id(std::string_view text) {
  if (auto bold = quoted_id(text, "**")) {
    return bold;
  }
  if (auto code = quoted_id(text, "`")) {
    return code;
  }
  const std::size_t length = scheme_id(text);
  if (length == 0) {
    return std::nullopt;
  }
  const auto rest = after_colon(text, length);
  return rest ? std::optional(LeadingId{std::string(text.substr(0, length)), *rest}) : std::nullopt;
}

}  // namespace oap::orchestration
