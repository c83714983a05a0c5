#include "audit/lookup.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/at_once.hpp"
#include "audit/indexing.hpp"
#include "audit/regular_file.hpp"
#include "os/file.hpp"

namespace oap::audit {
namespace {

/// More than this beyond what an index covers is taken into it.
constexpr std::uint64_t kMostOfNewest = 2 * kIndexStep;
constexpr std::uint64_t kMostOfWhole = 64U << 10U;
/// What no index covers is read in pieces of this.
constexpr std::uint64_t kPieceBytes = 1U << 20U;
/// Records closer together than this are read at once.
constexpr std::uint64_t kGap = 8U << 10U;
/// So few records are rather read than looked up once more.
constexpr std::size_t kFew = 16;

using Numbers = std::vector<std::uint32_t>;

/// Which records an index names. Nothing where it cannot be believed.
class Chooser {
 public:
  Chooser(IndexFile& file, const Plan& plan, const Query& query)
      : file_(file), plan_(plan), query_(query) {}

  std::optional<std::vector<Piece>> choose() {
    const auto odd = listed({odd_token()});
    if (!odd || !file_.span().overlaps(query_.since, query_.until)) {
      return odd ? pieces_of(*odd) : std::nullopt;
    }
    const bool timed = !query_.since.empty() || !query_.until.empty();
    if (timed || plan_.tokens.empty()) {
      spans_ = file_.spans();
      if (!spans_) {
        return std::nullopt;
      }
    }
    if (plan_.tokens.empty() && !query_.min_risk) {
      return whole_runs(*odd);
    }
    auto numbers = with_tokens();
    if (numbers && !numbers->empty() && query_.min_risk) {
      numbers = both(*numbers, risky());
    }
    if (!numbers) {
      return std::nullopt;
    }
    numbers->insert(numbers->end(), odd->begin(), odd->end());
    std::sort(numbers->begin(), numbers->end());
    numbers->erase(std::unique(numbers->begin(), numbers->end()), numbers->end());
    return pieces_of(*numbers);
  }

 private:
  static constexpr std::uint32_t kRun = SegmentIndex::kBlockRecords;

  std::optional<Numbers> listed(const std::vector<std::uint64_t>& tokens) {
    Numbers all;
    for (const std::uint64_t token : tokens) {
      const auto postings = file_.find(token);
      const auto numbers = postings ? file_.numbers(*postings) : std::nullopt;
      if (!numbers) {
        return std::nullopt;
      }
      all.insert(all.end(), numbers->begin(), numbers->end());
    }
    return all;
  }

  std::optional<Numbers> risky() {
    std::vector<std::uint64_t> tokens;
    for (unsigned tenth = risk_tenth(*query_.min_risk); tenth <= risk_tenth(1); ++tenth) {
      tokens.push_back(risk_token(tenth));
    }
    auto all = listed(tokens);
    if (all) {
      std::sort(all->begin(), all->end());
    }
    return all;
  }

  static std::optional<Numbers> both(const Numbers& one, const std::optional<Numbers>& other) {
    if (!other) {
      return std::nullopt;
    }
    Numbers made;
    std::set_intersection(one.begin(), one.end(), other->begin(), other->end(),
                          std::back_inserter(made));
    return made;
  }

  /// The rarest value first.
  std::optional<Numbers> with_tokens() {
    if (plan_.tokens.empty()) {
      return in_time(risky());
    }
    std::vector<IndexFile::Postings> lists;
    for (const std::uint64_t token : plan_.tokens) {
      const auto found = file_.find(token);
      if (!found) {
        return std::nullopt;
      }
      if (found->count == 0) {
        return Numbers();
      }
      lists.push_back(*found);
    }
    std::sort(lists.begin(), lists.end(),
              [](const auto& a, const auto& b) { return a.count < b.count; });
    auto numbers = in_time(file_.numbers(lists.front()));
    for (auto list = lists.begin() + 1; numbers && list != lists.end(); ++list) {
      if (numbers->size() <= kFew) {
        break;
      }
      numbers = both(*numbers, file_.numbers(*list));
    }
    return numbers;
  }

