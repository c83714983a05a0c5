#include "audit/tail.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>

#include <fcntl.h>
#include <unistd.h>

#include "audit/cipher.hpp"
#include "audit/missing.hpp"
#include "audit/regular_file.hpp"
#include "audit/segment.hpp"
#include "os/fd.hpp"
#include "os/file.hpp"

namespace oap::audit {
namespace {

bool matches(const json::Object& record, const Filter& filter) {
  const auto same = [&record](std::string_view key, const std::string& wanted) {
    const json::Value* found = wanted.empty() ? nullptr : json::find(record, key);
    return wanted.empty() ||
           (found != nullptr && found->is_string() && json::view(found->get_string()) == wanted);
  };
  return same("event_type", filter.event_type) && same("tool", filter.tool) &&
         same("user_id", filter.user_id) && same("session_id", filter.session_id) &&
         same("task_id", filter.task_id) && same("permission_decision", filter.permission_decision);
}

Result<void> collect(const std::string& dir, const Segment& segment, const Filter& filter,
                     std::size_t count, Keyring* keys, std::vector<json::Object>& newest_first) {
  const std::string path = dir + "/" + segment.name;
  OAP_TRY(const os::UniqueFd file, open_regular(path, O_RDONLY));
  OAP_TRY(const std::uint64_t written, written_size(file.get(), segment.size));
  BackwardLines lines(file.get(), written);
  while (newest_first.size() < count) {
    OAP_TRY(const std::optional<std::string> line, lines.next());
    if (!line) {
      return {};
    }
    auto parsed = read_record(*line, keys, segment.first);
    if (!parsed && parsed.error().code() == Code::kFailedPrecondition) {
      return fail(parsed.error());
    }
    if (!parsed) {
      OAP_TRY(json::Object shown,
              malformed_line(file.get(), segment, lines.offset(), parsed.error()));
      newest_first.push_back(std::move(shown));
    } else if (matches(parsed->record, filter)) {
      newest_first.push_back(std::move(parsed->record));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<json::Object>> tail(const std::string& dir, std::size_t count,
                                       const Filter& filter, Keyring* keys) {
  std::vector<json::Object> records;
  OAP_TRY(std::vector<json::Object> missing, missing_records(dir));
  OAP_TRY(const bool begun, is_there(dir));
  if (!begun) {
    return missing;
  }
  OAP_TRY(std::vector<Segment> segments, list_segments(dir));
  while (!segments.empty() && records.size() < count) {
    OAP_CHECK_OK(collect(dir, segments.back(), filter, count, keys, records));
    segments.pop_back();
  }
  std::reverse(records.begin(), records.end());
  std::move(missing.begin(), missing.end(), std::back_inserter(records));
  return records;
}

}  // namespace oap::audit
