#include "expr/network.hpp"

#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "text/strings.hpp"

namespace oap::expr {

namespace {

constexpr std::size_t kGroups = 8;

std::optional<std::string> parse_v4(std::string_view text) {
  std::string out;
  for (const std::string_view part : text::split(text, '.')) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part.front() == '0') ||
        error != std::errc() || end != part.data() + part.size() || value > 255) {
      return std::nullopt;
    }
    out.push_back(static_cast<char>(value));
  }
  return out.size() == 4 ? std::optional(out) : std::nullopt;
}

/// Groups of hexadecimal digits between colons; nothing where one is wrong.
std::optional<std::vector<unsigned>> groups_of(std::string_view text) {
  std::vector<unsigned> groups;
  if (text.empty()) {
    return groups;
  }
  for (const std::string_view part : text::split(text, ':')) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value, 16);
    if (part.empty() || part.size() > 4 || error != std::errc() ||
        end != part.data() + part.size()) {
      return std::nullopt;
    }
    groups.push_back(value);
  }
  return groups;
}

std::optional<std::string> parse_v6(std::string_view text) {
  const std::size_t gap = text.find("::");
  const bool shortened = gap != std::string_view::npos;
  const auto head = groups_of(text.substr(0, gap));
  const auto tail = shortened ? groups_of(text.substr(gap + 2)) : std::vector<unsigned>();
  if (!head || !tail) {
    return std::nullopt;
  }
  const std::size_t count = head->size() + tail->size();
  if (shortened ? count >= kGroups : count != kGroups) {
    return std::nullopt;
  }
  std::vector<unsigned> all = *head;
  all.resize(kGroups - tail->size());
  all.insert(all.end(), tail->begin(), tail->end());
  std::string out;
  for (const unsigned group : all) {
    out.push_back(static_cast<char>(group >> 8U));
    out.push_back(static_cast<char>(group & 0xFFU));
  }
  return out;
}

unsigned group_at(std::string_view address, std::size_t index) {
  return static_cast<unsigned>(static_cast<unsigned char>(address[2 * index])) << 8U |
         static_cast<unsigned char>(address[2 * index + 1]);
}

}  // namespace

std::optional<std::string> parse_ip(std::string_view text) {
  return text.find(':') == std::string_view::npos ? parse_v4(text) : parse_v6(text);
}

std::string format_ip(std::string_view address) {
  if (address.size() == 4) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(address[i]); };
    return fmt::format("{}.{}.{}.{}", byte(0), byte(1), byte(2), byte(3));
  }
  std::size_t best = kGroups;
  std::size_t length = 1;
  for (std::size_t i = 0; i < kGroups; ++i) {
    std::size_t zeros = 0;
    while (i + zeros < kGroups && group_at(address, i + zeros) == 0) {
      ++zeros;
    }
    if (zeros > length) {
      best = i;
      length = zeros;
    }
  }
  std::string out;
  for (std::size_t i = 0; i < kGroups; ++i) {
    if (i == best) {
      out += "::";
      i += length - 1;
      continue;
    }
    out += out.empty() || out.back() == ':' ? "" : ":";
    out += fmt::format("{:x}", group_at(address, i));
  }
  return out;
}

std::string unmap_ip(std::string_view address) {
  using std::string_view_literals::operator""sv;
  constexpr std::string_view kMapped = "\0\0\0\0\0\0\0\0\0\0\xff\xff"sv;
  return std::string(address.size() == 16 && address.starts_with(kMapped) ? address.substr(12)
                                                                          : address);
}

}  // namespace oap::expr
