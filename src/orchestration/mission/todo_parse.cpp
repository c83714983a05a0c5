#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "orchestration/mission/markdown.hpp"
#include "orchestration/mission/todo.hpp"
#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

constexpr std::string_view kBom = "\xef\xbb\xbf";

std::optional<ItemState> state_of_mark(char mark) {
  switch (mark) {
    case ' ':
      return ItemState::kOpen;
    case 'x':
    case 'X':
      return ItemState::kDone;
    case '/':
      return ItemState::kInProgress;
    case '!':
      return ItemState::kBlocked;
    case '-':
      return ItemState::kFailed;
    case '~':
      return ItemState::kCancelled;
    default:
      return std::nullopt;
  }
}

bool is_open(ItemState state) {
  return state == ItemState::kOpen || state == ItemState::kInProgress;
}

bool is_size(std::string_view text) {
  static constexpr std::string_view kSizes[] = {"XS", "S", "M", "L", "XL"};
  const std::size_t paren = text.find('(');  // "XS(<10m)"
  return std::find(std::begin(kSizes), std::end(kSizes), text::trim(text.substr(0, paren))) !=
         std::end(kSizes);
}

std::string_view without_cr(std::string_view line) {
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

}  // namespace

/// Fills a document from its lines.
class TodoParser {
 public:
  explicit TodoParser(TodoDocument& document) : document_(document) {}

  void run() {
    for (std::size_t i = 0; i < document_.lines_.size(); ++i) {
      std::string_view line = without_cr(document_.lines_[i]);
      if (i == 0 && line.starts_with(kBom)) {
        line.remove_prefix(kBom.size());
      }
      if (markdown_.is_text(line)) {
        read(line, i + 1);
      }
    }
    if (markdown_.open_since() != 0) {
      problem(markdown_.open_since(),
              markdown_.in_fence() ? "this code fence is never closed; all after it is hidden"
                                   : "this comment is never closed; all after it is hidden");
    }
    relate();
    std::sort(document_.problems_.begin(), document_.problems_.end(),
              [](const auto& a, const auto& b) {
                return std::tie(a.line, a.text) < std::tie(b.line, b.text);
              });
  }

 private:
  void problem(std::size_t line, std::string text) {
    document_.problems_.push_back({line, std::move(text)});
  }

  void read(std::string_view line, std::size_t number) {
    const std::string_view body = text::trim(line);
    if (body.empty() || body.front() == '>' || body.front() == '|') {
      return;
    }
    if (line.front() == '#') {
      read_heading(line, number);
    } else if (const auto start = list_start(line)) {
      read_entry(line, *start, number);
    } else if (body.starts_with("[ ]") || body.starts_with("[x]") || body.starts_with("[X]")) {
      problem(number, "a mark without a list marker before it is no item; write '- [ ] …'");
    }
  }

  void read_heading(std::string_view line, std::size_t number) {
    std::size_t level = 0;
    while (level < line.size() && line[level] == '#') {
      ++level;
    }
    if (level > 6 || level == line.size() || (line[level] != ' ' && line[level] != '\t')) {
      return;
    }
    std::size_t at = level;
    while (at < line.size() && text::is_space(line[at])) {
      ++at;
    }
    const std::string_view title = line.substr(at);
    if (level == 1) {
      if (document_.goal_.empty() && text::starts_with_ci(title, "mission:")) {
        document_.goal_ = text::trim(title.substr(8));
      }
      return;
    }
    TodoItem item = describe(line, at, number);
    item.is_heading = true;
    item.depth = level;
    headings_.resize(std::min(headings_.size(), entries_of_level(level)));
    entries_.clear();
    if (item.id.empty() && item.metadata.empty()) {
      return;
    }
    finish(std::move(item), number);
    headings_.push_back({level, document_.items_.size() - 1});
  }

  /// How many of the open headings are above one of `level`.
  std::size_t entries_of_level(std::size_t level) const {
    std::size_t count = 0;
    while (count < headings_.size() && headings_[count].indent < level) {
      ++count;
    }
    return count;
  }

