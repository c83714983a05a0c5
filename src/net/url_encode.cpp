#include "net/url_encode.hpp"

#include <algorithm>

#include "net/url.hpp"
#include "text/strings.hpp"

namespace oap::net {
namespace {

int hex_value(char c) {
  if (text::is_digit(c)) {
    return c - '0';
  }
  const char lower = text::to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_unreserved(char c) {
  return text::is_alpha(c) || text::is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

void append_encoded(std::string& out, std::string_view text, bool blank_as_plus) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_unreserved(c)) {
      out += c;
    } else if (c == ' ' && blank_as_plus) {
      out += '+';
    } else {
      out += '%';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 15U];
    }
  }
}

Result<std::string> decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' && plus_is_blank ? ' ' : text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return fail(Code::kInvalidArgument, "a % is not followed by two hexadecimal digits");
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

bool has_scheme(std::string_view reference) {
  const std::size_t colon = reference.find(':');
  const std::size_t other = reference.find_first_of("/?");
  return colon != std::string_view::npos && colon < other && colon > 0 &&
         text::is_alpha(reference.front());
}

std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  const std::vector<std::string_view> pieces = text::split(path.substr(1), '/');
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const bool last = i + 1 == pieces.size();
    const bool dots = pieces[i] == "." || pieces[i] == "..";
    if (pieces[i] == ".." && !kept.empty()) {
      kept.pop_back();
    }
    if (!dots) {
      kept.push_back(pieces[i]);
    } else if (last) {
      kept.emplace_back();
    }
  }
  return "/" + text::join(kept, "/");
}

}  // namespace

std::string percent_encode(std::string_view text) {
  std::string out;
  append_encoded(out, text, false);
  return out;
}

Result<std::string> percent_decode(std::string_view text) { return decode(text, false); }

std::string form_encode(const FormFields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    out += out.empty() ? "" : "&";
    append_encoded(out, name, true);
    out += '=';
    append_encoded(out, value, true);
  }
  return out;
}

Result<FormFields> form_decode(std::string_view text) {
  FormFields fields;
  for (const std::string_view piece : text::split(text, '&')) {
    if (piece.empty()) {
      continue;
    }
    const std::size_t equals = piece.find('=');
    OAP_TRY(std::string name, decode(piece.substr(0, equals), true));
    std::string_view written;
    if (equals != std::string_view::npos) {
      written = piece.substr(equals + 1);
    }
    OAP_TRY(std::string value, decode(written, true));
    fields.emplace_back(std::move(name), std::move(value));
  }
  return fields;
}

const std::string* find_field(const FormFields& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const auto& field) { return field.first == name; });
  return found == fields.end() ? nullptr : &found->second;
}

std::string url_with_query(std::string_view url, const FormFields& fields) {
  std::string out(url.substr(0, url.find('#')));
  if (fields.empty()) {
    return out;
  }
  const std::size_t question = out.find('?');
  if (question == std::string::npos) {
    out += '?';
  } else if (question + 1 != out.size() && !out.ends_with('&')) {
    out += '&';
  }
  return out + form_encode(fields);
}

Result<std::string> resolve_url(std::string_view base, std::string_view reference) {
  OAP_TRY(const Url from, parse_url(base));
  reference = reference.substr(0, reference.find('#'));
  std::string target;
  const std::string authority = from.origin();
  const std::string path = from.path.empty() ? "/" : from.path;
  if (has_scheme(reference)) {
    target = reference;
  } else if (reference.starts_with("//")) {
    target = from.scheme + ":" + std::string(reference);
  } else if (reference.empty()) {
    target = authority + path + (from.query.empty() ? "" : "?" + from.query);
  } else if (reference.starts_with('?')) {
    target = authority + path + std::string(reference);
  } else {
    const std::size_t question = reference.find('?');
    std::string merged(reference.substr(0, question));
    if (!merged.starts_with('/')) {
      merged = path.substr(0, path.rfind('/') + 1) + merged;
    }
    target = authority + without_dots(merged);
    if (question != std::string_view::npos) {
      target += reference.substr(question);
    }
  }
  OAP_TRY(const Url checked, parse_url(target));
  return target;
}

}  // namespace oap::net
