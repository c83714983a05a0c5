#include "terminal/editor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "terminal/width.hpp"

namespace oap::terminal {
namespace {

using Kind = Key::Kind;

Asked type(Editor& editor, std::string_view bytes) {
  KeyReader reader;
  Asked asked = Asked::kNothing;
  std::vector<Key> keys = reader.feed(bytes);
  for (Key& key : reader.flush()) {
    keys.push_back(std::move(key));
  }
  for (const Key& key : keys) {
    asked = editor.press(key);
  }
  return asked;
}

TEST(Editor, MovesAndErasesWholeCharacters) {
  Editor editor;
  type(editor, "ae\xCC\x81👩‍👧z");
  type(editor, "\x1b[D\x7f");
  EXPECT_EQ(editor.text(), "ae\xCC\x81z");
  type(editor, "\x7f");
  EXPECT_EQ(editor.text(), "az");
  type(editor,
       "\x01"
       "b\x05"
       "c");
  EXPECT_EQ(editor.text(), "bazc");
}

TEST(Editor, WordsAndLinesAreKilledAndYanked) {
  Editor editor;
  type(editor, "one two three\x17");
  EXPECT_EQ(editor.text(), "one two ");
  type(editor, "\x19");
  EXPECT_EQ(editor.text(), "one two three");
  type(editor, "\x01\x0b");
  EXPECT_EQ(editor.text(), "");
  type(editor, "\x19\x19");
  EXPECT_EQ(editor.text(), "one two threeone two three");
}

TEST(Editor, SeveralLines) {
  Editor editor;
  EXPECT_EQ(type(editor, "one\\\r"), Asked::kNothing);
  type(editor, "two\x1b\rthree");
  EXPECT_EQ(editor.text(), "one\ntwo\nthree");
  type(editor, "\x1b[A\x1b[A!");
  EXPECT_EQ(editor.text(), "one!\ntwo\nthree");
  EXPECT_EQ(type(editor, "\r"), Asked::kSubmit);
  EXPECT_EQ(editor.take(), "one!\ntwo\nthree");
  EXPECT_TRUE(editor.empty());
}

TEST(Editor, HistoryKeepsTheDraft) {
  Editor editor;
  editor.set_history({"first", "second"});
  type(editor, "draft\x1b[A");
  EXPECT_EQ(editor.text(), "second");
  type(editor, "\x1b[A\x1b[A");
  EXPECT_EQ(editor.text(), "first");
  type(editor, "\x1b[B\x1b[B");
  EXPECT_EQ(editor.text(), "draft");
  editor.clear();
  editor.remember("second");
  EXPECT_EQ(editor.history().size(), 2U);
}

TEST(Editor, SearchesTheHistory) {
  Editor editor;
  editor.set_history({"make test", "git status", "make all"});
  type(editor, "\x12make");
  EXPECT_EQ(editor.text(), "make all");
  type(editor, "\x12");
  EXPECT_EQ(editor.text(), "make test");
  EXPECT_EQ(type(editor, "\r"), Asked::kSubmit);
  EXPECT_FALSE(editor.searched());
}

TEST(Editor, ALongPasteIsAMarkAndComesWhole) {
  Editor editor;
  std::string lines;
  for (int i = 0; i < 812; ++i) {
    lines += "line\n";
  }
  type(editor, "see ");
  editor.press({Kind::kPaste, lines});
  type(editor, " and go");
  EXPECT_EQ(editor.shown_text(), "see [pasted 813 lines] and go");
  EXPECT_EQ(editor.text(), "see " + lines + " and go");
  EXPECT_EQ(editor.view({.width = 60}).rows.size(), 1U);
  type(editor, "\x01\x05");
  for (int i = 0; i < 8; ++i) {
    type(editor, "\x7f");
  }
  EXPECT_EQ(editor.text(), "see ");
}

TEST(Editor, TypedMarksAreNoPastes) {
  Editor editor;
  editor.press({Kind::kPaste, std::string(2'000, 'x')});
  type(editor, "\xF3\xB0\x80\x80");
  EXPECT_EQ(editor.text(), std::string(2'000, 'x') + "\uFFFD");
}

TEST(Editor, CompletesWhatIsCommon) {
  Editor editor;
  type(editor, "/st");
  EXPECT_TRUE(editor.complete({0, {"/status"}}));
  EXPECT_EQ(editor.text(), "/status");
  editor.clear();
  type(editor, "see @s");
  EXPECT_TRUE(editor.complete({4, {"@src/a.cpp", "@src/b.cpp"}}));
  EXPECT_EQ(editor.text(), "see @src/");
  EXPECT_FALSE(editor.complete({4, {"@src/a.cpp", "@src/b.cpp"}}));
  EXPECT_FALSE(editor.complete({4, {}}));
  EXPECT_FALSE(editor.complete({400, {"x"}}));
}

TEST(Editor, TheViewFitsAndFollowsTheCursor) {
  Editor editor;
  type(editor, "0123456789日本語abc");
  for (std::size_t width = 1; width < 30; ++width) {
    const EditorView view = editor.view({.width = width, .max_rows = 3});
    EXPECT_LE(view.rows.size(), 3U);
    EXPECT_LT(view.cursor_row, view.rows.size());
    for (const Line& row : view.rows) {
      EXPECT_LE(columns_of(row), std::max<std::size_t>(width, 4)) << width;
    }
  }
}

TEST(Editor, AsksForTheRest) {
  Editor editor;
  EXPECT_EQ(type(editor, "\x03"), Asked::kInterrupt);
  EXPECT_EQ(type(editor, "\x04"), Asked::kEnd);
  EXPECT_EQ(type(editor, "a\x01\x04"), Asked::kNothing);
  EXPECT_EQ(editor.text(), "");
  EXPECT_EQ(type(editor, "\t"), Asked::kComplete);
  EXPECT_EQ(type(editor, "\x1b"), Asked::kEscape);
  EXPECT_EQ(type(editor, "\x0c"), Asked::kClear);
  EXPECT_EQ(type(editor, "\x1a"), Asked::kSuspend);
}

TEST(Screen, Width) {
  EXPECT_EQ(columns_of("日本"), 4U);
  EXPECT_EQ(columns_of("e\xCC\x81"), 1U);
  EXPECT_EQ(columns_of("👩‍👧"), 2U);
  EXPECT_EQ(columns_of("🇩🇪🇫🇷"), 4U);
  EXPECT_EQ(clipped("日本語", 5), "日本…");
  EXPECT_EQ(shown("a\x1b[31m\u202Eb\u00A0c\td"), "a\\u{1b}[31m\\u{202e}b c    d");
}

}  // namespace
}  // namespace oap::terminal
