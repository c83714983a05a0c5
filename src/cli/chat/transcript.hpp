#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "approval/approver.hpp"
#include "cli/chat/call_log.hpp"
#include "security/secret_scanner.hpp"
#include "terminal/markdown.hpp"

namespace oap::cli::chat {

/// What the talk looks like: everything that happens, as rows. What comes from models and tools has
/// neither secrets nor escape sequences any more when it leaves here. Of one thread.
class Transcript {
 public:
  using Sink = std::function<void(std::vector<terminal::Line>)>;
  struct Look {
    std::size_t width = 80;
    bool marks = false;  ///< looks cannot be seen
  };
  /// The scanner, where there is one, outlives this.
  Transcript(Sink sink, const security::SecretScanner* scanner);

  void set_look(Look look);

  void person(std::string_view text);
  /// A piece of what the model writes.
  void text(std::string_view piece);
  /// The model has ended what it wrote, for now.
  void end_text();
  bool has_text() const { return said_text_; }
  void forget_text() { said_text_ = false; }
  /// The whole answer where it did not come in pieces.
  void answer(std::string_view text);
  void note(std::string_view text);
  void warning(std::string_view text);
  void error(std::string_view text);
  /// `with_change`: also what it changed in a file.
  void call(const CallEntry& entry, bool with_change = true);
  void question(const approval::Request& request);
  void rows(std::vector<terminal::Line> rows);

  /// What is being written: rows that are not final. Of what the scanner still holds back, the
  /// whole words are among them where nothing in them looks like a secret.
  std::vector<terminal::Line> preview() const;

 private:
  enum class Last { kNothing, kPerson, kText, kCall, kQuestion, kOther };
  void put(Last kind, std::vector<terminal::Line> rows);
  void say(std::string_view text, terminal::Style style, std::string_view mark);

  Sink sink_;
  const security::SecretScanner* scanner_;
  Look look_;
  terminal::Markdown markdown_;
  std::optional<security::SecretStream> cleaner_;
  std::string recent_;          // the end of what the model wrote, as it came
  std::size_t held_bytes_ = 0;  // how much of that the cleaner holds back
  Last last_ = Last::kNothing;
  bool said_text_ = false;
};

}  // namespace oap::cli::chat
