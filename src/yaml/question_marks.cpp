#include "yaml/question_marks.hpp"

#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::yaml {
namespace {

constexpr char32_t kFirstStandIn = 0xE000;
constexpr char32_t kLastStandIn = 0xF8FF;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// The sign of a key: at the front of a line or an entry, and alone.
bool may_be_sign(std::string_view text, std::size_t at) {
  const bool alone = at + 1 == text.size() ||
                     std::string_view(" \t\r\n,[]{}").find(text[at + 1]) != std::string_view::npos;
  std::size_t before = at;
  while (before > 0 && is_blank(text[before - 1])) {
    --before;
  }
  const char last = before == 0 ? '\n' : text[before - 1];
  const bool front = std::string_view("\n\r[{,").find(last) != std::string_view::npos ||
                     (before != at && std::string_view("-:?").find(last) != std::string_view::npos);
  return alone && front;
}

std::string unused_character(std::string_view text) {
  for (char32_t c = kFirstStandIn; c <= kLastStandIn; ++c) {
    std::string out;
    text::append_utf8(out, static_cast<std::uint32_t>(c));
    if (text.find(out) == std::string_view::npos) {
      return out;
    }
  }
  return {};
}

}  // namespace

Masked mask_question_marks(std::string_view text) {
  Masked out{std::string(text), {}};
  const bool needed = text.find('?') != std::string_view::npos &&
                      text.find_first_of("[{") != std::string_view::npos;
  const std::string stand_in = needed ? unused_character(text) : std::string();
  if (stand_in.empty()) {
    return out;
  }
  out.stand_in = stand_in;
  out.text.clear();
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '?' && !may_be_sign(text, at)) {
      out.text += stand_in;
    } else {
      out.text += text[at];
    }
  }
  return out;
}

std::string unmask(std::string_view text, std::string_view stand_in) {
  return stand_in.empty() ? std::string(text) : text::replace_all(text, stand_in, "?");
}

}  // namespace oap::yaml
