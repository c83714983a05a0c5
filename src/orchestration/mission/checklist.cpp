#include "orchestration/mission/checklist.hpp"

#include <array>
#include <utility>

#include "orchestration/mission/markdown.hpp"
#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

struct Category {
  std::string_view word;
  std::string_view name;
};
constexpr std::array<Category, 15> kCategories = {{{"lint", "code"},
                                                   {"type", "code"},
                                                   {"quality", "code"},
                                                   {"unit", "unit"},
                                                   {"integration", "integration"},
                                                   {"e2e", "integration"},
                                                   {"end-to-end", "integration"},
                                                   {"build", "build"},
                                                   {"runtime", "runtime"},
                                                   {"start", "runtime"},
                                                   {"run", "runtime"},
                                                   {"infrastructure", "infrastructure"},
                                                   {"docker", "infrastructure"},
                                                   {"deploy", "infrastructure"},
                                                   {"test", "unit"}}};

std::string category_of(std::string_view heading) {
  const std::string words = text::lower_ascii(heading);
  for (const Category& category : kCategories) {
    if (text::contains(words, category.word)) {
      return std::string(category.name);
    }
  }
  return "custom";
}

std::string_view without_cr(std::string_view line) {
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

std::size_t heading_level(std::string_view line) {
  std::size_t level = 0;
  while (level < line.size() && line[level] == '#') {
    ++level;
  }
  return level > 0 && level <= 6 && (level == line.size() || text::is_space(line[level])) ? level
                                                                                          : 0;
}

bool is_rule(std::string_view body) {
  return body.size() >= 3 && body.find_first_not_of("-*_= ") == std::string_view::npos;
}

bool says_clean(std::string_view body) {
  static constexpr std::array<std::string_view, 6> kStarts = {
      "no open issues", "no issues", "all clear", "all resolved", "no sync issues", "none"};
  std::string words = text::lower_ascii(body);
  while (!words.empty() && (words.back() == '.' || words.back() == '!' || words.back() == '*' ||
                            words.back() == '_')) {
    words.pop_back();
  }
  words.erase(0, words.find_first_not_of("*_- ") == std::string::npos
                     ? words.size()
                     : words.find_first_not_of("*_- "));
  if (words == "clean" || words == "resolved" || words.empty()) {
    return true;
  }
  for (const std::string_view start : kStarts) {
    const bool whole = words.size() == start.size() ||
                       (words.size() > start.size() && !text::is_alpha(words[start.size()]));
    if (words.starts_with(start) && whole && start != "none") {
      return true;
    }
  }
  return words == "none";
}

bool is_resolved(std::string_view word) {
  const std::string text = text::lower_ascii(text::trim(word));
  return text.starts_with("resolved") || text.starts_with("fixed") || text.starts_with("closed") ||
         text.starts_with("done");
}

/// "Status: resolved", "**Status**: resolved", "- Status: resolved".
bool is_resolved_line(std::string_view body) {
  std::string plain;
  for (const char c : body) {
    if (c != '*' && c != '_' && c != '`') {
      plain += c;
    }
  }
  std::string_view line = text::trim(plain);
  if (line.starts_with("- ") || line.starts_with("+ ")) {
    line = text::trim(line.substr(2));
  }
  return text::starts_with_ci(line, "status") && line.find(':') != std::string_view::npos &&
         is_resolved(line.substr(line.find(':') + 1));
}

/// Reads issues block by block.
class IssueReader {
 public:
  SyncIssues run(std::string_view text) {
    std::size_t number = 0;
    for (const std::string_view raw : text::split(text, '\n')) {
      ++number;
      const std::string_view line = without_cr(raw);
      if (markdown_.is_text(line)) {
        read(line, number);
      } else {
        in_paragraph_ = in_paragraph_ && !text::trim(line).empty();
      }
    }
    close();
    if (markdown_.open_since() != 0) {
      out_.problems.push_back({markdown_.open_since(),
                               "a code fence or comment is never closed; all after it is "
                               "hidden"});
    }
    return std::move(out_);
  }

 private:
  void read(std::string_view line, std::size_t number) {
    const std::string_view body = text::trim(line);
    const std::size_t level = heading_level(line);
    if (level > 0) {
      heading(text::trim(line.substr(level)), level, number);
      return;
    }
    if (body.empty()) {
      in_paragraph_ = false;
      return;
    }
    if (block_) {
      resolved_ = resolved_ || is_resolved_line(body);
      return;
    }
    if (is_rule(body) || body.front() == '|' || says_clean(body)) {
      in_paragraph_ = false;
      return;
    }
    if (const auto start = list_start(line)) {
      entry(line, *start, number);
    } else if (!in_paragraph_ && !in_entry_) {
      out_.open.push_back({"", std::string(body), number});
    }
    in_paragraph_ = true;
  }

  void heading(std::string_view title, std::size_t level, std::size_t number) {
    in_paragraph_ = in_entry_ = false;
    if (block_ && level > block_level_) {
      return;
    }
    close();
    const auto id = leading_id(title);
    const bool sync = text::starts_with_ci(title, "SYNC-");
    if (level >= 2 && (id || sync)) {
      const std::size_t end = title.find_first_of(": ");
      block_ =
          SyncIssue{id ? id->id : std::string(title.substr(0, end)), std::string(title), number};
      block_level_ = level;
      const MetaText meta = split_metadata(title, 0);
      for (const MetaText::Entry& piece : meta.entries) {
        resolved_ = resolved_ || (piece.key == "status" && is_resolved(piece.value));
      }
    }
  }

  void entry(std::string_view line, const ListStart& start, std::size_t number) {
    if (start.indent > 0 && in_entry_) {
      return;
    }
    const MetaText meta = split_metadata(line, start.body);
    bool closed = start.mark && (*start.mark == 'x' || *start.mark == 'X' || *start.mark == '~');
    for (const MetaText::Entry& piece : meta.entries) {
      closed = closed || (piece.key == "status" && is_resolved(piece.value));
    }
    in_entry_ = true;
    if (!closed && !says_clean(meta.text)) {
      const auto id = leading_id(meta.text);
      out_.open.push_back({id ? id->id : "", meta.text, number});
    }
  }

  void close() {
    if (block_ && !resolved_) {
      out_.open.push_back(*std::move(block_));
    }
    block_.reset();
    resolved_ = false;
  }

  SyncIssues out_;
  MarkdownLines markdown_;
  std::optional<SyncIssue> block_;
  std::size_t block_level_ = 0;
  bool resolved_ = false;
  bool in_paragraph_ = false;
  bool in_entry_ = false;
};

}  // namespace

