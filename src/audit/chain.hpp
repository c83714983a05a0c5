#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "audit/event.hpp"
#include "base/result.hpp"

namespace oap::audit {

/// The place of a record in the chain: its number and hash. {0, 64 zeros} before the first.
struct Link {
  std::uint64_t seq = 0;
  std::string hash = std::string(64, '0');
  bool operator==(const Link&) const = default;
};

/// Puts a record behind `link`, which moves on to it, and its line with its line break behind what
/// `lines` holds: canonical record + `hash` as the last member; hash = sha256(prev_hash + canonical
/// record without hash), in lower-case hex. Pure.
void seal(std::string& lines, Link& link, const Body& body);

/// What one line says of itself once its hash fits its content.
struct Parsed {
  Link link;
  std::string prev_hash;
  json::Object record;

  /// A member of the record; empty where it is no text.
  std::string text(std::string_view key) const;
};

/// Reads a line (without its line break) and checks that its hash fits what it says. Errors are
/// kDataLoss and say what is wrong. Pure.
Result<Parsed> parse_line(std::string_view line);

/// Whether a line's hash fits what it says, without reading what that is. True only where
/// `parse_line` does not fail for the hash. Pure.
bool is_hash_right(std::string_view line);

/// Nothing where the line is intact and follows `previous`, which then moves on to it; else what is
/// wrong, and `previous` moves on as far as the line can be believed, so that one fault is reported
/// once. Never crashes on any bytes. Pure.
std::optional<std::string> check_line(Link& previous, std::string_view line);

}  // namespace oap::audit
