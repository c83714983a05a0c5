#include "audit/leaves.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/members.hpp"
#include "audit/regular_file.hpp"
#include "os/file.hpp"

namespace oap::audit {
namespace {

std::string timestamp_of(std::string_view line) {
  RawMembers members(line);
  while (members.next()) {
    if (members.key() == "timestamp") {
      return std::string(members.text());
    }
  }
  return {};
}

}  // namespace

std::optional<Digest> leaf_of(std::string_view hash) {
  const auto bytes = crypto::from_hex(hash);
  return bytes && bytes->size() == 32 ? std::optional(leaf_hash(*bytes)) : std::nullopt;
}

Result<Leaves> read_leaves(const std::string& dir, const Segment& segment) {
  constexpr std::size_t kMost = std::size_t{4} << 30U;
  OAP_TRY(const std::string text, read_regular(dir + "/" + segment.name, kMost));
  Leaves leaves;
  leaves.first = segment.first;
  Link link;
  std::string_view rest = text;
  std::string_view last_line;
  for (std::size_t stop = rest.find('\n'); stop != std::string_view::npos; stop = rest.find('\n')) {
    const std::string_view line = rest.substr(0, stop);
    if (leaves.hashes.empty()) {
      OAP_TRY(const Parsed first, parse_line(line));
      link = {first.link.seq - 1, first.prev_hash};
      leaves.since = timestamp_of(line);
    }
    if (const auto wrong = check_line(link, line);
        wrong || link.seq != segment.first + leaves.hashes.size()) {
      return fail(Code::kDataLoss, "{}:{}: {}; see `oap audit verify`", segment.name,
                  leaves.hashes.size() + 1, wrong.value_or("the record's number is not its place"));
    }
    leaves.hashes.push_back(leaf_of(link.hash).value_or(Digest{}));
    last_line = line;
    rest.remove_prefix(stop + 1);
  }
  leaves.last = link;
  leaves.until = timestamp_of(last_line);
  return leaves;
}

}  // namespace oap::audit
