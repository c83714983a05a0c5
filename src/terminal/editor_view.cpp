#include <algorithm>

#include <fmt/format.h>

#include "terminal/editor.hpp"
#include "terminal/paste_marks.hpp"
#include "terminal/width.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::terminal {

std::string Editor::mark_label(char32_t mark) const {
  const std::size_t index = mark - kFirstMark;
  if (index >= pastes_.size()) {
    return "\uFFFD";
  }
  const std::string& text = pastes_[index];
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  return lines > 1 ? fmt::format("[pasted {} lines]", lines)
                   : fmt::format("[pasted {} bytes]", text.size());
}

std::string Editor::expanded(bool in_full) const {
  std::string out;
  for (const text::CodePoint point : text::CodePoints(text_)) {
    const std::size_t index = is_mark(point.value) ? point.value - kFirstMark : pastes_.size();
    if (is_mark(point.value)) {
      out += in_full && index < pastes_.size() ? pastes_[index] : mark_label(point.value);
    } else {
      text::append_utf8(out, point.value);
    }
  }
  return out;
}

std::string Editor::text() const { return expanded(true); }
std::string Editor::shown_text() const { return expanded(false); }

EditorView Editor::view(const EditorLook& look) const {
  EditorView view;
  std::size_t column = columns_of(look.prompt);
  const std::size_t indent = column;
  view.rows.push_back(look.prompt);
  const auto begin_row = [&] {
    view.rows.push_back(look.more);
    column = indent;
  };
  for (std::size_t at = 0;;) {
    if (at == cursor_) {
      view.cursor_row = view.rows.size() - 1;
      view.cursor_column = column;
    }
    if (at >= text_.size()) {
      break;
    }
    if (text_[at] == '\n') {
      begin_row();
      ++at;
      continue;
    }
    const Cluster cluster = cluster_at(text_, at);
    const text::CodePoint point = text::decode_at(text_, at);
    const bool mark = is_mark(point.value);
    const std::string piece =
        mark ? mark_label(point.value) : shown(std::string_view(text_).substr(at, cluster.length));
    const std::size_t width = columns_of(piece);
    if (column + width >= look.width && column > indent) {
      begin_row();
      if (at == cursor_) {
        view.cursor_row = view.rows.size() - 1;
        view.cursor_column = column;
      }
    }
    add(view.rows.back(), clipped(piece, look.width > indent ? look.width - indent : 1),
        mark ? Style{.reverse = true} : Style{});
    column += width;
    at += cluster.length;
  }
  const std::size_t most = std::max<std::size_t>(1, look.max_rows);
  if (view.rows.size() > most) {
    std::size_t first = view.cursor_row + 1 > most ? view.cursor_row + 1 - most : 0;
    first = std::min(first, view.rows.size() - most);
    view.rows.erase(view.rows.begin() + static_cast<std::ptrdiff_t>(first + most), view.rows.end());
    view.rows.erase(view.rows.begin(), view.rows.begin() + static_cast<std::ptrdiff_t>(first));
    view.cursor_row -= first;
  }
  return view;
}

}  // namespace oap::terminal
