#include "audit/segment.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/regular_file.hpp"
#include "os/file.hpp"

namespace oap::audit {
namespace {

constexpr std::size_t kNameDigits = 20;
constexpr std::string_view kSuffix = ".jsonl";
constexpr std::size_t kBlock = 16U << 10U;
/// Of most files only the last record is asked for.
constexpr std::size_t kFirstBlock = 4U << 10U;
constexpr std::size_t kLinkBytes = 128;
constexpr std::string_view kLead = R"({"hash":")";
constexpr std::string_view kMiddle = R"(","seq":)";

}  // namespace

std::string segment_name(std::uint64_t first) {
  const fmt::format_int digits(first);
  std::string name;
  name.reserve(kNameDigits + kSuffix.size());
  name.append(kNameDigits - digits.size(), '0').append(digits.data(), digits.size());
  return name.append(kSuffix);
}

std::optional<std::uint64_t> segment_first(std::string_view name) {
  if (name.size() != kNameDigits + kSuffix.size() || !name.ends_with(kSuffix)) {
    return std::nullopt;
  }
  std::uint64_t first = 0;
  const auto end = std::from_chars(name.data(), name.data() + kNameDigits, first);
  if (end.ec != std::errc() || end.ptr != name.data() + kNameDigits) {
    return std::nullopt;
  }
  return first;
}

Result<std::vector<Segment>> list_segments(const std::string& dir) {
  const auto names = os::list_dir(dir);
  if (!names) {
    return fail(advised(names.error()));
  }
  std::vector<Segment> segments;
  for (const std::string& name : *names) {
    const auto first = segment_first(name);
    struct stat info{};
    if (!first) {
      continue;
    }
    if (lstat((dir + "/" + name).c_str(), &info) == 0) {
      segments.push_back({name, *first, static_cast<std::uint64_t>(info.st_size)});
    } else if (errno != ENOENT) {
      return fail(advised(os::errno_error("looking at audit segment", dir + "/" + name, errno)));
    }
  }
  return segments;
}

Result<bool> BackwardLines::load_more() {
  if (start_ == 0) {
    return false;
  }
  const std::size_t most = buffer_.empty() ? kFirstBlock : kBlock;
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(most, start_));
  std::string block(count, '\0');
  std::size_t done = 0;
  while (done < count) {
    const ssize_t got =
        pread(fd_, block.data() + done, count - done, static_cast<off_t>(start_ - count + done));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return fail(Code::kUnavailable, "reading the audit log: {}",
                  got < 0 ? std::strerror(errno) : "the file became shorter");
    }
    done += static_cast<std::size_t>(got);
  }
  start_ -= count;
  buffer_.insert(0, block);
  return true;
}

/// Position after the last line break of what is left, loading as far back as needed; 0 = start.
Result<std::size_t> BackwardLines::find_break() {
  std::size_t searched = 0;
  while (true) {
    const std::string_view fresh(buffer_.data(), buffer_.size() - searched);
    if (const std::size_t at = fresh.rfind('\n'); at != std::string_view::npos) {
      return at + 1;
    }
    searched = buffer_.size();
    OAP_TRY(const bool more, load_more());
    if (!more) {
      return 0;
    }
  }
}

Result<std::uint64_t> BackwardLines::torn() {
  OAP_TRY(const std::size_t at, find_break());
  const std::size_t count = buffer_.size() - at;
  buffer_.resize(at);
  torn_dropped_ = true;
  return count;
}

Result<std::optional<std::string>> BackwardLines::next() {
  if (!torn_dropped_) {
    OAP_TRY([[maybe_unused]] const std::uint64_t ignored, torn());
  }
  if (buffer_.empty() && start_ == 0) {
    return std::optional<std::string>();
  }
  if (buffer_.empty()) {
    OAP_TRY([[maybe_unused]] const bool more, load_more());
  }
  buffer_.pop_back();
  OAP_TRY(const std::size_t at, find_break());
  std::string line = buffer_.substr(at);
  buffer_.resize(at);
  return std::optional(std::move(line));
}