Checklist parse_checklist(std::string_view text) {
  Checklist out;
  const TodoDocument document = TodoDocument::parse(text);
  out.problems = document.problems();
  std::vector<std::pair<std::size_t, std::string>> headings;
  MarkdownLines markdown;
  std::size_t number = 0;
  for (const std::string_view raw : text::split(text, '\n')) {
    ++number;
    const std::string_view line = without_cr(raw);
    if (markdown.is_text(line) && heading_level(line) >= 2) {
      headings.emplace_back(number, category_of(line));
    }
  }
  for (const TodoItem& item : document.items()) {
    if (!item.is_leaf() || item.is_heading) {
      continue;
    }
    CheckItem check;
    check.id = item.id;
    check.text = item.text;
    check.category = "custom";
    for (const auto& [line, category] : headings) {
      check.category = line < item.line ? category : check.category;
    }
    check.check = item.meta("check");
    check.done = item.effective == ItemState::kDone;
    check.cancelled = item.effective == ItemState::kCancelled;
    check.line = item.line;
    out.items.push_back(std::move(check));
  }
  if (out.items.empty()) {
    out.problems.push_back({1, "the checklist has no item; write '- [ ] what is verified'"});
  }
  return out;
}

SyncIssues parse_sync_issues(std::string_view text) { return IssueReader().run(text); }

}  // namespace oap::orchestration
