#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace oap::terminal {

/// One thing that a person did at the keyboard.
struct Key {
  enum class Kind {
    kText,   ///< `text`: one or more characters, valid UTF-8, no controls
    kPaste,  ///< `text`: what was pasted, valid UTF-8, line ends as "\n", other controls gone
    kEnter,
    kNewline,  ///< Alt-Enter, Shift-Enter, Ctrl-J
    kTab,
    kBackTab,
    kEscape,
    kBackspace,
    kDelete,
    kLeft,
    kRight,
    kUp,
    kDown,
    kHome,
    kEnd,
    kPageUp,
    kPageDown,
    kWordLeft,
    kWordRight,
    kEraseWord,       ///< Ctrl-W, Alt-Backspace
    kEraseWordRight,  ///< Alt-D
    kControl,         ///< `text`: the letter, lower case: "c" for Ctrl-C
  };
  Kind kind = Kind::kText;
  std::string text;
  bool operator==(const Key&) const = default;
};

/// Turns the bytes of a terminal in raw mode into keys: UTF-8, xterm's and the kitty protocol's
/// sequences, bracketed paste (xterm "Bracketed Paste Mode"). Bytes may be cut anywhere. Unknown
/// sequences are dropped whole, invalid bytes become U+FFFD. A paste keeps at most kMaxPaste
/// bytes. Linear in what it is fed. Of one thread.
class KeyReader {
 public:
  static constexpr std::size_t kMaxPaste = 8U << 20U;

  std::vector<Key> feed(std::string_view bytes);
  /// Whether what came may be a lone Escape or the start of a sequence: when nothing follows
  /// within some 50 ms, flush() says which.
  bool waits() const { return !pasting_ && !pending_.empty() && pending_.front() == '\x1b'; }
  std::vector<Key> flush();

 private:
  std::size_t sequence(std::string_view bytes, std::vector<Key>& out) const;
  std::size_t paste(std::string_view bytes, std::vector<Key>& out);
  std::size_t plain(std::string_view bytes, std::vector<Key>& out) const;

  std::string pending_;
  std::string pasted_;
  bool pasting_ = false;
};

/// Keys that came in one go, where a terminal does not mark what is pasted: several lines of text
/// are one paste; an Enter behind the last of them stays an Enter. All else stays as it is. Pure.
std::vector<Key> as_pasted(std::vector<Key> keys);

/// What a paste becomes: valid UTF-8, "\n" for each line end, no controls but that and tabs.
std::string pasted_text(std::string_view bytes);

}  // namespace oap::terminal
