#include "terminal/editor.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "terminal/paste_marks.hpp"
#include "terminal/width.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::terminal {
namespace {

using Kind = Key::Kind;
constexpr std::size_t kMaxHistory = 2'000;

std::string without_marks(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const text::CodePoint point : text::CodePoints(text)) {
    text::append_utf8(out, is_mark(point.value) ? U'\uFFFD' : point.value);
  }
  return out;
}

bool is_space_at(std::string_view text, std::size_t at) { return text::is_space(text[at]); }

}  // namespace

Asked Editor::press(const Key& key) {
  if (search_) {
    return search_key(key);
  }
  switch (key.kind) {
    case Kind::kText:
      if (key.text.size() > kPasteShown) {
        paste(key.text);
      } else {
        insert(without_marks(key.text));
      }
      return Asked::kNothing;
    case Kind::kPaste:
      paste(key.text);
      return Asked::kNothing;
    case Kind::kEnter:
      if (cursor_ > 0 && text_[cursor_ - 1] == '\\') {
        erase(cursor_ - 1, cursor_);
        insert("\n");
        return Asked::kNothing;
      }
      return Asked::kSubmit;
    case Kind::kNewline:
      insert("\n");
      return Asked::kNothing;
    case Kind::kTab:
      return Asked::kComplete;
    case Kind::kEscape:
      return Asked::kEscape;
    case Kind::kControl:
      return control(key.text.empty() ? ' ' : key.text[0]);
    case Kind::kBackspace:
      if (cursor_ > 0) {
        erase(cluster_before(text_, cursor_), cursor_);
      }
      return Asked::kNothing;
    case Kind::kDelete:
      if (cursor_ < text_.size()) {
        erase(cursor_, cursor_ + cluster_at(text_, cursor_).length);
      }
      return Asked::kNothing;
    case Kind::kEraseWord:
      kill(word_left(), cursor_);
      return Asked::kNothing;
    case Kind::kEraseWordRight:
      kill(cursor_, word_right());
      return Asked::kNothing;
    case Kind::kLeft:
    case Kind::kRight:
    case Kind::kUp:
    case Kind::kDown:
    case Kind::kHome:
    case Kind::kEnd:
    case Kind::kWordLeft:
    case Kind::kWordRight:
    case Kind::kPageUp:
    case Kind::kPageDown:
    case Kind::kBackTab:
      move(key.kind);
      return Asked::kNothing;
  }
  return Asked::kNothing;
}

Asked Editor::control(char letter) {
  switch (letter) {
    case 'a':
      cursor_ = line_start();
      return Asked::kNothing;
    case 'e':
      cursor_ = line_end();
      return Asked::kNothing;
    case 'b':
      move(Kind::kLeft);
      return Asked::kNothing;
    case 'f':
      move(Kind::kRight);
      return Asked::kNothing;
    case 'p':
      older();
      return Asked::kNothing;
    case 'n':
      newer();
      return Asked::kNothing;
    case 'u':
      kill(line_start(), cursor_);
      return Asked::kNothing;
    case 'k':
      kill(cursor_, cursor_ < text_.size() && text_[cursor_] == '\n' ? cursor_ + 1 : line_end());
      return Asked::kNothing;
    case 'y':
      insert(killed_);
      return Asked::kNothing;
    case 'r':
      search_ = "";
      return Asked::kNothing;
    case 'c':
      return Asked::kInterrupt;
    case 'd':
      if (text_.empty()) {
        return Asked::kEnd;
      }
      return press({Kind::kDelete, ""});
    case 'l':
      return Asked::kClear;
    case 'z':
      return Asked::kSuspend;
    default:
      return Asked::kOther;
  }
}

void Editor::move(Kind kind) {
  if (kind == Kind::kLeft) {
    cursor_ = cursor_ > 0 ? cluster_before(text_, cursor_) : 0;
  } else if (kind == Kind::kRight) {
    cursor_ += cursor_ < text_.size() ? cluster_at(text_, cursor_).length : 0;
  } else if (kind == Kind::kHome) {
    cursor_ = line_start();
  } else if (kind == Kind::kEnd) {
    cursor_ = line_end();
  } else if (kind == Kind::kWordLeft) {
    cursor_ = word_left();
  } else if (kind == Kind::kWordRight) {
    cursor_ = word_right();
  } else if (kind == Kind::kUp) {
    vertical(-1);
  } else if (kind == Kind::kDown) {
    vertical(1);
  } else if (kind == Kind::kPageUp) {
    older();
  } else if (kind == Kind::kPageDown) {
    newer();
  }
}

void Editor::vertical(int direction) {
  const std::size_t start = line_start();
  const std::size_t column = columns_of(std::string_view(text_).substr(start, cursor_ - start));
  if (direction < 0) {
    if (start == 0) {
      older();
      return;
    }
    const std::size_t above = start < 2 ? std::string::npos : text_.rfind('\n', start - 2);
    const std::size_t from = above == std::string::npos ? 0 : above + 1;
    const auto row = std::string_view(text_).substr(from, start - 1 - from);
    cursor_ = from + fitting(row, column).size();
    return;
  }
  const std::size_t end = line_end();
  if (end == text_.size()) {
    newer();
    return;
  }
  const std::size_t below = text_.find('\n', end + 1);
  const std::size_t to = below == std::string::npos ? text_.size() : below;
  const auto row = std::string_view(text_).substr(end + 1, to - end - 1);
  cursor_ = end + 1 + fitting(row, column).size();
}

