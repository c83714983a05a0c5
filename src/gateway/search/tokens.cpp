#include "gateway/search/tokens.hpp"

#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

constexpr std::size_t kMaxWord = 64;

constexpr bool within(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

char32_t lower(char32_t c) {
  const bool is_latin_pair = within(c, 0x100, 0x17F) && c != 0x130 && c != 0x131 && c != 0x138 &&
                             c != 0x149 && c != 0x178 && c != 0x17F;
  if (is_latin_pair) {
    const bool odd_is_upper = within(c, 0x139, 0x148) || within(c, 0x179, 0x17E);
    return (c % 2 == 1) == odd_is_upper ? c + 1 : c;
  }
  if (within(c, 0x400, 0x40F)) {
    return c + 80;
  }
  const bool is_shifted = within(c, 'A', 'Z') || (within(c, 0xC0, 0xDE) && c != 0xD7) ||
                          within(c, 0x391, 0x3A9) || within(c, 0x410, 0x42F);
  return is_shifted ? c + 32 : c;
}

bool is_upper(char32_t c) { return lower(c) != c; }

bool is_word(char32_t c) {
  if (c < 0x80) {
    return within(c, '0', '9') || within(c, 'a', 'z') || within(c, 'A', 'Z');
  }
  const bool is_mark = within(c, 0x2000, 0x2BFF) || within(c, 0x3000, 0x3004) ||
                       within(c, 0x3008, 0x3020) || within(c, 0xFF00, 0xFF0F) ||
                       within(c, 0xFF1A, 0xFF20) || within(c, 0xFE10, 0xFE6F) ||
                       within(c, 0xE000, 0xF8FF) || c >= 0xE0000;
  return c >= 0xC0 && c != 0xD7 && c != 0xF7 && !is_mark && !text::is_deceptive(c);
}

class Splitter {
 public:
  explicit Splitter(std::size_t limit) : limit_(limit) {}

  void take(char32_t c, char32_t next) {
    if (is_cjk(c)) {
      end_word();
      take_cjk(c);
      return;
    }
    end_cjk();
    if (!is_word(c)) {
      end_word();
      return;
    }
    const bool begins_word =
        is_upper(c) &&
        (!was_upper_ || (!is_upper(next) && is_word(next) && next >= 'A' && !is_cjk(next)));
    if (begins_word) {
      end_word();
    }
    was_upper_ = is_upper(c);
    if (word_.size() < kMaxWord) {
      text::append_utf8(word_, lower(c));
    }
  }

  bool full() const { return words_.size() >= limit_; }

  std::vector<std::string> finish() {
    end_word();
    end_cjk();
    return std::move(words_);
  }

 private:
  void take_cjk(char32_t c) {
    std::string self;
    text::append_utf8(self, c);
    if (!last_cjk_.empty()) {
      put(last_cjk_ + self);
      paired_ = true;
    }
    last_cjk_ = std::move(self);
  }

  void end_cjk() {
    if (!last_cjk_.empty() && !paired_) {
      put(last_cjk_);
    }
    last_cjk_.clear();
    paired_ = false;
  }

  void end_word() {
    if (!word_.empty()) {
      put(word_);
      word_.clear();
    }
    was_upper_ = false;
  }

  void put(const std::string& word) {
    if (!full()) {
      words_.push_back(word);
    }
  }

  std::size_t limit_;
  std::vector<std::string> words_;
  std::string word_;
  std::string last_cjk_;
  bool paired_ = false;
  bool was_upper_ = false;
};

}  // namespace

bool is_cjk(char32_t c) {
  return within(c, 0x3040, 0x30FF) || within(c, 0x31F0, 0x31FF) || within(c, 0x3400, 0x4DBF) ||
         within(c, 0x4E00, 0x9FFF) || within(c, 0xAC00, 0xD7A3) || within(c, 0xF900, 0xFAFF) ||
         within(c, 0xFF66, 0xFF9F) || within(c, 0x20000, 0x3FFFF) || within(c, 0x1100, 0x115E) ||
         c == 0x3005;
}

std::vector<std::string> tokens(std::string_view text, std::size_t limit) {
  Splitter splitter(limit);
  text::CodePoint c = text.empty() ? text::CodePoint{} : text::decode_at(text, 0);
  for (std::size_t at = 0; at < text.size() && !splitter.full();) {
    const std::size_t after = at + c.length;
    const text::CodePoint next =
        after < text.size() ? text::decode_at(text, after) : text::CodePoint{};
    splitter.take(c.valid ? c.value : ' ', next.valid ? next.value : ' ');
    at = after;
    c = next;
  }
  return splitter.finish();
}

}  // namespace oap::gateway
