#include "mcp/oauth/form.hpp"

#include <algorithm>

#include "json/uri.hpp"
#include "text/strings.hpp"

namespace oap::mcp::oauth {

namespace {

std::string decode(std::string_view text) {
  return json::percent_decode(text::replace_all(text, "+", " "));
}

}  // namespace

std::string write_form(const Form& form) {
  std::string out;
  for (const auto& [name, value] : form) {
    if (!out.empty()) {
      out += '&';
    }
    out += net::percent_encode(name) + "=" + net::percent_encode(value);
  }
  return out;
}

Form parse_form(std::string_view text) {
  Form out;
  for (const std::string_view piece : text::split(text, '&')) {
    if (piece.empty()) {
      continue;
    }
    const std::size_t equals = piece.find('=');
    const bool has_value = equals != std::string_view::npos;
    out.emplace_back(decode(piece.substr(0, equals)),
                     has_value ? decode(piece.substr(equals + 1)) : std::string());
  }
  return out;
}

std::size_t count(const Form& form, std::string_view name) {
  return static_cast<std::size_t>(std::count_if(
      form.begin(), form.end(), [&](const auto& entry) { return entry.first == name; }));
}

std::optional<std::string> single(const Form& form, std::string_view name) {
  if (count(form, name) != 1) {
    return std::nullopt;
  }
  return std::find_if(form.begin(), form.end(),
                      [&](const auto& entry) { return entry.first == name; })
      ->second;
}

std::string with_query(std::string_view url, const Form& form) {
  const json::Uri parts = json::split_uri(url);
  json::Uri out = parts;
  out.fragment.reset();
  const std::string before = parts.query.value_or("");
  out.query = before.empty() ? write_form(form) : before + "&" + write_form(form);
  return json::join_uri(out);
}

}  // namespace oap::mcp::oauth
