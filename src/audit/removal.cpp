#include "audit/removal.hpp"

#include <algorithm>

#include <fcntl.h>
#include <unistd.h>

#include "audit/head.hpp"
#include "audit/regular_file.hpp"
#include "audit/segment.hpp"

namespace oap::audit {
namespace {

/// The first record of a chain says so where the one before it was removed.
Result<bool> was_begun_anew(const std::string& dir, const Segment& first) {
  constexpr std::size_t kMostBytes = 64U << 10U;
  OAP_TRY(const os::UniqueFd file, open_regular(dir + "/" + first.name, O_RDONLY));
  std::string start(kMostBytes, '\0');
  const ssize_t got = pread(file.get(), start.data(), start.size(), 0);
  start.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  const auto record = parse_line(std::string_view(start).substr(0, start.find('\n')));
  const json::Value* const details = record ? json::find(record->record, "details") : nullptr;
  return details != nullptr && record->text("event_type") == "recovered" &&
         json::get_bool(*details, "chain_removed");
}

}  // namespace

Result<std::string> what_became_of(const std::string& dir) {
  const std::string marker = seen_path(dir);
  OAP_TRY(const bool seen, is_there(marker));
  OAP_TRY(const bool begun, is_there(dir));
  const std::string advice = fmt::format(
      "Put it back from a backup; or, if it was removed on purpose, move {} and {} away, and a new "
      "log begins",
      dir, marker);
  std::vector<Segment> segments;
  if (begun) {
    OAP_TRY(segments, list_segments(dir));
  }
  OAP_TRY(const bool has_head, is_there(dir + "/" + std::string(kHeadFile)));
  if (seen && segments.empty() && !has_head) {
    return fmt::format(
        "an audit log was in {}, and the folder was {}: all its records are missing. "
        "{}",
        dir, begun ? "emptied" : "removed", advice);
  }
  if (segments.empty() || segments.front().first != 1) {
    return std::string();
  }
  OAP_TRY(const bool anew, was_begun_anew(dir, segments.front()));
  return anew ? fmt::format(
                    "the audit folder was removed or emptied, and the log began anew: the "
                    "records before are missing, and `oap audit verify` says so. {}",
                    advice)
              : std::string();
}

}  // namespace oap::audit
