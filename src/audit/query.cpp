#include "audit/query.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/index.hpp"
#include "json/print.hpp"
#include "os/file.hpp"

namespace oap::audit {
namespace {

/// More than this beyond what an index covers is taken into it.
constexpr std::uint64_t kRestBytes = 1U << 20U;

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

/// Texts that every matching line holds, and the index tokens that say where they may be.
struct Plan {
  std::vector<std::string> needles;
  std::vector<std::uint64_t> tokens;
};

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

bool may_hold(const Block& block, const Query& query) {
  const std::string_view latest(block.latest.data(), block.latest.size());
  const std::string_view earliest(block.earliest.data(), block.earliest.size());
  return (query.since.empty() || latest >= query.since) &&
         (query.until.empty() || earliest < query.until) &&
         (!query.min_risk || block.max_risk >= *query.min_risk);
}

/// A segment with what is needed to look into it.
class Source {
 public:
  static Result<Source> open(const std::string& dir, const Segment& segment) {
    Source source;
    const std::string path = dir + "/" + segment.name;
    source.segment_ = segment;
    source.fd_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat info{};
    if (!source.fd_ || fstat(source.fd_.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
      return fail(os::errno_error("opening", path, source.fd_ ? EINVAL : errno));
    }
    OAP_TRY(source.size_, written_size(source.fd_.get(), static_cast<std::uint64_t>(info.st_size)));
    return source;
  }

  /// The blocks to look into, ascending; what no index covers is the last of them.
  Result<std::vector<Block>> blocks(const std::string& dir, const Plan& plan, const Query& query) {
    const std::string path = index_path(dir, segment_);
    auto file = IndexFile::open(path, fd_.get(), size_);
    if (size_ - (file ? file->covered() : 0) > kRestBytes) {
      OAP_CHECK_OK(make_index(dir, path));
      file = IndexFile::open(path, fd_.get(), size_);
    }
    std::optional<std::vector<Block>> chosen;
    std::uint64_t covered = 0;
    if (file) {
      chosen = choose(*file, plan, query);
      covered = chosen ? file->covered() : 0;
    }
    std::vector<Block> blocks = std::move(chosen).value_or(std::vector<Block>());
    if (covered < size_) {
      Block rest;
      rest.offset = covered;
      rest.bytes = size_ - covered;
      blocks.push_back(rest);
    }
    return blocks;
  }

  Result<std::string> read(const Block& block) const {
    std::string bytes(static_cast<std::size_t>(block.bytes), '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t got = pread(fd_.get(), bytes.data() + done, bytes.size() - done,
                                static_cast<off_t>(block.offset + done));
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got <= 0) {
        return fail(Code::kUnavailable, "reading audit segment {}: {}", segment_.name,
                    got < 0 ? std::strerror(errno) : "the file became shorter");
      }
      done += static_cast<std::size_t>(got);
    }
    return bytes;
  }

  const Segment& segment() const { return segment_; }
  std::uint64_t size() const { return size_; }

 private:
  /// An index that cannot be kept only costs time, so that is no error.
  Result<void> make_index(const std::string& dir, const std::string& path) const {
    SegmentIndex index;
    if (const auto bytes = os::read_file(path, 1U << 30U)) {
      index = SegmentIndex::read(*bytes, fd_.get(), size_).value_or(SegmentIndex());
    }
    OAP_CHECK_OK(index.extend(fd_.get(), size_));
    if (index.covered() > 0 && os::make_dirs(dir + "/index", 0700)) {
      (void)os::write_file_atomic(path, index.print(), 0600);
    }
    return {};
  }

  static std::optional<std::vector<Block>> choose(const IndexFile& file, const Plan& plan,
                                                  const Query& query) {
    std::optional<std::vector<std::uint32_t>> numbers;
    for (const std::uint64_t token : plan.tokens) {
      auto found = file.find(token);
      if (!found || found->empty()) {
        return found ? std::optional(std::vector<Block>()) : std::nullopt;
      }
      if (numbers) {
        std::vector<std::uint32_t> both;
        std::set_intersection(numbers->begin(), numbers->end(), found->begin(), found->end(),
                              std::back_inserter(both));
        *found = std::move(both);
      }
      numbers = std::move(found);
    }
    const auto blocks = file.blocks();
    if (!blocks) {
      return std::nullopt;
    }
    std::vector<Block> chosen;
    const std::size_t count = numbers ? numbers->size() : blocks->size();
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t number = numbers ? (*numbers)[i] : i;
      if (number >= blocks->size()) {
        return std::nullopt;
      }
      const Block& block = (*blocks)[number];
      if (block.offset + block.bytes > file.covered() || block.bytes > file.covered()) {
        return std::nullopt;
      }
      if (may_hold(block, query)) {
        chosen.push_back(block);
      }
    }
    return chosen;
  }

