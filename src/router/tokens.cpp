#include "router/tokens.hpp"

#include <algorithm>

#include "router/fold.hpp"
#include "router/lexicon.hpp"
#include "router/names.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::router {
namespace {

using TokenKind = Token::Kind;
constexpr std::size_t kLongestQuote = 2000;

bool is_word_byte(char c) {
  return text::is_alpha(c) || text::is_digit(c) || static_cast<unsigned char>(c) >= 0x80 ||
         c == '_' || c == '\'' || c == '-';
}

/// Where an elided article ends: l'application, dell'errore, qu'est. 0 where there is none.
std::size_t elision(std::string_view word) {
  const std::size_t at = word.find('\'');
  if (at == std::string_view::npos || at == 0 || at > 6 || at + 1 >= word.size()) {
    return 0;
  }
  const char next = word[at + 1];
  const bool vowel = std::string_view("aeiouyh").find(next) != std::string_view::npos ||
                     static_cast<unsigned char>(next) >= 0x80;
  const bool one = at == 1 && std::string_view("ldnjmtsc").find(word[0]) != std::string_view::npos;
  return (vowel || (one && next != 's' && next != 'm' && next != 'd')) ? at + 1 : 0;
}

class Tokenizer {
 public:
  Tokenizer(std::string_view text, const Lexicon& words) : text_(text), words_(words) {}

  std::vector<Token> run() {
    while (at_ < text_.size()) {
      step();
    }
    add(TokenKind::kEnd, "");
    return std::move(tokens_);
  }

 private:
  void add(TokenKind kind, std::string_view text) {
    if (kind == TokenKind::kEnd && (tokens_.empty() || tokens_.back().kind == TokenKind::kEnd)) {
      return;
    }
    tokens_.push_back({kind, std::string(text)});
  }

  void step() {
    const char c = text_[at_];
    if (c == ' ') {
      ++at_;
    } else if (c == '\n') {
      ++at_;
      line_start_ = true;
      add(TokenKind::kEnd, "");
    } else if (item()) {
      return;
    } else {
      line_start_ = false;
      if (!quoted()) {
        chunk();
      }
    }
  }

  /// "- ", "* ", "1. ", "2) ", "[ ] ", "• ": at a line's start; numbers that go on also within it.
  bool item() {
    std::size_t end = at_;
    while (end < text_.size() && end < at_ + 3 && text::is_digit(text_[end])) {
      ++end;
    }
    std::size_t length = 0;
    if (end > at_ && end < text_.size() && (text_[end] == '.' || text_[end] == ')')) {
      const int number = std::stoi(std::string(text_.substr(at_, end - at_)));
      if (line_start_ || number == last_number_ + 1) {
        length = end + 1 - at_;
        if (followed_by_space(at_ + length) || (line_start_ && starts_cjk(at_ + length))) {
          last_number_ = number;
        } else {
          length = 0;
        }
      }
    } else if (line_start_) {
      for (const std::string_view marker :
           {"- [ ]", "- [x]", "* [ ]", "[ ]", "-", "*", "+", "\xE2\x80\xA2"}) {
        if (length == 0 && text_.substr(at_).starts_with(marker) &&
            followed_by_space(at_ + marker.size())) {
          length = marker.size();
        }
      }
    }
    if (length == 0) {
      return false;
    }
    at_ += length;
    line_start_ = false;
    add(TokenKind::kEnd, "");
    add(TokenKind::kItem, "");
    return true;
  }

  bool followed_by_space(std::size_t at) const { return at < text_.size() && text_[at] == ' '; }
  bool starts_cjk(std::size_t at) const {
    return at < text_.size() && is_cjk(text::decode_at(text_, at).value);
  }

  bool quoted() {
    for (const std::string_view fence : {"```", "\"\"\"", "~~~"}) {
      if (text_.substr(at_).starts_with(fence)) {
        const std::size_t end = text_.find(fence, at_ + 3);
        add(TokenKind::kQuoted, "");
        at_ = end == std::string_view::npos ? text_.size() : end + 3;
        return true;
      }
    }
    const char mark = text_[at_];
    if (mark != '"' && mark != '`' && mark != '\'') {
      return false;
    }
    const std::string_view rest = text_.substr(at_ + 1, kLongestQuote);
    std::size_t end = rest.find(mark);
    while (mark == '\'' && end != std::string_view::npos && end + 1 < rest.size() &&
           is_word_byte(rest[end + 1])) {
      end = rest.find(mark, end + 1);
    }
    if (end == std::string_view::npos || end == 0 || (mark == '\'' && rest[0] == ' ')) {
      ++at_;
      return true;
    }
    add(looks_like_path(rest.substr(0, end)) ? TokenKind::kPath : TokenKind::kQuoted,
        rest.substr(0, end));
    at_ += end + 2;
    return true;
  }

  void chunk() {
    const text::CodePoint first = text::decode_at(text_, at_);
    if (is_cjk(first.value)) {
      cjk();
      return;
    }
    std::size_t end = at_;
    while (end < text_.size()) {
      const text::CodePoint c = text::decode_at(text_, end);
      if (c.value == ' ' || c.value == '\n' || c.value == '"' || c.value == '`' ||
          is_cjk(c.value)) {
        break;
      }
      end += c.length;
    }
    word(text_.substr(at_, end - at_));
    at_ = end;
  }

