#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "orchestration/mission/markdown.hpp"
#include "orchestration/mission/todo.hpp"
#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

constexpr std::string_view kBom = "\xef\xbb\xbf";

char mark_of(ItemState state) {
  switch (state) {
    case ItemState::kOpen:
      return ' ';
    case ItemState::kInProgress:
      return '/';
    case ItemState::kDone:
      return 'x';
    case ItemState::kBlocked:
      return '!';
    case ItemState::kFailed:
      return '-';
    case ItemState::kCancelled:
      return '~';
  }
  return ' ';
}

/// One line taken apart: a byte order mark before it, its text, a "\r" after it.
struct Line {
  explicit Line(std::string& whole) : whole(whole) {
    begin = whole.starts_with(kBom) ? kBom.size() : 0;
    end = whole.ends_with('\r') ? whole.size() - 1 : whole.size();
  }
  std::string_view body() const { return std::string_view(whole).substr(begin, end - begin); }
  void replace(std::size_t at, std::size_t length, std::string_view text) {
    whole.replace(begin + at, length, text);
    end = end + text.size() - length;
  }
  std::string& whole;
  std::size_t begin = 0;
  std::size_t end = 0;
};

std::size_t text_begin(std::string_view line) {
  if (const auto start = list_start(line)) {
    return start->body;
  }
  std::size_t at = 0;
  while (at < line.size() && (line[at] == '#' || text::is_space(line[at]))) {
    ++at;
  }
  return at;
}

void set_entry(std::string& whole, std::string_view key, std::string_view value) {
  Line line(whole);
  const MetaText meta = split_metadata(line.body(), text_begin(line.body()));
  for (const MetaText::Entry& entry : meta.entries) {
    if (entry.key != key) {
      continue;
    }
    if (value.empty()) {
      line.replace(entry.begin, entry.value_end - entry.begin, "");
    } else {
      line.replace(entry.value_begin, entry.value_end - entry.value_begin, value);
    }
    return;
  }
  if (!value.empty()) {
    std::size_t at = line.body().size();
    while (at > 0 && text::is_space(line.body()[at - 1])) {
      --at;
    }
    line.replace(at, line.body().size() - at, fmt::format(" | {}: {}", key, value));
  }
}

Result<void> check_value(std::string_view what, std::string_view value) {
  if (value.find_first_of("\r\n") != std::string_view::npos) {
    return fail(Error(Code::kInvalidArgument,
                      fmt::format("{} must be one line; put the rest into a file", what),
                      Audience::kModel));
  }
  if (value.find(" | ") != std::string_view::npos && what != "check") {
    return fail(Error(Code::kInvalidArgument,
                      fmt::format("{} may not hold ' | ': metadata begins there", what),
                      Audience::kModel));
  }
  return {};
}

}  // namespace

void TodoDocument::put_mark(const TodoItem& item, ItemState state) {
  std::string& whole = lines_[item.line - 1];
  if (item.has_box) {
    Line line(whole);
    if (const auto start = list_start(line.body()); start && start->mark) {
      line.replace(start->mark_at, 1, std::string_view(std::string(1, mark_of(state))));
    }
  }
  if (!item.meta("status").empty() || !item.has_box) {
    set_entry(whole, "status", state == ItemState::kOpen ? "pending" : to_string(state));
  }
}

/// Items above with a mark of their own follow those below them.
void TodoDocument::settle_above(std::string_view key) {
  std::string at(key);
  while (true) {
    const auto item = std::find_if(items_.begin(), items_.end(),
                                   [&](const TodoItem& one) { return one.key == at; });
    if (item == items_.end() || !item->parent) {
      return;
    }
    const TodoItem above = items_[*item->parent];
    const bool all_closed =
        std::all_of(above.children.begin(), above.children.end(),
                    [this](std::size_t child) { return is_closed(items_[child].effective); });
    const bool marked = above.has_box || !above.meta("status").empty();
    if (marked && all_closed && !is_closed(above.state)) {
      put_mark(above, ItemState::kDone);
      reparse();
    } else if (marked && !all_closed && above.state == ItemState::kDone) {
      put_mark(above, ItemState::kOpen);
      reparse();
    }
    at = above.key;
  }
}

Result<void> TodoDocument::set_state(std::string_view name, ItemState state) {
  OAP_TRY(const std::size_t index, index_of(name));
  const TodoItem item = items_[index];
  if (state == ItemState::kDone) {
    for (const std::size_t child : item.children) {
      if (!is_closed(items_[child].effective)) {
        return fail(
            Error(Code::kFailedPrecondition,
                  fmt::format("{} cannot be done: {} (line {}) below it is {}", name,
                              items_[child].id.empty() ? items_[child].text : items_[child].id,
                              items_[child].line, to_string(items_[child].effective)),
                  Audience::kModel));
      }
    }
  }
  put_mark(item, state);
  reparse();
  settle_above(item.key);
  return {};
}

Result<void> TodoDocument::set_metadata(std::string_view name, std::string_view key,
                                        std::string_view value) {
  if (!is_metadata_key(key)) {
    return fail(Error(Code::kInvalidArgument, fmt::format("'{}' is no metadata key", key),
                      Audience::kModel));
  }
  OAP_CHECK_OK(check_value(key, value));
  OAP_TRY(const std::size_t index, index_of(name));
  set_entry(lines_[items_[index].line - 1], text::lower_ascii(key), text::trim(value));
  reparse();
  return {};
}

