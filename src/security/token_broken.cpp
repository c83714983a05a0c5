#include <algorithm>
#include <string>
#include <vector>

#include "security/token_match.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

constexpr std::size_t kMostPieces = 6;
constexpr std::size_t kLongest = 1024;
constexpr std::size_t kLongestGap = 48;
/// A line that ends in mid-token is at least as long: shorter words stand at ends of lines anyway.
constexpr std::size_t kLeastLine = 16;

bool in_token(char c) {
  return text::is_alpha(c) || text::is_digit(c) ||
         std::string_view("_-.+/=").find(c) != std::string_view::npos;
}

bool is_quote(char c) { return c == '"' || c == '\'' || c == '`'; }

/// The length of what joins two pieces at `at`: a line's end with the next one's indentation, or
/// the end of one literal and the beginning of the next. 0 where nothing does.
std::size_t gap_at(std::string_view text, std::size_t at, bool& literal) {
  const std::size_t most = std::min(text.size(), at + kLongestGap);
  std::size_t end = at;
  literal = at < most && is_quote(text[at]);
  if (!literal) {
    end += text.substr(at).starts_with("\r\n") ? 2 : (text.substr(at).starts_with('\n') ? 1 : 0);
    if (end == at) {
      return 0;
    }
    while (end < most && (text[end] == ' ' || text[end] == '\t')) {
      ++end;
    }
    return end < most && in_token(text[end]) ? end - at : 0;
  }
  const char quote = text[at];
  int marks = 0;
  for (++end; end < most; ++end) {
    const char c = text[end];
    if (c == quote) {
      return end + 1 < text.size() && in_token(text[end + 1]) ? end + 1 - at : 0;
    }
    if (std::string_view("+.,&\\").find(c) != std::string_view::npos) {
      if (++marks > 2) {
        return 0;
      }
    } else if (!text::is_space(c) && c != '(' && c != ')') {
      return 0;
    }
  }
  return 0;
}

}  // namespace

TokenMatch match_broken_token(std::uint32_t id, const TextView& view) {
  TokenMatch out;
  const std::string_view text = view.text.substr(0, kLongest);
  std::string joined;
  std::vector<std::size_t> from;
  std::size_t at = 0;
  std::size_t first = 0;
  for (std::size_t piece = 0; piece < kMostPieces; ++piece) {
    while (at < text.size() && in_token(text[at])) {
      joined += text[at];
      from.push_back(at++);
    }
    first = piece == 0 ? joined.size() : first;
    if (at + kLongestGap > text.size() && !view.last && text.size() < kLongest) {
      view.spend(at);
      out.needs_more = true;
      return out;
    }
    bool literal = false;
    const std::size_t gap = at < text.size() ? gap_at(text, at, literal) : 0;
    if (gap == 0 || (!literal && first < kLeastLine)) {
      break;
    }
    at += gap;
  }
  view.spend(at);
  if (joined.size() == first) {
    return out;
  }
  const TokenMatch match = match_token(id, {joined, true, view.effort});
  if (match.length > first) {
    out.length = from[match.length - 1] + 1;
  }
  return out;
}

}  // namespace oap::security
