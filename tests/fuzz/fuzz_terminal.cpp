// The terminal: whatever a model writes, rows fit the width and steer nothing, in any pieces the
// same; whatever a keyboard sends, the editor's text is valid UTF-8 without controls and its view
// fits.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "terminal/editor.hpp"
#include "terminal/keys.hpp"
#include "terminal/markdown.hpp"
#include "terminal/width.hpp"
#include "text/utf8.hpp"

namespace {

using namespace oap;

void check_text(std::string_view text) {
  for (const text::CodePoint point : text::CodePoints(text)) {
    const bool control = point.value < 0x20 || (point.value >= 0x7F && point.value < 0xA0);
    if (!point.valid || (control && point.value != U'\n')) {
      std::abort();
    }
  }
}

std::string render(std::string_view input, std::size_t width, std::size_t piece) {
  terminal::Markdown markdown({width, piece % 2 == 0, false});
  std::string all;
  const auto take = [&](const std::vector<terminal::Line>& rows) {
    for (const terminal::Line& row : rows) {
      if (terminal::columns_of(row) > std::max<std::size_t>(width, 2)) {
        std::abort();
      }
      all += terminal::plain(row) + "\n";
    }
  };
  for (std::size_t at = 0; at < input.size(); at += piece) {
    take(markdown.push(input.substr(at, piece)));
    static_cast<void>(markdown.preview());
  }
  take(markdown.finish());
  check_text(all);
  return all;
}

void type(std::string_view input, std::size_t piece) {
  terminal::KeyReader reader;
  terminal::Editor editor;
  editor.set_history({"one", "two"});
  for (std::size_t at = 0; at < input.size(); at += piece) {
    for (const terminal::Key& key : reader.feed(input.substr(at, piece))) {
      editor.press(key);
    }
  }
  for (const terminal::Key& key : reader.flush()) {
    editor.press(key);
  }
  check_text(editor.shown_text());
  const terminal::EditorView view = editor.view({.width = 20, .max_rows = 4});
  if (view.rows.size() > 4 || view.cursor_row >= view.rows.size()) {
    std::abort();
  }
  for (const terminal::Line& row : view.rows) {
    check_text(terminal::plain(row));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data),
                               std::min<std::size_t>(size, 8'192));
  const std::size_t width = 1 + input.size() % 40;
  if (render(input, width, 2) != render(input, width, 1'000'000)) {
    std::abort();
  }
  type(input, 1);
  type(input, 7);
  return 0;
}
