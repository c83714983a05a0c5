#include "audit/missing.hpp"

#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/at_once.hpp"
#include "audit/head.hpp"
#include "audit/regular_file.hpp"
#include "audit/removal.hpp"
#include "audit/segment.hpp"
#include "os/file.hpp"

namespace oap::audit {
namespace {

constexpr std::size_t kMostSideBytes = 4'096;

json::Object gap(std::string_view segment, std::string error) {
  return {{"event_type", "malformed"}, {"segment", segment}, {"line", 0}, {"error", error}};
}

std::string range(std::uint64_t from, std::uint64_t to) {
  return from == to ? fmt::format("record {} is missing", from)
                    : fmt::format("records {} to {} are missing", from, to);
}

Result<std::optional<std::string>> side_file(const std::string& dir, std::string_view name) {
  auto text = read_regular(dir + "/" + std::string(name), kMostSideBytes);
  if (text) {
    return std::optional(*std::move(text));
  }
  if (text.error().code() == Code::kNotFound) {
    return std::optional<std::string>();
  }
  return fail(std::move(text).error());
}

/// Where the chain ends at least. A head that is written while it is read is read again.
struct Head {
  bool is_there = false;
  std::optional<Link> link;
};
Result<Head> head_of(const std::string& dir) {
  constexpr int kTries = 20;
  Head head;
  for (int i = 0; i < kTries && !head.link; ++i) {
    OAP_TRY(const auto text, side_file(dir, kHeadFile));
    if (!text || text->empty()) {
      break;
    }
    head.is_there = true;
    if (const auto state = parse_head(*text).state) {
      head.link = state->link;
    }
  }
  if (!head.is_there) {
    OAP_TRY(const auto old, side_file(dir, kOldHeadFile));
    head.is_there = old.has_value();
    head.link = old ? parse_link(*old) : std::nullopt;
  }
  return head;
}

/// The number of the last record of a segment: nothing where no line is complete, or it is no
/// record, which whoever reads it says.
struct LastOf {
  bool is_empty = false;
  std::optional<Link> link;
};
Result<LastOf> last_of(const std::string& dir, const Segment& segment) {
  OAP_TRY(const os::UniqueFd file, open_regular(dir + "/" + segment.name, O_RDONLY));
  struct stat info{};
  if (fstat(file.get(), &info) != 0) {
    return fail(os::errno_error("reading", dir + "/" + segment.name, errno));
  }
  OAP_TRY(const std::uint64_t size,
          written_size(file.get(), static_cast<std::uint64_t>(info.st_size)));
  BackwardLines lines(file.get(), size);
  LastOf last;
  OAP_TRY(const std::optional<std::string> line, lines.next());
  last.is_empty = !line;
  if (auto parsed = line ? parse_line(*line) : fail(Code::kNotFound, "no record")) {
    last.link = std::move(parsed->link);
  }
  return last;
}

std::vector<Result<LastOf>> ends_of(const std::string& dir, const std::vector<Segment>& segments) {
  std::vector<Result<LastOf>> ends(segments.size(), LastOf{});
  at_once(segments.size(), [&](std::size_t i) { ends[i] = last_of(dir, segments[i]); });
  return ends;
}

}  // namespace

Result<std::vector<json::Object>> missing_records(const std::string& dir) {
  std::vector<json::Object> gaps;
  OAP_TRY(const bool begun, is_there(dir));
  OAP_TRY(const Head head, begun ? head_of(dir) : Result<Head>(Head{}));
  std::vector<Segment> segments;
  if (begun) {
    OAP_TRY(segments, list_segments(dir));
  }
  if (segments.empty() && !head.is_there) {
    OAP_TRY(const std::string gone, what_became_of(dir));
    if (!gone.empty()) {
      gaps.push_back(gap(dir, gone));
    }
    return gaps;
  }
  OAP_TRY(const auto anchor, side_file(dir, kAnchorFile));
  const auto retired = anchor ? parse_link(*anchor) : std::nullopt;
  std::optional<Link> last = retired.value_or(Link{});
  auto ends = ends_of(dir, segments);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const Segment& segment = segments[i];
    if (retired && segment.first <= retired->seq) {
      continue;
    }
    if (last && segment.first > last->seq + 1) {
      gaps.push_back(gap(segment.name, range(last->seq + 1, segment.first - 1) + " before it"));
    }
    OAP_TRY(LastOf end, std::move(ends[i]));
    last = end.is_empty ? Link{segment.first - 1, ""} : std::move(end.link);
  }
  if (!head.link) {
    gaps.push_back(gap(kHeadFile, head.is_there
                                      ? "the file is damaged"
                                      : "the file is missing: a cut end would not be seen"));
  } else if (last && head.link->seq > last->seq) {
    gaps.push_back(gap(segments.empty() ? std::string_view(dir) : segments.back().name,
                       range(last->seq + 1, head.link->seq) + " at the end"));
  } else if (last && head.link->seq == last->seq && !last->hash.empty() &&
             head.link->hash != last->hash) {
    gaps.push_back(gap(segments.back().name,
                       fmt::format("record {} is not the one that the head remembers: the chain "
                                   "was rewritten",
                                   last->seq)));
  }
  return gaps;
}

}  // namespace oap::audit
