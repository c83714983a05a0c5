#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "terminal/keys.hpp"
#include "terminal/style.hpp"

namespace oap::terminal {

/// What the editor cannot do itself, after a key.
enum class Asked {
  kNothing,
  kSubmit,     ///< the text is complete: take()
  kInterrupt,  ///< Ctrl-C
  kEnd,        ///< Ctrl-D in an empty text
  kEscape,
  kComplete,  ///< Tab: complete()
  kClear,     ///< Ctrl-L
  kSuspend,   ///< Ctrl-Z
  kOther,     ///< another key with Ctrl
};

/// What may stand in a text's place from byte `start` to the cursor.
struct Completion {
  std::size_t start = 0;
  std::vector<std::string> candidates;
};

/// The text as it stands on the screen.
struct EditorView {
  std::vector<Line> rows;
  std::size_t cursor_row = 0;
  std::size_t cursor_column = 0;
};

struct EditorLook {
  std::size_t width = 80;
  std::size_t max_rows = 10;
  Line prompt = {{"> "}};
  Line more = {{"  "}};  ///< before further rows, as wide as `prompt`
};

/// The text that a person writes: several lines, moved through and changed with the usual keys of
/// a shell (Emacs bindings), with the history of what was written before. Long pastes and those of
/// many lines stand in it as one mark "[pasted 812 lines]" and come whole with the text. Plain data
/// and decisions: it reads and writes no terminal. Of one thread.
class Editor {
 public:
  /// A paste of more is shown as a mark.
  static constexpr std::size_t kPasteShown = 800;
  static constexpr std::size_t kPasteLines = 10;
  static constexpr std::size_t kMaxBytes = 16U << 20U;

  Asked press(const Key& key);

  /// The whole text, pastes in full.
  std::string text() const;
  /// What a person sees of it: pastes as marks.
  std::string shown_text() const;
  /// The text up to the cursor, for completion.
  std::string_view before_cursor() const { return std::string_view(text_).substr(0, cursor_); }
  bool empty() const { return text_.empty(); }
  /// Gives the text away, and is empty.
  std::string take();
  void set_text(std::string_view text);
  void clear();

  /// Oldest first; replaces what there was.
  void set_history(std::vector<std::string> entries);
  /// At most one of equal ones in a row.
  void remember(const std::string& entry);
  const std::vector<std::string>& history() const { return history_; }

  /// Puts the one candidate, or what all have in common. True where it changed the text.
  bool complete(const Completion& found);

  EditorView view(const EditorLook& look) const;
  /// While an entry of the history is looked for: what for.
  const std::optional<std::string>& searched() const { return search_; }

 private:
  void insert(std::string_view bytes);
  void paste(const std::string& text);
  void erase(std::size_t from, std::size_t to);
  void kill(std::size_t from, std::size_t to);
  void move(Key::Kind kind);
  void vertical(int direction);
  void older();
  void newer();
  Asked control(char letter);
  Asked search_key(const Key& key);
  bool find_entry(std::size_t below);
  std::size_t word_left() const;
  std::size_t word_right() const;
  std::size_t line_start() const;
  std::size_t line_end() const;
  std::string mark_label(char32_t mark) const;
  std::string expanded(bool in_full) const;

  std::string text_;
  std::size_t cursor_ = 0;  // byte
  std::vector<std::string> pastes_;
  std::string killed_;
  std::vector<std::string> history_;
  std::size_t at_ = 0;  // in the history; its size: the text of one's own
  std::string draft_;
  std::optional<std::string> search_;
};

}  // namespace oap::terminal
