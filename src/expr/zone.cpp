#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.hpp"
#include "expr/time.hpp"
#include "expr/zone_rule.hpp"
#include "text/strings.hpp"

namespace oap::expr {

namespace {

constexpr std::size_t kMaxFile = 1U << 20U;
constexpr std::size_t kMaxZones = 1024;

/// A zone of the tz database: when its offset changed, and the rule for later.
struct Zone {
  std::vector<std::int64_t> times;
  std::vector<std::int64_t> offsets;  // of times[i] and after
  std::int64_t first = 0;
  std::optional<ZoneRule> rule;

  std::int64_t offset_at(std::int64_t seconds) const {
    const auto later = std::upper_bound(times.begin(), times.end(), seconds);
    if (later == times.begin()) {
      return first;
    }
    if (later == times.end() && rule) {
      return rule->offset_at(seconds);
    }
    return offsets[static_cast<std::size_t>(later - times.begin()) - 1];
  }
};

std::uint64_t big_endian(std::string_view data, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value = value << 8U | static_cast<unsigned char>(data[at + i]);
  }
  return value;
}

struct Header {
  std::size_t utc_count, standard_count, leap_count, time_count, type_count, char_count;

  std::size_t body_size(std::size_t time_size) const {
    return time_count * (time_size + 1) + type_count * 6 + char_count +
           leap_count * (time_size + 4) + standard_count + utc_count;
  }
};

std::optional<Header> read_header(std::string_view data, std::size_t at) {
  constexpr std::size_t kSize = 44;
  if (data.size() < at + kSize || data.substr(at, 4) != "TZif" || data[at + 4] < '2') {
    return std::nullopt;
  }
  const auto count = [&](std::size_t i) {
    return static_cast<std::size_t>(big_endian(data, at + 20 + 4 * i, 4));
  };
  const Header header{count(0), count(1), count(2), count(3), count(4), count(5)};
  for (std::size_t i = 0; i < 6; ++i) {
    if (count(i) > kMaxFile) {
      return std::nullopt;
    }
  }
  return header;
}

/// RFC 8536: the second block, with times of 64 bits, and the footer.
std::optional<Zone> read_zone(std::string_view data) {
  constexpr std::size_t kHeader = 44;
  const std::optional<Header> old = read_header(data, 0);
  const std::size_t second = old ? kHeader + old->body_size(4) : 0;
  const std::optional<Header> header = old ? read_header(data, second) : std::nullopt;
  if (!header || header->type_count == 0) {
    return std::nullopt;
  }
  const std::size_t times = second + kHeader;
  const std::size_t indexes = times + header->time_count * 8;
  const std::size_t types = indexes + header->time_count;
  const std::size_t footer = times + header->body_size(8);
  if (data.size() < footer) {
    return std::nullopt;
  }
  const auto offset_of = [&](std::size_t type) {
    return static_cast<std::int64_t>(
        static_cast<std::int32_t>(big_endian(data, types + 6 * type, 4)));
  };
  Zone zone;
  zone.first = offset_of(0);
  for (std::size_t i = 0; i < header->time_count; ++i) {
    const auto type = static_cast<unsigned char>(data[indexes + i]);
    if (type >= header->type_count) {
      return std::nullopt;
    }
    zone.times.push_back(static_cast<std::int64_t>(big_endian(data, times + 8 * i, 8)));
    zone.offsets.push_back(offset_of(type));
  }
  if (!std::is_sorted(zone.times.begin(), zone.times.end())) {
    return std::nullopt;
  }
  zone.rule = ZoneRule::parse(text::trim(data.substr(footer)));
  return zone;
}

std::shared_ptr<const Zone> load(const std::string& name) {
  const bool plain = !name.empty() && name.size() <= 64 && text::is_alpha(name.front()) &&
                     name.find("..") == std::string::npos &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return text::is_alpha(c) || text::is_digit(c) ||
                              std::string_view("/_-+").find(c) != std::string_view::npos;
                     });
  if (!plain) {
    return nullptr;
  }
  std::ifstream file("/usr/share/zoneinfo/" + name, std::ios::binary);
  std::string data;
  data.resize(kMaxFile);
  file.read(data.data(), static_cast<std::streamsize>(data.size()));
  data.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  std::optional<Zone> zone = read_zone(data);
  return zone ? std::make_shared<const Zone>(std::move(*zone)) : nullptr;
}

class Zones {
 public:
  std::shared_ptr<const Zone> get(const std::string& name) {
    const MutexLock lock(mutex_);
    const auto known = zones_.find(name);
    if (known != zones_.end()) {
      return known->second;
    }
    std::shared_ptr<const Zone> zone = load(name);
    if (zone != nullptr && zones_.size() < kMaxZones) {
      zones_.emplace(name, zone);
    }
    return zone;
  }

 private:
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<const Zone>> zones_ OAP_GUARDED_BY(mutex_);
};

std::optional<std::int64_t> fixed_offset(std::string_view zone) {
  const bool negative = zone.starts_with('-');
  if (negative || zone.starts_with('+')) {
    zone.remove_prefix(1);
  }
  const bool shape = zone.size() == 5 && zone[2] == ':' && text::is_digit(zone[0]) &&
                     text::is_digit(zone[1]) && text::is_digit(zone[3]) && text::is_digit(zone[4]);
  if (!shape) {
    return std::nullopt;
  }
  const std::int64_t hours = (zone[0] - '0') * 10 + (zone[1] - '0');
  const std::int64_t minutes = (zone[3] - '0') * 10 + (zone[4] - '0');
  if (hours > 23 || minutes > 59) {
    return std::nullopt;
  }
  return (negative ? -1 : 1) * (hours * 3'600 + minutes * 60);
}

}  // namespace

std::optional<std::int64_t> zone_offset(std::string_view zone, std::int64_t seconds) {
  if (zone == "UTC" || zone == "Z") {
    return 0;
  }
  if (const std::optional<std::int64_t> fixed = fixed_offset(zone)) {
    return fixed;
  }
  static Zones zones;
  const std::shared_ptr<const Zone> found = zones.get(std::string(zone));
  return found != nullptr ? std::optional(found->offset_at(seconds)) : std::nullopt;
}

}  // namespace oap::expr
