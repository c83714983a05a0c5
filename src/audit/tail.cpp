#include "audit/tail.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

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
                     std::size_t count, std::vector<json::Object>& newest_first) {
  const std::string path = dir + "/" + segment.name;
  const os::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) {
    return fail(os::errno_error("opening", path, errno));
  }
  OAP_TRY(const std::uint64_t written, written_size(file.get(), segment.size));
  BackwardLines lines(file.get(), written);
  while (newest_first.size() < count) {
    OAP_TRY(const std::optional<std::string> line, lines.next());
    if (!line) {
      return {};
    }
    auto parsed = parse_line(*line);
    if (!parsed) {
      newest_first.push_back({{"event_type", "malformed"},
                              {"segment", segment.name},
                              {"error", parsed.error().message()}});
    } else if (matches(parsed->record, filter)) {
      newest_first.push_back(std::move(parsed->record));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<json::Object>> tail(const std::string& dir, std::size_t count,
                                       const Filter& filter) {
  std::vector<json::Object> records;
  if (!os::exists(dir)) {
    return records;
  }
  OAP_TRY(std::vector<Segment> segments, list_segments(dir));
  while (!segments.empty() && records.size() < count) {
    OAP_CHECK_OK(collect(dir, segments.back(), filter, count, records));
    segments.pop_back();
  }
  std::reverse(records.begin(), records.end());
  return records;
}

}  // namespace oap::audit
