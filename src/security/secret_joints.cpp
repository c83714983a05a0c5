#include <algorithm>

#include "security/secret_decode.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

/// A line that goes on ends in its mark, or in few blanks.
constexpr std::size_t kLongestJoint = 16;
constexpr std::size_t kLongestName = 40;
/// Of quoted-printable: RFC 2045 section 6.7.
constexpr std::size_t kLongestLine = 76;

/// Whether the line behind the one that ends at `at` begins with a setting's name: then the "=" of
/// the first is base64's, and no mark that it goes on.
bool is_setting(std::string_view text, std::size_t at) {
  std::size_t name = text.find_first_not_of("\r\n \t", at);
  const std::size_t start = name;
  while (name < text.size() && name - start < kLongestName &&
         (text::is_alpha(text[name]) || text::is_digit(text[name]) ||
          std::string_view("_.-").find(text[name]) != std::string_view::npos)) {
    ++name;
  }
  return name < text.size() && name > start && (text[name] == '=' || text[name] == ':');
}

/// Whether the "=" at `at` fills up base64 rather than says that a line of quoted-printable goes
/// on: those are nearly as long as RFC 2045 lets them be.
bool is_padding(std::string_view text, std::size_t at) {
  const std::size_t most = std::min(at, kLongestLine);
  std::size_t front = at;
  while (at - front < most && text[front - 1] == '=') {
    --front;
  }
  std::size_t digits = 0;
  for (; at - front < most; --front, ++digits) {
    const char c = text[front - 1];
    if (!text::is_alpha(c) && !text::is_digit(c) &&
        std::string_view("+/-_").find(c) == std::string_view::npos) {
      break;
    }
  }
  const std::size_t line = text.substr(at - most, most).rfind('\n');
  const std::size_t length = line == std::string_view::npos ? most : most - line - 1;
  return digits >= 16 && (at + 1 - front) % 4 == 0 && length < kLongestLine - 8;
}

}  // namespace

bool joins(std::string_view text, std::size_t at) {
  const std::size_t low = at > kLongestJoint ? at - kLongestJoint : 0;
  while (at > low && (text[at] == ' ' || text[at] == '\t')) {
    --at;
  }
  if (text[at] == '\n' && at > 0 && text[at - 1] == '\r') {
    --at;
  }
  return (text[at] == '\n' || text[at] == '\r') && at > 0 &&
         (text[at - 1] == '\\' ||
          (text[at - 1] == '=' && !is_padding(text, at - 1) && !is_setting(text, at)));
}

}  // namespace oap::security
