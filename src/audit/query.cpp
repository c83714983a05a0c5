#include "audit/query.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <span>

#include "audit/cipher.hpp"
#include "audit/index.hpp"
#include "audit/lookup.hpp"
#include "audit/missing.hpp"
#include "audit/regular_file.hpp"
#include "json/print.hpp"
#include "os/file.hpp"

namespace oap::audit {
namespace {

using Member = std::string Query::*;
constexpr std::array<std::pair<std::string_view, Member>, 12> kMembers{{
    {"event_id", &Query::event_id},
    {"call_id", &Query::call_id},
    {"task_id", &Query::task_id},
    {"session_id", &Query::session_id},
    {"user_id", &Query::user_id},
    {"tool", &Query::tool},
    {"server", &Query::server},
    {"action", &Query::action},
    {"event_type", &Query::event_type},
    {"permission_decision", &Query::permission_decision},
    {"role", &Query::role},
    {"tenant", &Query::tenant},
}};

/// What is sealed cannot be seen from outside, and what an index chose is read in any case. What
/// was changed may have been changed so as not to be found.
bool is_worth_reading(std::string_view line, const Piece& piece,
                      const std::vector<std::string>& needles, const Query& query) {
  if (is_encrypted(line) && !query.sealed) {
    return true;
  }
  const auto holds = [line](const std::string& needle) {
    return memmem(line.data(), line.size(), needle.data(), needle.size()) != nullptr;
  };
  const bool wanted = piece.is_chosen() ? query.text.empty() || holds(query.text)
                                        : std::all_of(needles.begin(), needles.end(), holds);
  return wanted || !is_hash_right(line);
}

Result<Parsed> open_record(std::string_view line, const Query& query, Keyring* keys,
                           std::uint64_t first) {
  auto parsed = query.sealed ? parse_line(line) : read_record(line, keys, first);
  if (parsed && is_encrypted(line) && !query.text.empty() && !query.sealed &&
      json::print(parsed->record).find(query.text) == std::string::npos) {
    parsed->record.clear();
  }
  return parsed;
}

bool has_room(const Malformed& bad) { return bad.places.size() < Malformed::kMostPlaces; }

Result<void> note_missing(const std::string& dir, Malformed& bad) {
  OAP_TRY(const std::vector<json::Object> missing, missing_records(dir));
  for (const json::Object& shown : missing) {
    ++bad.count;
    if (has_room(bad)) {
      bad.places.push_back(place_of(shown));
    }
  }
  return {};
}

/// Of a segment; newest first.
Result<void> take_newest(const Looked& looked, const Plan& plan, const Query& query,
                         std::size_t limit, Keyring* keys, Found& found) {
  const Source& source = looked.source;
  std::string buffer;
  for (auto piece = looked.pieces.rbegin(); piece != looked.pieces.rend() && !found.more; ++piece) {
    OAP_TRY(const auto lines, source.read(*piece, buffer));
    for (auto line = lines.rbegin(); line != lines.rend() && !found.more; ++line) {
      if (!is_worth_reading(*line, *piece, plan.needles, query)) {
        continue;
      }
      auto parsed = open_record(*line, query, keys, source.segment().first);
      if (!parsed && parsed.error().code() == Code::kFailedPrecondition) {
        return fail(parsed.error());
      }
      const bool taken = !parsed || matches(parsed->record, query);
      found.malformed += parsed ? 0 : 1;
      found.more = taken && found.records.size() >= limit;
      if (taken && !found.more && parsed) {
        found.records.push_back(std::move(parsed->record));
      } else if (taken && !found.more) {
        OAP_TRY(json::Object shown, source.malformed(*piece, buffer, *line, parsed.error()));
        found.records.push_back(std::move(shown));
      }
    }
  }
  return {};
}

}  // namespace

std::string place_of(const json::Object& malformed) {
  return fmt::format("{}:{}: {}", json::get_string(malformed, "segment"),
                     json::get_int(malformed, "line"), json::get_string(malformed, "error"));
}

Plan plan_of(const Query& query) {
  Plan plan;
  for (const auto& [key, member] : kMembers) {
    const std::string& wanted = query.*member;
    if (!wanted.empty()) {
      const std::string quoted = json::quote(wanted);
      plan.needles.push_back(fmt::format("\"{}\":{}", key, quoted));
      plan.tokens.push_back(token_of(key, std::string_view(quoted).substr(1, quoted.size() - 2)));
    }
  }
  if (query.success) {
    const std::string_view value = *query.success ? "true" : "false";
    plan.needles.push_back(fmt::format("\"success\":{}", value));
    plan.tokens.push_back(token_of("success", value));
  }
  if (!query.text.empty()) {
    plan.needles.push_back(query.text);
  }
  return plan;
}

bool matches(const json::Object& record, const Query& query) {
  for (const auto& [key, member] : kMembers) {
    const std::string& wanted = query.*member;
    if (!wanted.empty() && json::get_string(record, key) != wanted) {
      return false;
    }
  }
  if (record.empty()) {
    return false;
  }
  const std::string_view at = json::get_string(record, "timestamp");
  const json::Value* success = json::find(record, "success");
  return (query.since.empty() || at >= query.since) && (query.until.empty() || at < query.until) &&
         (!query.min_risk || json::get_double(record, "risk_score") >= *query.min_risk) &&
         (!query.success ||
          (success != nullptr && success->is_bool() && success->get_bool() == *query.success));
}

Result<Found> search(const std::string& dir, const Query& query, std::size_t limit, Keyring* keys) {
  Found found;
  OAP_TRY(std::vector<json::Object> missing, missing_records(dir));
  found.malformed = missing.size();
  OAP_TRY(const bool begun, is_there(dir));
  if (!begun) {
    found.records = std::move(missing);
    return found;
  }
  const Plan plan = plan_of(query);
  OAP_TRY(const std::vector<Segment> segments, list_segments(dir));
  constexpr std::size_t kMostAtOnce = 32;
  std::size_t count = 1;
  for (std::size_t left = segments.size(); left > 0 && !found.more; left -= count) {
    count = std::min(left == segments.size() ? 1 : std::min(count * 4, kMostAtOnce), left);
    OAP_TRY(std::vector<Looked> looked,
            look_up(dir, std::span(segments).subspan(left - count, count), left == segments.size(),
                    plan, query, keys));
    for (; !looked.empty() && !found.more; looked.pop_back()) {
      OAP_CHECK_OK(take_newest(looked.back(), plan, query, limit, keys, found));
    }
  }
  std::reverse(found.records.begin(), found.records.end());
  std::move(missing.begin(), missing.end(), std::back_inserter(found.records));
  return found;
}

Result<Malformed> for_each(const std::string& dir, const Query& query, const Take& take,
                           Keyring* keys) {
  Malformed bad;
  OAP_CHECK_OK(note_missing(dir, bad));
  OAP_TRY(const bool begun, is_there(dir));
  if (!begun) {
    return bad;
  }
  const Plan plan = plan_of(query);
  OAP_TRY(const std::vector<Segment> segments, list_segments(dir));
  std::string buffer;
  for (const Segment& segment : segments) {
    OAP_TRY(const Source source, Source::open(dir, segment, &segment == &segments.back()));
    for (const Piece& piece : source.pieces(dir, plan, query, keys)) {
      OAP_TRY(const auto lines, source.read(piece, buffer));
      for (const std::string_view line : lines) {
        if (!is_worth_reading(line, piece, plan.needles, query)) {
          continue;
        }
        const auto parsed = open_record(line, query, keys, segment.first);
        if (!parsed && parsed.error().code() == Code::kFailedPrecondition) {
          return fail(parsed.error());
        }
        bad.count += parsed ? 0 : 1;
        if (!parsed && has_room(bad)) {
          OAP_TRY(const json::Object shown, source.malformed(piece, buffer, line, parsed.error()));
          bad.places.push_back(place_of(shown));
        }
        if (parsed && matches(parsed->record, query) && !take(parsed->record, line)) {
          return bad;
        }
      }
    }
  }
  return bad;
}

}  // namespace oap::audit