  void read_entry(std::string_view line, const ListStart& start, std::size_t number) {
    if (start.malformed) {
      problem(number, "this is nearly a mark; write '- [ ] text' or '- [x] text'");
      return;
    }
    TodoItem item = describe(line, start.body, number);
    if (!start.mark && (item.id.empty() || item.meta("status").empty())) {
      return;
    }
    while (!entries_.empty() && entries_.back().indent >= start.indent) {
      entries_.pop_back();
    }
    if (start.mark) {
      item.has_box = true;
      const auto state = state_of_mark(*start.mark);
      if (!state) {
        problem(number, fmt::format("unknown mark '[{}]'; the marks are [ ] open, [/] in progress, "
                                    "[x] done, [!] blocked, [-] failed, [~] cancelled",
                                    *start.mark));
      }
      reconcile(item, state.value_or(ItemState::kOpen));
    }
    item.depth = entries_.size();
    finish(std::move(item), number);
    entries_.push_back({start.indent, document_.items_.size() - 1});
  }

  TodoItem describe(std::string_view line, std::size_t at, std::size_t number) {
    TodoItem item;
    item.line = number;
    MetaText meta = split_metadata(line, at);
    if (const auto id = leading_id(meta.text)) {
      item.id = id->id;
      item.text = meta.text.substr(id->rest);
    } else {
      item.text = std::move(meta.text);
    }
    for (MetaText::Entry& entry : meta.entries) {
      if (!item.meta(entry.key).empty() && entry.key != "file") {
        problem(number, fmt::format("'{}:' is given twice", entry.key));
      }
      item.metadata.emplace_back(std::move(entry.key), std::move(entry.value));
    }
    if (item.id.empty()) {
      item.id = item.meta("id");
    }
    check_metadata(item, number);
    return item;
  }

  void check_metadata(TodoItem& item, std::size_t number) {
    if (const std::string_view status = item.meta("status"); !status.empty()) {
      if (const auto state = item_state_from(status)) {
        item.state = *state;
      } else {
        problem(number, fmt::format("unknown status '{}'; write pending, in_progress, done, "
                                    "blocked, failed or cancelled",
                                    status));
      }
    }
    if (const std::string_view size = item.meta("size"); !size.empty() && !is_size(size)) {
      problem(number, fmt::format("unknown size '{}'; the sizes are XS, S, M, L, XL", size));
    }
  }

  /// The mark and `status:` of one item: an open mark leaves the word to the latter.
  void reconcile(TodoItem& item, ItemState mark) {
    const auto word = item_state_from(item.meta("status"));
    if (!word) {
      item.state = mark;
    } else if (mark != ItemState::kOpen && *word != mark) {
      item.state = is_closed(mark) ? *word : mark;
      problem(item.line, fmt::format("the mark says {}, but status says {}", to_string(mark),
                                     to_string(*word)));
    } else if (mark == ItemState::kOpen && *word == ItemState::kDone) {
      item.state = ItemState::kOpen;
      problem(item.line, "status says done, but the mark is open");
    }
  }

  void finish(TodoItem item, std::size_t number) {
    if (document_.items_.size() == TodoDocument::kMaxItems) {
      problem(number,
              fmt::format("more than {} items; the rest is not read", TodoDocument::kMaxItems));
    }
    if (document_.items_.size() > TodoDocument::kMaxItems) {
      return;
    }
    if (item.text.empty() && item.id.empty()) {
      problem(number, "an item without a text");
    }
    const std::size_t index = document_.items_.size();
    if (!entries_.empty()) {
      item.parent = entries_.back().index;
    } else if (!headings_.empty()) {
      item.parent = headings_.back().index;
    }
    if (item.parent) {
      document_.items_[*item.parent].children.push_back(index);
    }
    document_.items_.push_back(std::move(item));
  }

  void relate() {
    name_all();
    for (TodoItem& item : document_.items_) {
      const ItemState above =
          item.parent ? document_.items_[*item.parent].effective : ItemState::kOpen;
      const bool handed_down = above == ItemState::kCancelled || above == ItemState::kFailed ||
                               above == ItemState::kBlocked;
      item.effective = is_open(item.state) && handed_down ? above : item.state;
    }
    for (std::size_t i = document_.items_.size(); i-- > 0;) {
      if (!document_.items_[i].is_leaf()) {
        sum_up(document_.items_[i]);
      }
    }
    check_dependencies();
  }

  void name_all() {
    std::map<std::string, std::size_t, std::less<>> lines;
    std::map<std::string, int> same_text;
    for (TodoItem& item : document_.items_) {
      if (item.id.empty()) {
        const std::string above = item.parent ? document_.items_[*item.parent].key : std::string();
        item.key = above + "\n" + item.text;
        if (const int count = ++same_text[item.key]; count > 1) {
          item.key += fmt::format("\n{}", count);
        }
      } else {
        item.key = item.id;
        if (const auto found = lines.find(item.id); found != lines.end()) {
          problem(item.line,
                  fmt::format("the id {} is on line {} already", item.id, found->second));
          item.key = fmt::format("{}\nline {}", item.id, item.line);
        }
      }
      lines.emplace(item.key, item.line);
    }
  }