Result<void> TodoDocument::set_text(std::string_view name, std::string_view text) {
  OAP_CHECK_OK(check_value("the text", text));
  OAP_TRY(const std::size_t index, index_of(name));
  Line line(lines_[items_[index].line - 1]);
  const std::size_t at = text_begin(line.body());
  const MetaText meta = split_metadata(line.body(), at);
  const auto id = leading_id(meta.text);
  const std::size_t begin = at + (id ? id->rest : 0);
  line.replace(begin, meta.text_end - begin, text::trim(text));
  reparse();
  return {};
}

std::size_t TodoDocument::last_line_below(std::size_t index) const {
  std::size_t last = items_[index].line;
  for (std::size_t i = index + 1; i < items_.size(); ++i) {
    bool below = false;
    for (auto above = items_[i].parent; above && !below; above = items_[*above].parent) {
      below = *above == index;
    }
    if (!below) {
      break;
    }
    last = items_[i].line;
  }
  return last;
}

/// The next id below a parent: M1 → T1.1 → S1.1.1, G1 → P1.1 → T1.1.1; at the top M1, M2, …
std::string TodoDocument::fresh_id(const TodoItem* parent) const {
  std::set<std::string, std::less<>> taken;
  for (const TodoItem& item : items_) {
    taken.insert(item.id);
  }
  std::string lead = "T";
  std::string numbers;
  if (parent != nullptr && !parent->id.empty()) {
    const std::size_t digit = parent->id.find_first_of("0123456789");
    const std::string kind = parent->id.substr(0, digit);
    lead = kind == "M" ? "T" : kind == "G" ? "P" : kind == "P" ? "T" : kind == "T" ? "S" : kind;
    numbers = digit == std::string::npos ? parent->id + "." : parent->id.substr(digit) + ".";
    lead = digit == std::string::npos ? "" : lead;
  }
  for (int n = 1;; ++n) {
    std::string id = fmt::format("{}{}{}", lead, numbers, n);
    if (!taken.contains(id)) {
      return id;
    }
  }
}

std::string TodoDocument::line_for(const NewItem& item, const TodoItem* parent,
                                   const std::string& id) const {
  std::size_t indent = 0;
  char marker = '-';
  if (parent != nullptr && !parent->is_heading) {
    const auto start = list_start(lines_[parent->line - 1]);
    indent = start ? start->indent + 2 : 0;
  }
  if (parent != nullptr && !parent->children.empty()) {
    const std::string& sibling = lines_[items_[parent->children.back()].line - 1];
    if (const auto start = list_start(sibling)) {
      indent = start->indent;
      const char found = sibling[std::min(sibling.size() - 1, sibling.find_first_not_of(" \t"))];
      marker = text::is_digit(found) ? '-' : found;
    }
  }
  const bool plain = leading_id(id + ": x").has_value();
  std::string line = std::string(indent, ' ') + marker + " [ ] " + (plain ? id : "**" + id + "**") +
                     ": " + std::string(text::trim(item.text));
  for (const auto& [key, value] : item.metadata) {
    if (!value.empty()) {
      line += fmt::format(" | {}: {}", text::lower_ascii(key), text::trim(value));
    }
  }
  return line;
}

Result<std::string> TodoDocument::add(const NewItem& item) {
  OAP_CHECK_OK(check_value("the text", item.text));
  if (text::trim(item.text).empty()) {
    return fail(Error(Code::kInvalidArgument, "an item needs a text", Audience::kModel));
  }
  for (const auto& [key, value] : item.metadata) {
    if (!is_metadata_key(key)) {
      return fail(Error(Code::kInvalidArgument, fmt::format("'{}' is no metadata key", key),
                        Audience::kModel));
    }
    OAP_CHECK_OK(check_value(key, value));
  }
  std::optional<std::size_t> parent;
  if (!text::trim(item.parent).empty()) {
    OAP_TRY(parent, index_of(item.parent));
  }
  const TodoItem* const above = parent ? &items_[*parent] : nullptr;
  const std::string id = item.id.empty() ? fresh_id(above) : std::string(text::trim(item.id));
  if (!leading_id("**" + id + "**: x")) {
    return fail(Error(Code::kInvalidArgument,
                      fmt::format("'{}' is no id: letters, digits, '.', '-', '_'", id),
                      Audience::kModel));
  }
  if (!item.id.empty() && find(id)) {
    return fail(Error(Code::kAlreadyExists, fmt::format("there is an item {} already", id),
                      Audience::kModel));
  }
  std::string line = line_for(item, above, id);
  const bool crlf = !lines_.empty() && lines_.front().ends_with('\r');
  line += crlf ? "\r" : "";
  if (parent) {
    const auto at = static_cast<std::ptrdiff_t>(last_line_below(*parent));
    lines_.insert(lines_.begin() + at, std::move(line));
  } else {
    lines_.push_back(std::move(line));
    ends_with_newline_ = true;
  }
  reparse();
  if (!find(id)) {
    return fail(Error(Code::kFailedPrecondition,
                      "the new item would be inside a code fence or comment that is never closed; "
                      "close it first",
                      Audience::kModel));
  }
  settle_above(id);
  return id;
}

Result<void> TodoDocument::remove(std::string_view name) {
  OAP_TRY(const std::size_t index, index_of(name));
  const std::string above =
      items_[index].parent ? items_[*items_[index].parent].key : std::string();
  std::vector<std::size_t> gone = {items_[index].line - 1};
  const std::size_t last = last_line_below(index);
  for (const TodoItem& item : items_) {
    if (item.line > items_[index].line && item.line <= last) {
      gone.push_back(item.line - 1);
    }
  }
  for (auto line = gone.rbegin(); line != gone.rend(); ++line) {
    lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(*line));
  }
  reparse();
  return {};
}

}  // namespace oap::orchestration
