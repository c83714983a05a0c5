#include "json/uri.hpp"

#include <utility>

#include "text/strings.hpp"

namespace oap::json {
namespace {

bool is_scheme(std::string_view text) {
  if (text.empty() || !text::is_alpha(text[0])) {
    return false;
  }
  for (const char c : text) {
    if (!text::is_alpha(c) && !text::is_digit(c) && c != '+' && c != '-' && c != '.') {
      return false;
    }
  }
  return true;
}

/// RFC 3986 §5.2.4.
std::string remove_dot_segments(std::string_view input) {
  std::string out;
  const auto drop_last = [&out] {
    const std::size_t slash = out.rfind('/');
    out.resize(slash == std::string::npos ? 0 : slash);
  };
  while (!input.empty()) {
    if (input.starts_with("../")) {
      input.remove_prefix(3);
    } else if (input.starts_with("./")) {
      input.remove_prefix(2);
    } else if (input.starts_with("/./")) {
      input.remove_prefix(2);
    } else if (input == "/.") {
      input = "/";
    } else if (input.starts_with("/../")) {
      input.remove_prefix(3);
      drop_last();
    } else if (input == "/..") {
      input = "/";
      drop_last();
    } else if (input == "." || input == "..") {
      input = {};
    } else {
      const std::size_t end = input.find('/', 1);
      out += input.substr(0, end);
      input.remove_prefix(end == std::string_view::npos ? input.size() : end);
    }
  }
  return out;
}

std::string merge_paths(const Uri& base, std::string_view path) {
  if (base.authority && base.path.empty()) {
    return "/" + std::string(path);
  }
  const std::size_t slash = base.path.rfind('/');
  return (slash == std::string::npos ? "" : base.path.substr(0, slash + 1)) + std::string(path);
}

int hex_value(char c) {
  if (text::is_digit(c)) {
    return c - '0';
  }
  const char lower = text::to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

Uri split_uri(std::string_view text) {
  Uri uri;
  const std::size_t hash = text.find('#');
  if (hash != std::string_view::npos) {
    uri.fragment = text.substr(hash + 1);
    text = text.substr(0, hash);
  }
  const std::size_t mark = text.find('?');
  if (mark != std::string_view::npos) {
    uri.query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && is_scheme(text.substr(0, colon))) {
    uri.scheme = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (text.starts_with("//")) {
    const std::size_t slash = text.find('/', 2);
    uri.authority = text.substr(2, slash == std::string_view::npos ? slash : slash - 2);
    text.remove_prefix(slash == std::string_view::npos ? text.size() : slash);
  }
  uri.path = text;
  return uri;
}

std::string join_uri(const Uri& uri) {
  std::string out;
  if (uri.scheme) {
    out += *uri.scheme + ":";
  }
  if (uri.authority) {
    out += "//" + *uri.authority;
  }
  out += uri.path;
  if (uri.query) {
    out += "?" + *uri.query;
  }
  if (uri.fragment) {
    out += "#" + *uri.fragment;
  }
  return out;
}

std::string resolve_uri(std::string_view base_text, std::string_view reference_text) {
  const Uri base = split_uri(base_text);
  Uri target = split_uri(reference_text);
  if (target.scheme || target.authority) {
    target.path = remove_dot_segments(target.path);
  } else if (target.path.empty()) {
    target.path = base.path;
    target.authority = base.authority;
    if (!target.query) {
      target.query = base.query;
    }
  } else {
    target.path = remove_dot_segments(
        target.path.starts_with('/') ? target.path : merge_paths(base, target.path));
    target.authority = base.authority;
  }
  if (!target.scheme) {
    target.scheme = base.scheme;
  }
  return join_uri(target);
}

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low >= 0) {
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

}  // namespace oap::json