  void sum_up(TodoItem& item) {
    bool all_closed = true;
    bool all_cancelled = true;
    bool any_work = false;
    std::optional<ItemState> stuck;
    const TodoItem* open = nullptr;
    for (const std::size_t index : item.children) {
      const TodoItem& child = document_.items_[index];
      all_closed = all_closed && is_closed(child.effective);
      all_cancelled = all_cancelled && child.effective == ItemState::kCancelled;
      any_work = any_work || child.effective != ItemState::kOpen;
      if (!is_closed(child.effective) && open == nullptr) {
        open = &child;
      }
      if (child.effective == ItemState::kFailed ||
          (child.effective == ItemState::kBlocked && !stuck)) {
        stuck = child.effective;
      }
    }
    if (item.state == ItemState::kDone && open != nullptr) {
      problem(item.line, fmt::format("{} is marked done, but {} (line {}) below it is {}",
                                     item.id.empty() ? "'" + item.text + "'" : item.id,
                                     open->id.empty() ? "'" + open->text + "'" : open->id,
                                     open->line, to_string(open->effective)));
    }
    if (all_closed) {
      item.effective = all_cancelled ? ItemState::kCancelled : ItemState::kDone;
    } else if (stuck) {
      item.effective = *stuck;
    } else {
      item.effective = any_work ? ItemState::kInProgress : ItemState::kOpen;
    }
  }

  void check_dependencies() {
    std::map<std::string_view, std::size_t> ids;
    for (std::size_t i = 0; i < document_.items_.size(); ++i) {
      if (!document_.items_[i].id.empty()) {
        ids.emplace(document_.items_[i].id, i);
      }
    }
    std::vector<std::vector<std::size_t>> needs(document_.items_.size());
    for (std::size_t i = 0; i < document_.items_.size(); ++i) {
      for (const std::string& id : document_.items_[i].depends()) {
        const auto found = ids.find(id);
        if (found == ids.end()) {
          problem(document_.items_[i].line, fmt::format("depends on {}, which is not here", id));
        } else {
          needs[i].push_back(found->second);
        }
      }
    }
    find_cycle(needs);
  }

  /// Depth first without recursion: 0 not seen, 1 on the way, 2 done.
  void find_cycle(const std::vector<std::vector<std::size_t>>& needs) {
    std::vector<int> seen(needs.size(), 0);
    for (std::size_t start = 0; start < needs.size(); ++start) {
      std::vector<std::pair<std::size_t, std::size_t>> way;
      if (seen[start] == 0) {
        way.emplace_back(start, 0);
        seen[start] = 1;
      }
      while (!way.empty()) {
        auto& [index, next] = way.back();
        if (next == needs[index].size()) {
          seen[index] = 2;
          way.pop_back();
          continue;
        }
        const std::size_t to = needs[index][next++];
        if (seen[to] == 1) {
          problem(document_.items_[to].line,
                  fmt::format("{} depends on itself, by way of {}", document_.items_[to].id,
                              document_.items_[index].id));
          return;
        }
        if (seen[to] == 0) {
          seen[to] = 1;
          way.emplace_back(to, 0);
        }
      }
    }
  }

  struct Open {
    std::size_t indent;
    std::size_t index;
  };
  TodoDocument& document_;
  MarkdownLines markdown_;
  std::vector<Open> headings_;
  std::vector<Open> entries_;
};

TodoDocument TodoDocument::parse(std::string_view text) {
  TodoDocument document;
  if (text.size() > kMaxBytes) {
    document.problems_.push_back(
        {1, fmt::format("the file is larger than {} bytes; nothing of it is read", kMaxBytes)});
    document.lines_.emplace_back(text);
    document.ends_with_newline_ = false;
    return document;
  }
  document.ends_with_newline_ = text.ends_with('\n');
  if (!text.empty()) {
    if (document.ends_with_newline_) {
      text.remove_suffix(1);
    }
    for (const std::string_view line : text::split(text, '\n')) {
      document.lines_.emplace_back(line);
    }
  }
  TodoParser(document).run();
  return document;
}

}  // namespace oap::orchestration
