#include "security/known_secrets.hpp"

#include <algorithm>

#include "crypto/hash.hpp"
#include "json/print.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

constexpr std::size_t kMinKnown = 8;
constexpr std::size_t kMinForm = 6;

bool is_base64(char c) {
  return text::is_alpha(c) || text::is_digit(c) || c == '+' || c == '/' || c == '-' || c == '_';
}

/// The characters of the base64 of any text that holds `secret` at this alignment.
std::string base64_core(std::string_view secret, std::size_t before, bool url) {
  const std::string padded = std::string(before, '\0') + std::string(secret);
  std::string all = url ? crypto::to_base64url(padded) : crypto::to_base64(padded);
  while (!all.empty() && all.back() == '=') {
    all.pop_back();
  }
  const std::size_t skip = before == 0 ? 0 : before == 1 ? 2 : 3;
  const std::size_t whole = padded.size() * 8 / 6;
  return all.substr(skip, whole - skip);
}

std::string percent(std::string_view secret, bool every, bool upper) {
  const std::string_view digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string out;
  for (const char c : secret) {
    if (!every && (text::is_alpha(c) || text::is_digit(c) ||
                   std::string_view("-_.~").find(c) != std::string_view::npos)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', digits[byte >> 4U], digits[byte & 15U]};
  }
  return out;
}

std::string json_escaped(std::string_view secret) {
  const std::string printed = json::print(json::Value(secret));
  return printed.substr(1, printed.size() - 2);
}

unsigned pair_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned>(static_cast<unsigned char>(text[at])) << 8U |
         static_cast<unsigned char>(text[at + 1]);
}

}  // namespace

KnownSecrets::KnownSecrets(const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    if (secret.size() < kMinKnown) {
      continue;
    }
    add(secret, false);
    for (std::size_t before = 0; before < 3; ++before) {
      add(base64_core(secret, before, false), true);
      add(base64_core(secret, before, true), true);
    }
    for (const bool upper : {false, true}) {
      add(percent(secret, false, upper), false);
      add(percent(secret, true, upper), false);
    }
    const std::string hex = crypto::to_hex(secret);
    add(hex, false);
    std::string upper = hex;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
    add(upper, false);
    const std::string escaped = json_escaped(secret);
    add(escaped, false);
    add(json_escaped(escaped), false);
    add(text::replace_all(escaped, "/", "\\/"), false);
  }
  index();
}

void KnownSecrets::add(std::string text, bool base64) {
  const bool there = std::any_of(forms_.begin(), forms_.end(),
                                 [&](const Form& form) { return form.text == text; });
  if (text.size() >= kMinForm && !there) {
    forms_.push_back({std::move(text), base64});
  }
}

void KnownSecrets::index() {
  if (forms_.empty()) {
    return;
  }
  window_ = forms_.front().text.size();
  for (const Form& form : forms_) {
    window_ = std::min(window_, form.text.size());
    longest_ = std::max(longest_, form.text.size());
  }
  window_ = std::min<std::size_t>(window_, 255);
  shift_.assign(65'536, static_cast<std::uint8_t>(window_ - 1));
  buckets_.resize(65'536);
  for (std::uint32_t i = 0; i < forms_.size(); ++i) {
    const std::string_view text = forms_[i].text;
    for (std::size_t at = 0; at + 2 <= window_; ++at) {
      std::uint8_t& shift = shift_[pair_at(text, at)];
      shift = std::min(shift, static_cast<std::uint8_t>(window_ - 2 - at));
    }
    buckets_[pair_at(text, window_ - 2)].push_back(i);
  }
}

void KnownSecrets::find(std::string_view text, std::size_t from, std::vector<Place>& places) const {
  if (forms_.empty() || text.size() < window_) {
    return;
  }
  const std::size_t begin = from > longest_ ? from - longest_ : 0;
  const std::size_t old = places.size();
  std::size_t at = begin;
  while (at + window_ <= text.size()) {
    const unsigned pair = pair_at(text, at + window_ - 2);
    if (shift_[pair] != 0) {
      at += shift_[pair];
      continue;
    }
    for (const std::uint32_t i : buckets_[pair]) {
      const Form& form = forms_[i];
      if (text.compare(at, form.text.size(), form.text) != 0) {
        continue;
      }
      Place place{at, at + form.text.size()};
      if (place.end <= from) {
        continue;
      }
      if (form.base64) {
        place.start -= place.start > 0 && is_base64(text[place.start - 1]) ? 1 : 0;
        place.end += place.end < text.size() && is_base64(text[place.end]) ? 1 : 0;
      }
      places.push_back(place);
    }
    ++at;
  }
  std::sort(places.begin() + static_cast<std::ptrdiff_t>(old), places.end(),
            [](const Place& a, const Place& b) { return a.end < b.end; });
}

}  // namespace oap::security
