#include "audit/members.hpp"

namespace oap::audit {
namespace {

/// Behind the closing quote of a text that begins at 0; npos where there is none.
std::size_t quoted_size(std::string_view text) {
  std::size_t at = 1;
  while (true) {
    at = text.find_first_of("\"\\", at);
    if (at == std::string_view::npos || text[at] == '"') {
      return at == std::string_view::npos ? at : at + 1;
    }
    at += 2;
    if (at >= text.size()) {
      return std::string_view::npos;
    }
  }
}

}  // namespace

/// Of the value at the start of `rest_`; npos where it does not end.
std::size_t RawMembers::value_size() const {
  if (rest_.starts_with('"')) {
    return quoted_size(rest_);
  }
  std::size_t depth = 0;
  std::size_t at = 0;
  while (at < rest_.size()) {
    const char c = rest_[at];
    if (c == '"') {
      const std::size_t size = quoted_size(rest_.substr(at));
      if (size == std::string_view::npos) {
        return size;
      }
      at += size;
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}')) {
      return at;
    }
    depth += c == '{' || c == '[' ? 1U : 0U;
    depth -= (c == '}' || c == ']') && depth > 0 ? 1U : 0U;
    ++at;
  }
  return std::string_view::npos;
}

bool RawMembers::next() {
  if (!good_ || !rest_.starts_with('"')) {
    return good_ = false;
  }
  const std::size_t key_size = quoted_size(rest_);
  if (key_size == std::string_view::npos || key_size >= rest_.size() || rest_[key_size] != ':') {
    return good_ = false;
  }
  key_ = rest_.substr(1, key_size - 2);
  rest_.remove_prefix(key_size + 1);
  const std::size_t size = value_size();
  if (size == std::string_view::npos || size == 0) {
    return good_ = false;
  }
  value_ = rest_.substr(0, size);
  rest_.remove_prefix(size);
  rest_.remove_prefix(rest_.starts_with(',') ? 1 : 0);
  return true;
}

}  // namespace oap::audit