  std::optional<Numbers> in_time(std::optional<Numbers> numbers) const {
    if (numbers && spans_) {
      std::erase_if(*numbers, [this](std::uint32_t number) {
        return number / kRun >= spans_->size() ||
               !(*spans_)[number / kRun].overlaps(query_.since, query_.until);
      });
    }
    return numbers;
  }

  std::optional<std::vector<Piece>> whole_runs(const Numbers& odd) {
    std::vector<Piece> pieces;
    for (std::uint32_t run = 0; run < spans_->size(); ++run) {
      if (!(*spans_)[run].overlaps(query_.since, query_.until)) {
        auto some = pieces_of({std::lower_bound(odd.begin(), odd.end(), run * kRun),
                               std::lower_bound(odd.begin(), odd.end(), (run + 1) * kRun)});
        if (!some) {
          return std::nullopt;
        }
        std::move(some->begin(), some->end(), std::back_inserter(pieces));
        continue;
      }
      const auto from = file_.offset_of(run * kRun);
      const auto end = file_.offset_of(std::min(file_.records(), (run + 1) * kRun));
      if (!from || !end || *end <= *from) {
        return std::nullopt;
      }
      Piece piece;
      piece.offset = *from;
      piece.end = *end;
      pieces.push_back(std::move(piece));
    }
    return pieces;
  }

  std::optional<std::vector<Piece>> pieces_of(const Numbers& numbers) {
    std::vector<Piece> pieces;
    for (const std::uint32_t number : numbers) {
      const auto from = file_.offset_of(number);
      const auto end = file_.offset_of(number + 1);
      if (!from || !end || *end <= *from) {
        return std::nullopt;
      }
      const bool joins = !pieces.empty() && *from - pieces.back().end <= kGap &&
                         *end - pieces.back().offset <= kPieceBytes;
      if (!joins) {
        pieces.emplace_back().offset = *from;
      }
      pieces.back().end = *end;
      pieces.back().lines.push_back({*from, *end});
    }
    return pieces;
  }

  IndexFile& file_;
  const Plan& plan_;
  const Query& query_;
  std::optional<std::vector<Span>> spans_;
};

}  // namespace

Result<Source> Source::open(const std::string& dir, const Segment& segment, bool newest) {
  Source source;
  const std::string path = dir + "/" + segment.name;
  source.segment_ = segment;
  source.newest_ = newest;
  OAP_TRY(source.fd_, open_regular(path, O_RDONLY));
  struct stat info{};
  if (fstat(source.fd_.get(), &info) != 0) {
    return fail(os::errno_error("opening", path, errno));
  }
  OAP_TRY(source.size_, written_size(source.fd_.get(), static_cast<std::uint64_t>(info.st_size)));
  return source;
}

std::vector<Piece> Source::pieces(const std::string& dir, const Plan& plan, const Query& query,
                                  Keyring* keys) const {
  std::optional<IndexFile> file;
  const bool is_selective =
      !plan.tokens.empty() || query.min_risk || !query.since.empty() || !query.until.empty();
  if (is_selective && (!query.sealed || !has_segment_key(dir, segment_.first))) {
    file =
        open_index(dir, segment_, fd_.get(), size_, keys, newest_ ? kMostOfNewest : kMostOfWhole);
  }
  auto chosen = file ? Chooser(*file, plan, query).choose() : std::nullopt;
  if (file && !chosen) {
    drop_index(dir, segment_);
  }
  const std::uint64_t covered = chosen ? file->covered() : 0;
  std::vector<Piece> pieces = std::move(chosen).value_or(std::vector<Piece>());
  add_rest(covered, pieces);
  return pieces;
}

void Source::add_rest(std::uint64_t from, std::vector<Piece>& pieces) const {
  for (; from < size_; from += std::min(kPieceBytes, size_ - from)) {
    Piece piece;
    piece.offset = from;
    piece.end = from + std::min(kPieceBytes, size_ - from);
    pieces.push_back(std::move(piece));
  }
}

Result<void> Source::read_bytes(std::uint64_t from, std::uint64_t to, std::string& buffer) const {
  const std::size_t kept = buffer.size();
  buffer.resize(kept + static_cast<std::size_t>(to - from));
  std::size_t done = kept;
  while (done < buffer.size()) {
    const ssize_t got = pread(fd_.get(), buffer.data() + done, buffer.size() - done,
                              static_cast<off_t>(from + (done - kept)));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return fail(Code::kUnavailable, "reading audit segment {}: {}", segment_.name,
                  got < 0 ? std::strerror(errno) : "the file became shorter");
    }
    done += static_cast<std::size_t>(got);
  }
  return {};
}

