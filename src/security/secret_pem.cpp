#include <algorithm>

#include "security/secret_context.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

constexpr std::size_t kMostBytes = 64U << 10U;
constexpr std::size_t kLeastKeyBytes = 32;
constexpr std::size_t kLeastClosed = 16;  ///< between BEGIN and END
constexpr std::size_t kLeastPiece = 8;
constexpr std::size_t kLongestLine = 80;  ///< of `-----BEGIN … PRIVATE KEY`

bool is_key_byte(char c) {
  return text::is_alpha(c) || text::is_digit(c) || c == '+' || c == '/' || c == '=';
}

bool is_between(char c) {
  return std::string_view(" \t\r\n\\,:.-\"'()>|#*;").find(c) != std::string_view::npos;
}

struct Body {
  std::size_t end = 0;  ///< behind the last key byte, or behind the END line
  std::size_t key_bytes = 0;
  bool closed = false;
  std::size_t looked = 0;
};

Body body_of(std::string_view rest) {
  Body body;
  std::size_t& at = body.looked;
  while (at < rest.size()) {
    if (rest[at] == '-' && rest.substr(at).starts_with("-----")) {
      const std::string_view dashes = rest.substr(at + 5);
      if (dashes.starts_with("END ")) {
        const std::size_t close = dashes.substr(0, 65).find("-----");
        const bool near = close != std::string_view::npos && close < 60;
        body.end = near ? at + 5 + close + 5 : at + 9;
        body.closed = near;
      }
      return body;
    }
    if (is_key_byte(rest[at])) {
      ++body.key_bytes;
      body.end = at + 1;
    } else if (!is_between(rest[at])) {
      return body;
    }
    ++at;
  }
  return body;
}

/// A key whose lines are texts of their own is found line by line: what joins them stays.
void add_pieces(std::string_view text, std::size_t start, std::size_t end,
                std::vector<FoundSecret>& found) {
  std::size_t piece = start;
  for (std::size_t at = start; at <= end; ++at) {
    const bool quote =
        at < end && (text[at] == '"' || text[at] == '\'') && (at == 0 || text[at - 1] != '\\');
    if (at < end && !quote) {
      continue;
    }
    const auto keys = std::count_if(text.begin() + static_cast<std::ptrdiff_t>(piece),
                                    text.begin() + static_cast<std::ptrdiff_t>(at), is_key_byte);
    std::size_t stop = at;
    while (stop > piece && at < end && !is_key_byte(text[stop - 1]) && text[stop - 1] != '-') {
      --stop;
    }
    if (keys >= static_cast<std::ptrdiff_t>(kLeastPiece)) {
      found.push_back({"private_key", piece, stop});
    }
    piece = at + 1;
  }
}

}  // namespace

ContextAnswer look_at_pem(const TextView& view, std::size_t end) {
  ContextAnswer answer;
  const std::string_view text = view.text;
  const std::size_t low = end > kLongestLine ? end - kLongestLine : 0;
  const std::size_t begin = text.substr(low, end - low).rfind("---");
  if (begin == std::string_view::npos) {
    return answer;
  }
  std::size_t start = low + begin + 3;
  while (start > low && text[start - 1] == '-') {
    --start;
  }
  answer.hold = start;
  std::size_t at = end;
  for (const std::string_view part : {" BLOCK", " "}) {
    if (text.substr(at).starts_with(part)) {
      at += part.size();
      break;
    }
  }
  const std::string_view rest = text.substr(at, kMostBytes);
  const std::size_t dashes = std::min(rest.find_first_not_of('-'), rest.size());
  if (dashes < 4) {
    answer.needs_more = !view.last && rest.size() < 12;
    return answer;
  }
  const Body body = body_of(rest.substr(dashes));
  view.spend(dashes + body.looked);
  const bool open = !body.closed && !view.last && rest.size() < kMostBytes &&
                    dashes + body.end + 80 >= rest.size();
  if (open) {
    answer.needs_more = true;
    return answer;
  }
  if (body.key_bytes >= (body.closed ? kLeastClosed : kLeastKeyBytes)) {
    view.spend((at + dashes + body.end - start) * 2);
    add_pieces(text, start, at + dashes + body.end, answer.found);
  }
  return answer;
}

ContextAnswer look_at_putty(const TextView& view, std::size_t end) {
  ContextAnswer answer;
  const std::string_view text = view.text;
  answer.hold = end;
  std::size_t at = end;
  while (at < text.size() && at - end < 8 && text::is_digit(text[at])) {
    ++at;
  }
  const std::size_t begin = at;
  std::size_t last_key = at;
  while (at < text.size() && at - begin < kMostBytes &&
         (is_key_byte(text[at]) ||
          std::string_view("\r\n\\ ").find(text[at]) != std::string_view::npos)) {
    ++at;
    last_key = at;
  }
  view.spend((at - begin) * 3);
  if (at == text.size() && !view.last) {
    answer.needs_more = true;
    return answer;
  }
  const std::size_t mac = text.substr(begin, last_key - begin).rfind("Private");
  if (mac != std::string_view::npos) {
    last_key = begin + mac;
  }
  std::size_t start = begin;
  while (start < last_key && !is_key_byte(text[start])) {
    ++start;
  }
  while (last_key > start && !is_key_byte(text[last_key - 1])) {
    --last_key;
  }
  if (last_key - start >= kLeastKeyBytes) {
    answer.found.push_back({"private_key", start, last_key});
  }
  return answer;
}

}  // namespace oap::security
