#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "llm/offline_orders.hpp"
#include "llm/offline_words.hpp"

namespace oap::llm::offline {

/// A place in the words of one order. Copied to try something and go back. Borrows the words.
class Cursor {
 public:
  Cursor(const std::vector<Word>& words, std::string_view task) : words_(&words), task_(task) {}

  bool done() const { return at_ >= words_->size(); }
  const Word* peek(std::size_t ahead = 0) const {
    return at_ + ahead < words_->size() ? &(*words_)[at_ + ahead] : nullptr;
  }
  bool is(std::string_view word) const { return !done() && peek()->lower == word; }
  bool is_any(std::initializer_list<std::string_view> words) const {
    for (const std::string_view word : words) {
      if (is(word)) {
        return true;
      }
    }
    return false;
  }
  /// Goes on where the next word is one of these.
  bool take(std::initializer_list<std::string_view> words) {
    const bool found = is_any(words);
    at_ += found ? 1 : 0;
    return found;
  }
  void skip(std::initializer_list<std::string_view> words) {
    while (take(words)) {
    }
  }
  const Word& next() { return (*words_)[at_++]; }
  /// The task's own text from the next word to the end of the order.
  std::string raw_rest() const {
    return done() ? std::string()
                  : std::string(task_.substr(peek()->begin, words_->back().end - peek()->begin));
  }
  bool comma_before() const {
    return at_ > 0 && (*words_)[at_ - 1].trail.find(',') != std::string::npos;
  }
  void skip_articles() { skip({"the", "a", "an", "my", "our", "this", "that"}); }
  /// Skips polite ends ("please", "for me"); true where nothing else is left.
  bool ends() {
    while (take({"please", "now", "too", "thanks", "pls"}) ||
           (is("for") && peek(1) != nullptr && (peek(1)->lower == "me" || peek(1)->lower == "us") &&
            take({"for"}) && take({"me", "us"}))) {
    }
    return done();
  }

 private:
  const std::vector<Word>* words_;
  std::string_view task_;
  std::size_t at_ = 0;
};

using Calls = std::optional<std::vector<Call>>;

/// Whether a word is written like a file name or path.
bool is_path(const Word& word);
/// A path, a quoted name, or a word that the order calls a file; takes "the", "file", "named".
std::optional<std::string> take_file(Cursor& cursor);
/// "[in|of|under] [the] PATH [directory]", "here", "in the current directory": "." for the latter;
/// nothing (and the cursor unmoved) where there is no such phrase.
std::optional<std::string> take_place(Cursor& cursor);
/// `*.py` of "python", ".py" or "*.py"; empty where the word names no kind of file.
std::string wildcard_of(const Word& word);

Call call(std::string tool, json::Object arguments);
Call bash(std::string command);
/// A glob below a directory; "." is the workspace.
Call glob(std::string_view pattern, std::string_view place);
/// An object of one text member.
json::Object with(std::string_view name, std::string_view value);
/// A word as one argument of a shell command.
std::string shell_quote(std::string_view word);

// The kinds of orders; each consumes all words or answers nothing.
Calls parse_skills(Cursor cursor, const Offer& offer);
Calls parse_list(Cursor cursor);
Calls parse_search(Cursor cursor);
Calls parse_read(Cursor cursor);
Calls parse_run(Cursor cursor);
Calls parse_call(Cursor cursor, const Offer& offer);
Calls parse_delete(Cursor cursor);
Calls parse_write(Cursor cursor);
Calls parse_file_work(Cursor cursor);

}  // namespace oap::llm::offline
