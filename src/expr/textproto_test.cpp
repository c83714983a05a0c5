#include "expr/textproto_test.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

#include "text/utf8.hpp"

namespace oap::expr {

namespace {

class TextReader {
 public:
  explicit TextReader(std::string_view text) : text_(text) {}

  TextMessage message(char end) {
    TextMessage out;
    for (;;) {
      skip();
      if (at_ >= text_.size() || text_[at_] == end) {
        if ((at_ >= text_.size()) != (end == '\0')) {
          throw std::runtime_error("unbalanced at " + std::to_string(at_));
        }
        ++at_;
        return out;
      }
      field(out);
    }
  }

 private:
  void skip() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (std::string_view(" \t\r\n,;").find(c) != std::string_view::npos) {
        ++at_;
      } else {
        return;
      }
    }
  }

  std::string word() {
    skip();
    const std::size_t begin = at_;
    if (text_[at_] == '[') {
      at_ = text_.find(']', at_) + 1;
    } else {
      at_ = std::min(text_.find_first_of(" \t\r\n,;:{}[]<>#\"'", at_), text_.size());
    }
    if (begin == at_) {
      throw std::runtime_error("a word is missing at " + std::to_string(at_));
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  void field(TextMessage& out) {
    const std::string name = word();
    skip();
    if (text_[at_] == ':') {
      ++at_;
      skip();
    }
    if (text_[at_] == '[') {
      ++at_;
      for (skip(); text_[at_] != ']'; skip()) {
        out.fields.push_back(value(name));
      }
      ++at_;
      return;
    }
    out.fields.push_back(value(name));
  }

  TextMessage::Field value(const std::string& name) {
    const char c = text_[at_];
    if (c == '{' || c == '<') {
      ++at_;
      return {name, "", std::make_shared<TextMessage>(message(c == '{' ? '}' : '>'))};
    }
    if (c != '"' && c != '\'') {
      return {name, word(), nullptr};
    }
    std::string joined;
    for (; at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\''); skip()) {
      joined += string();
    }
    return {name, joined, nullptr};
  }

  std::string string() {
    const char quote = text_[at_++];
    std::string out;
    while (text_.at(at_) != quote) {
      if (text_[at_] != '\\') {
        out.push_back(text_[at_++]);
        continue;
      }
      ++at_;
      escape(out);
    }
    ++at_;
    return out;
  }

  void escape(std::string& out) {
    constexpr std::string_view kLetters = "abfnrtv\\?\"'";
    constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\?\"'";
    const char c = text_.at(at_++);
    if (const std::size_t place = kLetters.find(c); place != std::string_view::npos) {
      out.push_back(kMeanings[place]);
    } else if (c == 'x' || c == 'X') {
      out.push_back(static_cast<char>(digits(16, 2)));
    } else if (c == 'u' || c == 'U') {
      text::append_utf8(out, digits(16, c == 'u' ? 4 : 8));
    } else {
      --at_;
      out.push_back(static_cast<char>(digits(8, 3)));
    }
  }

  std::uint32_t digits(int base, std::size_t count) {
    const std::size_t length = std::min(
        count,
        std::min(text_.find_first_not_of(base == 8 ? "01234567" : "0123456789abcdefABCDEF", at_),
                 text_.size()) -
            at_);
    const std::string part(text_.substr(at_, length));
    at_ += length;
    return static_cast<std::uint32_t>(std::stoul(part, nullptr, base));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

const TextMessage::Field* TextMessage::find(std::string_view name) const {
  for (const Field& field : fields) {
    if (field.name == name) {
      return &field;
    }
  }
  return nullptr;
}

std::vector<const TextMessage::Field*> TextMessage::all(std::string_view name) const {
  std::vector<const Field*> out;
  for (const Field& field : fields) {
    if (field.name == name) {
      out.push_back(&field);
    }
  }
  return out;
}

const TextMessage& TextMessage::child(std::string_view name) const {
  static const TextMessage empty;
  const Field* field = find(name);
  return field != nullptr && field->message != nullptr ? *field->message : empty;
}

std::string TextMessage::scalar(std::string_view name) const {
  const Field* field = find(name);
  return field != nullptr ? field->scalar : "";
}

TextMessage parse_textproto(std::string_view text) { return TextReader(text).message('\0'); }

TEST(TextProto, ReadsMessagesListsAndStrings) {
  const TextMessage message = parse_textproto(
      "# comment\na: 1 b { c: 'x\\n' \"\\303\\277\" } b: < c: \"y\" > d: [1, 2]\n[x.y/z] {}");
  EXPECT_EQ(message.scalar("a"), "1");
  ASSERT_EQ(message.all("b").size(), 2U);
  EXPECT_EQ(message.child("b").scalar("c"), "x\n\xc3\xbf");
  EXPECT_EQ(message.all("d").size(), 2U);
  EXPECT_TRUE(message.has("[x.y/z]"));
  EXPECT_THROW(parse_textproto("a {"), std::runtime_error);
}

}  // namespace oap::expr