  Segment segment_;
  os::UniqueFd fd_;
  std::uint64_t size_ = 0;
};

bool holds_all(std::string_view line, const std::vector<std::string>& needles) {
  return std::all_of(needles.begin(), needles.end(), [line](const std::string& needle) {
    return memmem(line.data(), line.size(), needle.data(), needle.size()) != nullptr;
  });
}

/// The whole lines of a block.
std::vector<std::string_view> lines_of(std::string_view bytes) {
  std::vector<std::string_view> lines;
  while (!bytes.empty()) {
    const std::size_t stop = bytes.find('\n');
    if (stop == std::string_view::npos) {
      break;
    }
    lines.push_back(bytes.substr(0, stop));
    bytes.remove_prefix(stop + 1);
  }
  return lines;
}

json::Object malformed(const Segment& segment, const Error& error) {
  return {{"event_type", "malformed"}, {"segment", segment.name}, {"error", error.message()}};
}

}  // namespace

bool matches(const json::Object& record, const Query& query) {
  for (const auto& [key, member] : kMembers) {
    const std::string& wanted = query.*member;
    if (!wanted.empty() && json::get_string(record, key) != wanted) {
      return false;
    }
  }
  const std::string_view at = json::get_string(record, "timestamp");
  const json::Value* success = json::find(record, "success");
  return (query.since.empty() || at >= query.since) && (query.until.empty() || at < query.until) &&
         (!query.min_risk || json::get_double(record, "risk_score") >= *query.min_risk) &&
         (!query.success ||
          (success != nullptr && success->is_bool() && success->get_bool() == *query.success));
}

Result<Found> search(const std::string& dir, const Query& query, std::size_t limit) {
  Found found;
  if (!os::exists(dir)) {
    return found;
  }
  const Plan plan = plan_of(query);
  OAP_TRY(std::vector<Segment> segments, list_segments(dir));
  for (; !segments.empty() && !found.more; segments.pop_back()) {
    OAP_TRY(Source source, Source::open(dir, segments.back()));
    OAP_TRY(const std::vector<Block> blocks, source.blocks(dir, plan, query));
    for (auto block = blocks.rbegin(); block != blocks.rend() && !found.more; ++block) {
      OAP_TRY(const std::string bytes, source.read(*block));
      const auto lines = lines_of(bytes);
      for (auto line = lines.rbegin(); line != lines.rend() && !found.more; ++line) {
        if (!holds_all(*line, plan.needles)) {
          continue;
        }
        auto parsed = parse_line(*line);
        const bool taken = !parsed || matches(parsed->record, query);
        found.malformed += parsed ? 0 : 1;
        found.more = taken && found.records.size() >= limit;
        if (taken && !found.more) {
          found.records.push_back(parsed ? std::move(parsed->record)
                                         : malformed(source.segment(), parsed.error()));
        }
      }
    }
  }
  std::reverse(found.records.begin(), found.records.end());
  return found;
}

Result<std::uint64_t> for_each(const std::string& dir, const Query& query, const Take& take) {
  std::uint64_t bad = 0;
  if (!os::exists(dir)) {
    return bad;
  }
  const Plan plan = plan_of(query);
  OAP_TRY(const std::vector<Segment> segments, list_segments(dir));
  for (const Segment& segment : segments) {
    OAP_TRY(Source source, Source::open(dir, segment));
    OAP_TRY(const std::vector<Block> blocks, source.blocks(dir, plan, query));
    for (const Block& block : blocks) {
      OAP_TRY(const std::string bytes, source.read(block));
      for (const std::string_view line : lines_of(bytes)) {
        if (!holds_all(line, plan.needles)) {
          continue;
        }
        const auto parsed = parse_line(line);
        bad += parsed ? 0 : 1;
        if (parsed && matches(parsed->record, query) && !take(parsed->record, line)) {
          return bad;
        }
      }
    }
  }
  return bad;
}

}  // namespace oap::audit
