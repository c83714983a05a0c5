#include "json/schema_format.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "json/format_time.hpp"
#include "json/format_uri.hpp"
#include "json/pointer.hpp"
#include "text/ecma_regex.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::json {
namespace {

bool is_hex(char c) {
  const char lower = text::to_lower(c);
  return text::is_digit(c) || (lower >= 'a' && lower <= 'f');
}

bool is_letter_or_digit(char c) { return text::is_alpha(c) || text::is_digit(c); }

/// RFC 1123 §2.1 with RFC 5891 §4.2.3.1: hyphens at 3 and 4 mark an encoded label.
bool is_label(std::string_view label) {
  const bool bad_hyphens =
      label.size() >= 4 && label.substr(2, 2) == "--" && !text::starts_with_ci(label, "xn--");
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         !bad_hyphens && std::all_of(label.begin(), label.end(), [](char c) {
           return is_letter_or_digit(c) || c == '-';
         });
}

bool is_hostname(std::string_view text) {
  if (text.empty() || text.size() > 253) {
    return false;
  }
  const auto labels = text::split(text, '.');
  return std::all_of(labels.begin(), labels.end(), is_label);
}

bool is_atom_char(char c) {
  return is_letter_or_digit(c) || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

/// The local part of an RFC 5321 mailbox.
bool is_local_part(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
    for (std::size_t i = 0; i < text.size(); ++i) {
      i += text[i] == '\\' ? 1 : 0;
      if (i >= text.size() || static_cast<unsigned char>(text[i]) < 0x20 || text[i] == 0x7F ||
          (text[i] == '"' && (i == 0 || text[i - 1] != '\\'))) {
        return false;
      }
    }
    return true;
  }
  const auto atoms = text::split(text, '.');
  return std::all_of(atoms.begin(), atoms.end(), [](std::string_view atom) {
    return !atom.empty() && std::all_of(atom.begin(), atom.end(), is_atom_char);
  });
}

bool is_mail_domain(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) {
    const std::string_view address = text.substr(1, text.size() - 2);
    return text::starts_with_ci(address, "IPv6:") ? is_ipv6(address.substr(5)) : is_ipv4(address);
  }
  return is_hostname(text);
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_email(std::string_view text) {
  const std::size_t at = text.rfind('@');
  return at != std::string_view::npos && is_ascii(text) && at <= 64 &&
         is_local_part(text.substr(0, at)) && is_mail_domain(text.substr(at + 1));
}

bool is_idn_email(std::string_view text) {
  const std::size_t at = text.rfind('@');
  return at != std::string_view::npos && text::is_valid_utf8(text) &&
         is_local_part(text.substr(0, at)) && at + 1 < text.size() &&
         text.substr(at + 1).find_first_of(" \t\r\n") == std::string_view::npos;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? text[i] != '-' : !is_hex(text[i])) {
      return false;
    }
  }
  return true;
}

bool is_json_pointer(std::string_view text) { return pointer_tokens(text).has_value(); }

bool is_relative_json_pointer(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const bool leading_zero = digits > 1 && text[0] == '0';
  const std::string_view rest = text.substr(digits);
  return digits > 0 && !leading_zero && (rest == "#" || is_json_pointer(rest));
}

bool is_regex(std::string_view text) { return text::ecma_to_re2(text).has_value(); }

constexpr std::pair<std::string_view, FormatCheck> kFormats[] = {
    {"date-time", is_date_time},
    {"date", is_date},
    {"time", is_time},
    {"duration", is_duration},
    {"email", is_email},
    {"idn-email", is_idn_email},
    {"hostname", is_hostname},
    {"ipv4", is_ipv4},
    {"ipv6", is_ipv6},
    {"uri", is_uri},
    {"uri-reference", is_uri_reference},
    {"iri", is_iri},
    {"iri-reference", is_iri_reference},
    {"uri-template", is_uri_template},
    {"uuid", is_uuid},
    {"json-pointer", is_json_pointer},
    {"relative-json-pointer", is_relative_json_pointer},
    {"regex", is_regex},
};

}  // namespace

FormatCheck find_format(std::string_view name) {
  for (const auto& [known, check] : kFormats) {
    if (known == name) {
      return check;
    }
  }
  return nullptr;
}

}  // namespace oap::json