Result<SegmentEnd> read_end(int fd, const Segment& segment) {
  BackwardLines lines(fd, segment.size);
  SegmentEnd end;
  OAP_TRY(end.torn, lines.torn());
  OAP_TRY(const std::optional<std::string> line, lines.next());
  if (!line) {
    return end;
  }
  auto parsed = parse_line(*line);
  if (!parsed) {
    return fail(Code::kDataLoss,
                "the last record of audit segment {} is damaged ({}); see `oap audit verify`. "
                "Nothing is appended to a damaged chain: move the audit folder away to begin anew",
                segment.name, parsed.error().message());
  }
  end.last = std::move(*parsed);
  return end;
}

Result<std::string> first_timestamp(int fd) {
  for (const std::size_t most :
       {std::size_t{4} << 10U, std::size_t{32} << 10U, std::size_t{1} << 20U}) {
    std::string start(most, '\0');
    const ssize_t got = pread(fd, start.data(), start.size(), 0);
    start.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (const std::size_t end = start.find('\n'); end != std::string::npos) {
      OAP_TRY(const Parsed first, parse_line(std::string_view(start).substr(0, end)));
      return first.text("timestamp");
    }
  }
  return std::string();
}

Result<std::uint64_t> line_number(int fd, std::uint64_t offset) {
  std::array<char, kBlock> block{};
  std::uint64_t number = 1;
  std::uint64_t at = 0;
  while (at < offset) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(kBlock, offset - at));
    const ssize_t got = pread(fd, block.data(), count, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return fail(Code::kUnavailable, "reading the audit log: {}",
                  got < 0 ? std::strerror(errno) : "the file became shorter");
    }
    number += static_cast<std::uint64_t>(std::count(block.begin(), block.begin() + got, '\n'));
    at += static_cast<std::uint64_t>(got);
  }
  return number;
}

Result<json::Object> malformed_line(int fd, const Segment& segment, std::uint64_t offset,
                                    const Error& error) {
  OAP_TRY(const std::uint64_t line, line_number(fd, offset));
  return json::Object{{"event_type", "malformed"},
                      {"segment", segment.name},
                      {"line", line},
                      {"error", error.message()}};
}

Result<std::uint64_t> written_size(int fd, std::uint64_t size) {
  std::array<char, kBlock> block{};
  std::size_t most = 1;
  while (size > 0) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(most, size));
    const ssize_t got = pread(fd, block.data(), count, static_cast<off_t>(size - count));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got != static_cast<ssize_t>(count)) {
      return fail(Code::kUnavailable, "reading the audit log: {}",
                  got < 0 ? std::strerror(errno) : "the file became shorter");
    }
    most = kBlock;
    const std::string_view bytes(block.data(), count);
    if (const std::size_t last = bytes.find_last_not_of('\0'); last != std::string_view::npos) {
      return size - count + last + 1;
    }
    size -= count;
  }
  return size;
}

std::string seen_path(std::string_view dir) {
  while (dir.size() > 1 && dir.ends_with('/')) {
    dir.remove_suffix(1);
  }
  return std::string(dir) + ".seen";
}

std::string print_link(const Link& link) {
  const fmt::format_int seq(link.seq);
  std::string text;
  text.reserve(kLinkBytes);
  text.append(kLead).append(link.hash).append(kMiddle).append(seq.data(), seq.size()).append("}");
  text.resize(kLinkBytes - 1, ' ');
  return text.append("\n");
}

std::optional<Link> parse_link(std::string_view text) {
  constexpr std::size_t kHexSize = 64;
  if (text.size() != kLinkBytes || !text.starts_with(kLead)) {
    return std::nullopt;
  }
  Link link;
  link.hash = std::string(text.substr(kLead.size(), kHexSize));
  const std::string_view rest = text.substr(kLead.size() + kHexSize + kMiddle.size());
  std::from_chars(rest.data(), rest.data() + rest.size(), link.seq);
  return print_link(link) == text ? std::optional(link) : std::nullopt;
}

}  // namespace oap::audit
