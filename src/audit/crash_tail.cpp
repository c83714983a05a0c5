#include "audit/crash_tail.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <unistd.h>

namespace oap::audit {
namespace {

/// What a disk writes as a whole.
constexpr std::uint64_t kSector = 512;

Result<std::string> read_range(int fd, std::uint64_t from, std::uint64_t to) {
  std::string bytes(static_cast<std::size_t>(to - from), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got =
        pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(from + done));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return fail(Code::kUnavailable, "reading the audit log: {}",
                  got < 0 ? std::strerror(errno) : "the file became shorter");
    }
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

Result<Link> link_at(int fd, std::uint64_t at, const Link& before) {
  if (at == 0) {
    return before;
  }
  BackwardLines lines(fd, at);
  OAP_TRY(const std::uint64_t torn, lines.torn());
  OAP_TRY(const std::optional<std::string> line, lines.next());
  if (torn > 0) {
    return fail(Code::kDataLoss, "no record ends there");
  }
  OAP_TRY(Parsed parsed, parse_line(line.value_or("")));
  return std::move(parsed.link);
}

/// Whether a crash explains what follows the last good record, which ends at `at` of the file.
bool is_from_a_crash(std::string_view rest, std::uint64_t at) {
  const std::size_t zero = rest.find('\0');
  if (zero == std::string_view::npos) {
    return rest.find('\n') == std::string_view::npos;
  }
  const std::size_t after = rest.find_first_not_of('\0', zero);
  return rest.substr(0, zero).find('\n') == std::string_view::npos &&
         (after == std::string_view::npos || (at + after) % kSector == 0);
}

}  // namespace

Result<CrashTail> read_crash_tail(int fd, const Segment& segment, std::uint64_t from,
                                  const Link& before) {
  const auto damaged = [&segment](std::string_view what) {
    return fail(Code::kDataLoss,
                "audit segment {} is damaged at its end ({}); see `oap audit verify`. Nothing is "
                "appended to a damaged chain: move the audit folder away to begin anew",
                segment.name, what);
  };
  auto link = link_at(fd, from, before);
  if (!link && link.error().code() == Code::kDataLoss) {
    from = 0;
    link = before;
  }
  if (!link) {
    return fail(std::move(link).error());
  }
  OAP_TRY(const std::string bytes, read_range(fd, from, segment.size));
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const std::size_t stop = rest.find('\n');
    const std::uint64_t at = segment.size - rest.size();
    const auto wrong = stop == std::string_view::npos ? std::optional<std::string>("incomplete")
                                                      : check_line(*link, rest.substr(0, stop));
    if (wrong && !is_from_a_crash(rest, at)) {
      return damaged(*wrong);
    }
    if (wrong) {
      return CrashTail{at, rest.size()};
    }
    rest.remove_prefix(stop + 1);
  }
  return CrashTail{segment.size, 0};
}

}  // namespace oap::audit
