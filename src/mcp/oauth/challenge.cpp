#include "mcp/oauth/challenge.hpp"

#include <algorithm>

#include "text/strings.hpp"

namespace oap::mcp::oauth {

namespace {

bool is_token_char(char c) {
  return c > ' ' && c < '\x7F' &&
         std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
}

bool is_token68_char(char c) {
  return text::is_alpha(c) || text::is_digit(c) ||
         std::string_view("-._~+/").find(c) != std::string_view::npos;
}

class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  std::size_t mark() const { return at_; }
  void back_to(std::size_t mark) { at_ = mark; }

  void skip_blanks() {
    skip([](char c) { return c == ' ' || c == '\t'; });
  }
  void skip_commas() {
    skip([](char c) { return c == ' ' || c == '\t' || c == ','; });
  }
  std::string_view token() { return skip(is_token_char); }

  bool take(char c) {
    if (peek() != c || at_end()) {
      return false;
    }
    ++at_;
    return true;
  }

  /// A token or a quoted string; nothing where neither is there or the quotes do not close.
  std::optional<std::string> value() {
    if (!take('"')) {
      const std::string_view word = token();
      return word.empty() ? std::nullopt : std::optional<std::string>(word);
    }
    std::string out;
    while (!at_end()) {
      const char c = text_[at_++];
      if (c == '"') {
        return out;
      }
      if (c == '\\' && !at_end()) {
        out += text_[at_++];
      } else {
        out += c;
      }
    }
    return std::nullopt;
  }

  /// True and past it where a token68 stands here as a whole.
  bool token68() {
    const std::size_t start = at_;
    const bool some = !skip(is_token68_char).empty();
    skip([](char c) { return c == '='; });
    const std::size_t end = at_;
    skip_blanks();
    if (some && (at_end() || peek() == ',')) {
      at_ = end;
      return true;
    }
    at_ = start;
    return false;
  }

 private:
  template <class F>
  std::string_view skip(F wanted) {
    const std::size_t start = at_;
    while (at_ < text_.size() && wanted(text_[at_])) {
      ++at_;
    }
    return text_.substr(start, at_ - start);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// `name = value`; where something else stands here, the cursor stays.
std::optional<std::pair<std::string, std::string>> take_param(Cursor& cursor) {
  const std::size_t start = cursor.mark();
  const std::string_view name = cursor.token();
  cursor.skip_blanks();
  if (!name.empty() && cursor.take('=')) {
    cursor.skip_blanks();
    if (std::optional<std::string> value = cursor.value()) {
      return std::pair(text::lower_ascii(name), *std::move(value));
    }
  }
  cursor.back_to(start);
  return std::nullopt;
}

Challenge take_challenge(Cursor& cursor, std::string_view scheme) {
  Challenge challenge;
  challenge.scheme = text::lower_ascii(scheme);
  cursor.skip_blanks();
  if (cursor.token68()) {
    return challenge;
  }
  while (!cursor.at_end()) {
    cursor.skip_commas();
    std::optional<std::pair<std::string, std::string>> param = take_param(cursor);
    if (!param) {
      break;
    }
    challenge.params.push_back(*std::move(param));
  }
  return challenge;
}

std::string text_of(const Challenge& challenge, std::string_view name) {
  const std::string* value = challenge.param(name);
  return value != nullptr ? *value : std::string();
}

void add(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) {
    return;
  }
  out += out.size() > std::string_view("Bearer").size() ? ", " : " ";
  out.append(name).append("=\"");
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    if (static_cast<unsigned char>(c) >= ' ' && c != '\x7F') {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

const std::string* Challenge::param(std::string_view name) const {
  const auto found = std::find_if(params.begin(), params.end(),
                                  [&](const auto& entry) { return entry.first == name; });
  return found == params.end() ? nullptr : &found->second;
}

std::vector<Challenge> parse_challenges(std::string_view text) {
  std::vector<Challenge> out;
  Cursor cursor(text);
  while (true) {
    cursor.skip_commas();
    const std::string_view scheme = cursor.token();
    if (scheme.empty() || cursor.peek() == '=') {
      return out;
    }
    out.push_back(take_challenge(cursor, scheme));
  }
}

std::string all_challenges(const net::HeaderList& headers) {
  std::string out;
  for (const auto& [name, value] : headers) {
    if (text::equals_ci(name, "WWW-Authenticate")) {
      out += out.empty() ? value : ", " + value;
    }
  }
  return out;
}

std::optional<BearerChallenge> bearer_challenge(std::string_view header) {
  for (const Challenge& challenge : parse_challenges(header)) {
    if (challenge.scheme == "bearer") {
      return BearerChallenge{text_of(challenge, "error"), text_of(challenge, "error_description"),
                             text_of(challenge, "scope"), text_of(challenge, "resource_metadata")};
    }
  }
  return std::nullopt;
}

std::string write_challenge(const BearerChallenge& challenge) {
  std::string out = "Bearer";
  add(out, "error", challenge.error);
  add(out, "error_description", challenge.error_description);
  add(out, "scope", challenge.scope);
  add(out, "resource_metadata", challenge.resource_metadata);
  return out;
}

}  // namespace oap::mcp::oauth
