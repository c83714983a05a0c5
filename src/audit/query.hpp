#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/segment.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::audit {

class Keyring;

/// Which records; what is empty matches any.
struct Query {
  std::string event_id;
  std::string event_type;
  std::string tenant;
  std::string user_id;
  std::string role;
  std::string session_id;
  std::string task_id;
  std::string call_id;
  std::string server;
  std::string tool;
  std::string action;
  std::string permission_decision;
  std::string since;  ///< as `format_time` prints it; inclusive
  std::string until;  ///< exclusive
  std::string text;   ///< anywhere in the record, as it is printed in JSON
  std::optional<bool> success;
  std::optional<double> min_risk;
  bool sealed = false;  ///< encrypted records as they are, without keys
};

bool matches(const json::Object& record, const Query& query);

/// RFC 3339 (`2026-11-26T10:00:00Z`, with an offset, or a date alone: its first moment in UTC), or
/// how long ago: `90s`, `15m`, `24h`, `7d`, `2w`. As `format_time` prints it. kInvalidArgument
/// otherwise. Pure.
Result<std::string> parse_when(std::string_view text, WallTime now);
/// The instant that a text which `format_time` printed says; nothing of any other text.
std::optional<WallTime> parse_time(std::string_view text);
/// The same of a length of time alone.
Result<Millis> parse_age(std::string_view text);

struct Found {
  std::vector<json::Object> records;  ///< oldest first
  bool more = false;                  ///< there are older ones beyond the limit
  std::uint64_t malformed = 0;  ///< lines that were looked at and are no intact record, and gaps
};

/// The newest `limit` records that match, each checked against its hash; every line that is read
/// and is no intact record stands among them whatever the query says, and behind them what
/// `missing_records` says. Uses an index beside each
/// segment (`index/`), and makes it where it is missing, stale or damaged; what the index says is
/// only where to look. Appenders may go on meanwhile. Records
/// of encrypted segments need `keys`; kFailedPrecondition where there are none.
Result<Found> search(const std::string& dir, const Query& query, std::size_t limit,
                     Keyring* keys = nullptr);

/// Lines that were looked at and are no intact record.
struct Malformed {
  static constexpr std::size_t kMostPlaces = 10;
  std::uint64_t count = 0;
  std::vector<std::string> places;  ///< of the first: `segment:line: what is wrong`
};
/// The same of what `search` and `tail` show in place of such a line.
std::string place_of(const json::Object& malformed);

/// Every matching record with its line, oldest first, one at a time; stops where `take` says false.
using Take = std::function<bool(const json::Object& record, std::string_view line)>;
Result<Malformed> for_each(const std::string& dir, const Query& query, const Take& take,
                           Keyring* keys = nullptr);

}  // namespace oap::audit