void Editor::older() {
  if (at_ == 0) {
    return;
  }
  if (at_ == history_.size()) {
    draft_ = text_;
  }
  --at_;
  text_ = history_[at_];
  cursor_ = text_.size();
}

void Editor::newer() {
  if (at_ >= history_.size()) {
    return;
  }
  ++at_;
  text_ = at_ == history_.size() ? draft_ : history_[at_];
  cursor_ = text_.size();
}

Asked Editor::search_key(const Key& key) {
  const bool again = key.kind == Kind::kControl && key.text == "r";
  if (key.kind == Kind::kText || key.kind == Kind::kPaste) {
    *search_ += key.text.substr(0, key.text.find('\n'));
    find_entry(history_.size());
  } else if (again) {
    find_entry(at_);
  } else if (key.kind == Kind::kBackspace) {
    if (!search_->empty()) {
      search_->resize(cluster_before(*search_, search_->size()));
    }
    find_entry(history_.size());
  } else if (key.kind == Kind::kEscape || (key.kind == Kind::kControl && key.text == "g")) {
    search_.reset();
  } else if (key.kind == Kind::kControl && key.text == "c") {
    search_.reset();
    clear();
  } else {
    search_.reset();
    return press(key);
  }
  return Asked::kNothing;
}

bool Editor::find_entry(std::size_t below) {
  for (std::size_t at = std::min(below, history_.size()); at > 0; --at) {
    if (text::contains(history_[at - 1], *search_)) {
      at_ = at - 1;
      text_ = history_[at_];
      cursor_ = text_.size();
      return true;
    }
  }
  return false;
}

void Editor::insert(std::string_view bytes) {
  if (text_.size() + bytes.size() > kMaxBytes) {
    return;
  }
  text_.insert(cursor_, bytes);
  cursor_ += bytes.size();
}

void Editor::paste(const std::string& text) {
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  const std::size_t room = kLastMark - kFirstMark;
  if ((text.size() <= kPasteShown && lines <= kPasteLines) || pastes_.size() >= room) {
    insert(text::replace_all(without_marks(text), "\t", "    "));
    return;
  }
  std::size_t held = text.size();
  for (const std::string& other : pastes_) {
    held += other.size();
  }
  if (held > kMaxBytes) {
    return;
  }
  std::string mark;
  text::append_utf8(mark, kFirstMark + static_cast<char32_t>(pastes_.size()));
  pastes_.push_back(text);
  insert(mark);
}

void Editor::erase(std::size_t from, std::size_t to) {
  text_.erase(from, to - from);
  cursor_ = from;
}

void Editor::kill(std::size_t from, std::size_t to) {
  if (from < to) {
    killed_ = text_.substr(from, to - from);
    erase(from, to);
  }
}

std::size_t Editor::word_left() const {
  std::size_t at = cursor_;
  while (at > 0 && is_space_at(text_, at - 1)) {
    --at;
  }
  while (at > 0 && !is_space_at(text_, at - 1)) {
    --at;
  }
  return at;
}

std::size_t Editor::word_right() const {
  std::size_t at = cursor_;
  while (at < text_.size() && is_space_at(text_, at)) {
    ++at;
  }
  while (at < text_.size() && !is_space_at(text_, at)) {
    ++at;
  }
  return at;
}

std::size_t Editor::line_start() const {
  const std::size_t before = cursor_ == 0 ? std::string::npos : text_.rfind('\n', cursor_ - 1);
  return before == std::string::npos ? 0 : before + 1;
}

std::size_t Editor::line_end() const {
  const std::size_t next = text_.find('\n', cursor_);
  return next == std::string::npos ? text_.size() : next;
}

std::string Editor::take() {
  std::string whole = text();
  clear();
  return whole;
}

void Editor::set_text(std::string_view text) {
  clear();
  paste(pasted_text(text));
}

void Editor::clear() {
  text_.clear();
  cursor_ = 0;
  pastes_.clear();
  draft_.clear();
  at_ = history_.size();
}

void Editor::set_history(std::vector<std::string> entries) {
  history_.clear();
  for (std::string& entry : entries) {
    history_.push_back(without_marks(entry));
  }
  at_ = history_.size();
}

void Editor::remember(const std::string& entry) {
  if (!entry.empty() && (history_.empty() || history_.back() != entry)) {
    history_.push_back(without_marks(entry));
    if (history_.size() > kMaxHistory) {
      history_.erase(history_.begin());
    }
  }
  at_ = history_.size();
}

bool Editor::complete(const Completion& found) {
  if (found.candidates.empty() || found.start > cursor_) {
    return false;
  }
  std::string common = found.candidates.front();
  for (const std::string& other : found.candidates) {
    const auto differs = std::mismatch(common.begin(), common.end(), other.begin(), other.end());
    common.erase(differs.first, common.end());
  }
  while (!text::is_valid_utf8(common)) {
    common.pop_back();
  }
  const std::string_view present = before_cursor().substr(found.start);
  if (common == present || common.size() < present.size()) {
    return false;
  }
  erase(found.start, cursor_);
  insert(without_marks(common));
  return true;
}

}  // namespace oap::terminal
