#include "llm/offline_words.hpp"

#include <algorithm>
#include <array>

#include "text/strings.hpp"

namespace oap::llm::offline {
namespace {

constexpr std::size_t kLongestQuote = 100'000;
/// Bytes that may be looked through for marks that close nothing, so that time stays linear.
constexpr std::size_t kSearchBudget = 2'000'000;

/// ASCII and Latin-1 letters.
std::string lower(std::string_view text) {
  std::string out = text::lower_ascii(text);
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    const auto first = static_cast<unsigned char>(out[i]);
    const auto second = static_cast<unsigned char>(out[i + 1]);
    if (first == 0xC3 && second >= 0x80 && second <= 0x9E && second != 0x97) {
      out[i + 1] = static_cast<char>(second + 0x20);
    }
  }
  return out;
}

struct Marks {
  std::string_view open;
  std::string_view close;
  Word::Kind kind;
};

constexpr std::array<Marks, 10> kMarks = {{
    {"```", "```", Word::Kind::kCode},
    {"`", "`", Word::Kind::kCode},
    {"\"", "\"", Word::Kind::kQuoted},
    {"'", "'", Word::Kind::kQuoted},
    {"“", "”", Word::Kind::kQuoted},
    {"„", "“", Word::Kind::kQuoted},
    {"«", "»", Word::Kind::kQuoted},
    {"‘", "’", Word::Kind::kQuoted},
    {"”", "”", Word::Kind::kQuoted},
    {"»", "«", Word::Kind::kQuoted},
}};

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  std::vector<Word> run() {
    while (at_ < text_.size()) {
      if (text_[at_] == '\n') {
        ++newlines_;
        ++at_;
      } else if (text::is_space(text_[at_])) {
        ++at_;
      } else if (!item() && !marked() && !json()) {
        plain();
      }
    }
    return std::move(words_);
  }

 private:
  bool line_start() const { return newlines_ > 0 || words_.empty(); }

  bool item() {
    if (item_) {
      return false;
    }
    std::size_t end = at_;
    while (end < text_.size() && end < at_ + 3 && text::is_digit(text_[end])) {
      ++end;
    }
    std::size_t length = 0;
    if (end > at_ && end < text_.size() && (text_[end] == '.' || text_[end] == ')')) {
      const int number = std::stoi(std::string(text_.substr(at_, end - at_)));
      if (line_start() || number == number_ + 1) {
        length = end + 1 - at_;
        number_ = number;
      }
    } else if (line_start()) {
      for (const std::string_view marker : {"- [ ]", "- [x]", "* [ ]", "-", "*", "+", "•"}) {
        if (length == 0 && text_.substr(at_).starts_with(marker)) {
          length = marker.size();
        }
      }
    }
    if (length == 0 || at_ + length >= text_.size() || text_[at_ + length] != ' ') {
      return false;
    }
    at_ += length;
    item_ = true;
    return true;
  }

  bool marked() {
    for (const Marks& marks : kMarks) {
      if (!text_.substr(at_).starts_with(marks.open) || searched_ > kSearchBudget) {
        continue;
      }
      const std::size_t from = at_ + marks.open.size();
      std::size_t end = text_.substr(0, from + kLongestQuote).find(marks.close, from);
      while (marks.open == "'" && end != std::string_view::npos && end + 1 < text_.size() &&
             text::is_alpha(text_[end + 1])) {
        end = text_.substr(0, from + kLongestQuote).find(marks.close, end + 1);
      }
      if (end == std::string_view::npos ||
          (end == from && marks.open.size() == 1 && marks.kind == Word::Kind::kCode)) {
        continue;
      }
      Word word;
      word.kind = marks.kind;
      word.text = std::string(text_.substr(from, end - from));
      if (marks.open == "```") {
        take_fence_info(word);
      }
      finish(std::move(word), end + marks.close.size());
      return true;
    }
    return false;
  }

  static void take_fence_info(Word& word) {
    const std::size_t line = word.text.find('\n');
    if (line != std::string::npos) {
      word.info = lower(text::trim(std::string_view(word.text).substr(0, line)));
      word.text = word.text.substr(line + 1);
    }
  }

  bool json() {
    if (text_[at_] != '{' || searched_ > kSearchBudget) {
      return false;
    }
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = at_; i < text_.size() && i < at_ + kLongestQuote; ++i, ++searched_) {
      const char c = text_[i];
      if (quoted) {
        i += c == '\\' ? 1 : 0;
        quoted = c != '"';
      } else if (c == '"') {
        quoted = true;
      } else if (c == '{') {
        ++depth;
      } else if (c == '}' && --depth == 0) {
        Word word;
        word.kind = Word::Kind::kJson;
        word.text = std::string(text_.substr(at_, i + 1 - at_));
        finish(std::move(word), i + 1);
        return true;
      }
    }
    return false;
  }

  void plain() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && !text::is_space(text_[end])) {
      if (text_[end] == '"' && text_[end - 1] == '=') {
        const std::size_t close = text_.substr(0, end + kLongestQuote).find('"', end + 1);
        end = close == std::string_view::npos ? end + 1 : close + 1;
      } else {
        ++end;
      }
    }
    Word word;
    std::size_t keep = end - at_;
    const std::string_view run = text_.substr(at_, keep);
    while (keep > 1 && std::string_view(",.;:!?").find(run[keep - 1]) != std::string_view::npos &&
           run != ".." && !run.ends_with("/.")) {
      --keep;
    }
    word.text = std::string(run.substr(0, keep));
    finish(std::move(word), at_ + keep);
  }

  void finish(Word word, std::size_t end) {
    word.begin = at_;
    word.end = end;
    word.lower = word.plain() ? lower(word.text) : "";
    word.newlines = newlines_;
    word.item = item_;
    at_ = end;
    while (at_ < text_.size() &&
           std::string_view(",.;:!?").find(text_[at_]) != std::string_view::npos) {
      word.trail += text_[at_++];
    }
    newlines_ = 0;
    item_ = false;
    words_.push_back(std::move(word));
  }

  std::string_view text_;
  std::vector<Word> words_;
  std::size_t at_ = 0;
  int newlines_ = 0;
  bool item_ = false;
  int number_ = 0;
  std::size_t searched_ = 0;
};

constexpr std::string_view kVerbs =
    " read show print display cat open view list ls find search grep locate run execute exec "
    "delete "
    "remove erase rm write create save append add call invoke use copy move rename replace mkdir "
    "touch "
    "cp mv count what which where pwd echo git look make put ";

}  // namespace

std::vector<Word> split_words(std::string_view text) { return Splitter(text).run(); }

bool is_order_verb(std::string_view lower) {
  return !lower.empty() && kVerbs.find(" " + std::string(lower) + " ") != std::string_view::npos;
}

}  // namespace oap::llm::offline