  void cjk() {
    std::size_t end = at_;
    std::string unknown;
    const auto flush = [&] {
      if (!unknown.empty()) {
        add(TokenKind::kWord, unknown);
        unknown.clear();
      }
    };
    while (end < text_.size() && is_cjk(text::decode_at(text_, end).value)) {
      std::size_t length = std::min(words_.longest_cjk(), text_.size() - end);
      while (length > 0 && words_.find(text_.substr(end, length)) == nullptr) {
        --length;
      }
      if (length > 0) {
        flush();
        add(TokenKind::kWord, text_.substr(end, length));
        end += length;
      } else {
        const std::size_t step = text::decode_at(text_, end).length;
        unknown += text_.substr(end, step);
        end += step;
      }
    }
    flush();
    at_ = end;
  }

  /// One run without spaces: leading and trailing punctuation come off, the rest is classified.
  void word(std::string_view run) {
    while (!run.empty() && std::string_view("([{<,;|>").find(run[0]) != std::string_view::npos) {
      if (run[0] == ',' || run[0] == ';') {
        add(TokenKind::kComma, "");
      }
      run.remove_prefix(1);
    }
    if (run == "." || run == "..") {
      const bool alone = at_ == 0 || text_[at_ - 1] == ' ';
      add(alone ? TokenKind::kNumber : TokenKind::kEnd, run);
      return;
    }
    std::size_t keep = run.size();
    while (keep > 0 &&
           std::string_view(")]}>,;:!?.*|'").find(run[keep - 1]) != std::string_view::npos) {
      --keep;
    }
    if (keep < run.size() && run[keep] == '\'' && keep <= 2 && keep > 0) {
      ++keep;
    }
    const std::string_view tail = run.substr(keep);
    std::string_view rest = run.substr(0, keep);
    for (std::size_t comma = rest.find(','); comma != std::string_view::npos;
         comma = rest.find(',')) {
      classify(rest.substr(0, comma));
      add(TokenKind::kComma, "");
      rest.remove_prefix(comma + 1);
    }
    classify(rest);
    punctuation(run.substr(0, keep), tail);
  }

  void punctuation(std::string_view before, std::string_view tail) {
    const bool abbreviation = before == "e.g" || before == "i.e" || before == "etc" ||
                              before == "vs" || before == "z.b" || before == "bzw" ||
                              before == "d.h" || before == "p.ej" || before == "approx";
    for (const char c : tail) {
      if (c == '?') {
        add(TokenKind::kQuestion, "");
      } else if (c == '!' || (c == '.' && !abbreviation)) {
        add(TokenKind::kEnd, "");
      } else if (c == ',' || c == ';') {
        add(TokenKind::kComma, "");
      } else if (c == ':') {
        add(TokenKind::kColon, "");
      }
    }
  }

  void classify(std::string_view run) {
    if (run.empty()) {
      return;
    }
    // main.py:42 and README.md's name the file.
    const std::size_t cut = run.find_first_of(":'");
    if (cut != std::string_view::npos && looks_like_path(run.substr(0, cut))) {
      run = run.substr(0, cut);
    }
    if (run.find("://") != std::string_view::npos) {
      add(TokenKind::kUrl, run);
    } else if (looks_like_path(run)) {
      add(TokenKind::kPath, run);
    } else if (looks_like_host(run)) {
      add(TokenKind::kHost, run);
    } else if (run == "&&" || run == "&" || run == "+") {
      add(TokenKind::kWord, "and");
    } else if (std::all_of(run.begin(), run.end(), text::is_digit)) {
      add(TokenKind::kNumber, run);
    } else {
      words(run);
    }
  }

  void words(std::string_view run) {
    std::size_t at = 0;
    while (at < run.size()) {
      std::size_t end = at;
      while (end < run.size() && is_word_byte(run[end])) {
        ++end;
      }
      std::string_view word = run.substr(at, end - at);
      for (std::size_t cut = elision(word); cut != 0; cut = elision(word)) {
        add(TokenKind::kWord, word.substr(0, cut));
        word.remove_prefix(cut);
      }
      if (!word.empty()) {
        add(TokenKind::kWord, word);
      }
      if (end < run.size()) {
        const char c = run[end];
        if (c == ',' || c == ';') {
          add(TokenKind::kComma, "");
        } else if (c == '?' && end + 1 < run.size()) {
          add(TokenKind::kQuestion, "");
        } else if (c == ':') {
          add(TokenKind::kColon, "");
        }
        ++end;
      }
      at = end;
    }
  }

  std::string_view text_;
  const Lexicon& words_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  bool line_start_ = true;
  int last_number_ = 0;
};

}  // namespace

std::vector<Token> tokenize(std::string_view folded, const Lexicon& words) {
  return Tokenizer(folded, words).run();
}

std::string normal_phrase(std::string_view phrase) {
  const std::string folded = fold(phrase);
  // Letters of one script are as they must be already.
  bool ascii = false;
  bool wide = false;
  const bool letters = std::all_of(folded.begin(), folded.end(), [&](char c) {
    ascii = ascii || text::is_alpha(c);
    wide = wide || static_cast<unsigned char>(c) >= 0xE1;
    return (c >= 'a' && c <= 'z') || c == ' ' || static_cast<unsigned char>(c) >= 0x80;
  });
  if (letters && !(ascii && wide) && folded.find("  ") == std::string::npos) {
    return folded;
  }
  const Lexicon none;
  std::string joined;
  for (const Token& token : tokenize(folded, none)) {
    if (!token.text.empty()) {
      joined += (joined.empty() ? "" : " ") + token.text;
    }
  }
  return joined;
}

}  // namespace oap::router