Result<json::Object> Source::malformed(const Piece& piece, const std::string& buffer,
                                       std::string_view line, const Error& error) const {
  const std::uint64_t before = piece.is_chosen() || piece.offset == 0 ? 0 : 1;
  const auto at = static_cast<std::uint64_t>(line.data() - buffer.data());
  return malformed_line(fd_.get(), segment_, piece.offset - before + at, error);
}

Result<std::vector<std::string_view>> Source::read(const Piece& piece, std::string& buffer) const {
  buffer.clear();
  const std::uint64_t before = piece.is_chosen() || piece.offset == 0 ? 0 : 1;
  OAP_CHECK_OK(read_bytes(piece.offset - before, piece.end, buffer));
  std::vector<std::string_view> lines;
  for (const Piece::Line& line : piece.lines) {
    lines.push_back(
        std::string_view(buffer).substr(static_cast<std::size_t>(line.offset - piece.offset),
                                        static_cast<std::size_t>(line.end - line.offset - 1)));
  }
  if (piece.is_chosen()) {
    return lines;
  }
  std::uint64_t end = piece.end;
  const bool begins = before == 0 || buffer.find('\n') != std::string::npos;
  while (begins && !buffer.ends_with('\n') && end < size_) {
    const std::uint64_t more = std::min(kGap, size_ - end);
    const std::size_t kept = buffer.size();
    OAP_CHECK_OK(read_bytes(end, end + more, buffer));
    end += more;
    if (const std::size_t stop = buffer.find('\n', kept); stop != std::string::npos) {
      buffer.resize(stop + 1);
    }
  }
  std::string_view rest = buffer;
  if (before > 0) {
    rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
  }
  while (!rest.empty()) {
    const std::size_t stop = rest.find('\n');
    if (stop == std::string_view::npos) {
      break;
    }
    lines.push_back(rest.substr(0, stop));
    rest.remove_prefix(stop + 1);
  }
  return lines;
}

Result<std::vector<Looked>> look_up(const std::string& dir, std::span<const Segment> segments,
                                    bool with_newest, const Plan& plan, const Query& query,
                                    Keyring* keys) {
  std::vector<std::optional<Result<Looked>>> each(segments.size());
  const auto look = [&](std::size_t i) {
    auto source = Source::open(dir, segments[i], with_newest && i + 1 == segments.size());
    if (!source) {
      each[i].emplace(fail(std::move(source).error()));
      return;
    }
    auto pieces = source->pieces(dir, plan, query, keys);
    each[i].emplace(Looked{*std::move(source), std::move(pieces)});
  };
  if (keys == nullptr) {
    at_once(segments.size(), look);
  } else {
    for (std::size_t i = 0; i < segments.size(); ++i) {
      look(i);
    }
  }
  std::vector<Looked> all;
  for (auto& looked : each) {
    OAP_TRY(Looked one, *std::move(looked));
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace oap::audit
