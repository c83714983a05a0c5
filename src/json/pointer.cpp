#include "json/pointer.hpp"

#include <charconv>

namespace oap::json {
namespace {

/// An array index: digits without a leading zero.
std::optional<std::size_t> index_of(std::string_view token) {
  std::size_t index = 0;
  const char* end = token.data() + token.size();
  const auto read = std::from_chars(token.data(), end, index);
  const bool leading_zero = token.size() > 1 && token[0] == '0';
  return read.ec == std::errc() && read.ptr == end && !leading_zero ? std::optional(index)
                                                                    : std::nullopt;
}

}  // namespace

std::string pointer_escape(std::string_view token) {
  std::string out;
  out.reserve(token.size());
  for (const char c : token) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::optional<std::string> pointer_unescape(std::string_view token) {
  std::string out;
  out.reserve(token.size());
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      out.push_back(token[i]);
      continue;
    }
    ++i;
    if (i == token.size() || (token[i] != '0' && token[i] != '1')) {
      return std::nullopt;
    }
    out.push_back(token[i] == '0' ? '~' : '/');
  }
  return out;
}

std::string pointer_join(std::string_view parent, std::string_view token) {
  std::string out(parent);
  out.push_back('/');
  out += pointer_escape(token);
  return out;
}

std::string pointer_join(std::string_view parent, std::size_t index) {
  return pointer_join(parent, std::to_string(index));
}

std::optional<std::vector<std::string>> pointer_tokens(std::string_view pointer) {
  std::vector<std::string> tokens;
  while (!pointer.empty()) {
    if (pointer.front() != '/') {
      return std::nullopt;
    }
    pointer.remove_prefix(1);
    const std::size_t end = pointer.find('/');
    std::optional<std::string> token = pointer_unescape(pointer.substr(0, end));
    if (!token) {
      return std::nullopt;
    }
    tokens.push_back(std::move(*token));
    pointer.remove_prefix(end == std::string_view::npos ? pointer.size() : end);
  }
  return tokens;
}

const Value* at(const Value& value, std::string_view pointer) {
  const auto tokens = pointer_tokens(pointer);
  if (!tokens) {
    return nullptr;
  }
  const Value* here = &value;
  for (const std::string& token : *tokens) {
    if (const Array* items = here->if_array()) {
      const auto index = index_of(token);
      here = index && *index < items->size() ? &(*items)[*index] : nullptr;
    } else {
      here = find(*here, token);
    }
    if (here == nullptr) {
      return nullptr;
    }
  }
  return here;
}

}  // namespace oap::json
