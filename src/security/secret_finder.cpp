#include "security/secret_finder.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "security/secret_checks.hpp"
#include "security/token_match.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

constexpr int kMaxDepth = 2;
constexpr std::size_t kBlock = 64U << 10U;
/// What a search that has only begun may reach back.
constexpr std::size_t kTail = 330;
/// An encoded run is replaced as a whole up to this length.
constexpr std::size_t kWholeRun = 16U << 10U;
/// How many of the newest findings may touch what is looked at.
constexpr std::size_t kRecent = 32;
constexpr std::size_t kSegmentBefore = 200;
constexpr std::size_t kSegmentBehind = 24U << 10U;  // a long key, each byte written as \u0041
/// Texts cost 5 to 20 a byte (files of settings and tables most); what costs more is made to.
constexpr std::uint64_t kEffortPerByte = 96;
constexpr std::uint64_t kEffortOfText = 256U << 10U;

bool ends_segment(char c) {
  return text::is_space(c) || c == '"' || c == '\'' || c == '`' || c == '<' || c == '>';
}

bool is_generic(std::string_view type) {
  return type == "password" || type == "generic_secret" || type == "authorization_header" ||
         type == "url_password";
}

}  // namespace

void join_findings(std::vector<FoundSecret>& findings) {
  std::sort(findings.begin(), findings.end(), [](const FoundSecret& a, const FoundSecret& b) {
    return std::tuple(a.start, b.end, a.rank, a.type) < std::tuple(b.start, a.end, b.rank, b.type);
  });
  std::size_t kept = 0;
  for (const FoundSecret& finding : findings) {
    if (kept == 0 || finding.start >= findings[kept - 1].end) {
      findings[kept++] = finding;
      continue;
    }
    FoundSecret& before = findings[kept - 1];
    if (finding.rank < before.rank) {
      before.type = finding.type;
      before.rank = finding.rank;
    }
    before.end = std::max(before.end, finding.end);
  }
  findings.resize(kept);
}

SecretFinder::SecretFinder(const KnownSecrets& known, int depth) : known_(known), depth_(depth) {}

bool SecretFinder::look(const TextView& view, std::size_t base) {
  const Here here{view, base};
  if (!search(here)) {
    return false;
  }
  resolve(here);
  join_findings(findings_);
  decide(here);
  return true;
}

bool SecretFinder::search(const Here& here) {
  const std::string_view text = here.view.text;
  hits_.clear();
  if (here.view.last && seen_ == here.end() && !search_block(here, 0)) {
    return false;
  }
  while (seen_ < here.end()) {
    const std::size_t at = seen_ - here.base;
    const std::size_t length = std::min(kBlock, text.size() - at);
    if (!search_block(here, length)) {
      return false;
    }
    seen_ += length;
    if (depth_ < kMaxDepth) {
      // While the block is still in the cache.
      run_finder_.look(text.substr(0, at + length), here.base,
                       here.view.last && seen_ == here.end(), runs_);
      find_in_runs(here);
    }
  }
  if (here.view.last && depth_ < kMaxDepth) {
    run_finder_.look(text, here.base, true, runs_);
    find_in_runs(here);
  }
  search_known(here);
  return true;
}

/// The next `length` bytes, and again what a hit that ends in them may begin in.
bool SecretFinder::search_block(const Here& here, std::size_t length) {
  const std::string_view text = here.view.text;
  const std::size_t at = seen_ - here.base;
  const std::size_t from = at > kTail ? at - kTail : 0;
  const bool ends = here.view.last && at + length == text.size();
  std::size_t kept = hits_.size();
  if (!prefilter(text.substr(from, at + length - from), ends, hits_)) {
    return false;
  }
  for (std::size_t i = kept; i < hits_.size(); ++i) {
    const std::size_t end = here.base + from + hits_[i].end;
    if (end > seen_ || (length == 0 && end == seen_)) {
      hits_[kept++] = {hits_[i].id, end};
    }
  }
  hits_.resize(kept);
  return true;
}

void SecretFinder::search_known(const Here& here) {
  if (known_.empty()) {
    return;
  }
  const std::string_view text = here.view.text;
  const std::size_t upto = here.view.last || text.empty() ? text.size() : text.size() - 1;
  std::vector<KnownSecrets::Place> places;
  known_.find(text.substr(0, upto), known_seen_ - here.base, places);
  known_seen_ = here.base + upto;
  for (const KnownSecrets::Place& place : places) {
    if (!is_replaced(text, place.start, place.end)) {
      places_.push_back({here.base + place.start, here.base + place.end});
      add("known_secret", places_.back().start, places_.back().end);
    }
  }
}

void SecretFinder::resolve(const Here& here) {
  for (const Hit& hit : hits_) {
    const std::size_t width = token_width(hit.id);
    pending_.push_back({hit.id, hit.end - width, hit.end, hit.end - width, 0});
  }
  std::sort(pending_.begin(), pending_.end(), [](const Candidate& a, const Candidate& b) {
    return std::pair(a.start, a.id) < std::pair(b.start, b.id);
  });
  std::size_t kept = 0;
  bool decoding_waits = false;  // encoded text is decoded in order, from where it begins
  for (Candidate& candidate : pending_) {
    if (give_up(here, candidate)) {
      break;
    }
    const bool in_turn = !decoding_waits || !is_encoding(candidate);
    const bool waits = here.end() < candidate.retry_at && !here.view.last;
    if (waits || !in_turn) {
      pending_[kept++] = candidate;
      decoding_waits = decoding_waits || is_encoding(candidate);
      continue;
    }
    if (!settle(here, candidate)) {
      candidate.retry_at = here.end() + (here.end() - candidate.hold) / 4 + 1;
      pending_[kept++] = candidate;
      decoding_waits = decoding_waits || is_encoding(candidate);
    }
  }
  pending_.resize(kept);
}

bool SecretFinder::is_encoding(const Candidate& candidate) {
  if (candidate.id < token_types().size()) {
    return false;
  }
  const Mark mark = mark_patterns()[candidate.id - token_types().size()].mark;
  return mark == Mark::kPercent || mark == Mark::kEscape || mark == Mark::kHidden;
}

std::uint64_t SecretFinder::allowance(std::size_t bytes) {
  return kEffortOfText + kEffortPerByte * bytes;
}

/// Where the search has cost more than a text's should, all that is left counts as found.
bool SecretFinder::give_up(const Here& here, const Candidate& candidate) {
  const std::uint64_t free = depth_ == 0 ? kEffortOfText : kEffortPerByte * kTail;
  if (effort_.spent() <= free + kEffortPerByte * here.end()) {
    return false;
  }
  const std::size_t from = candidate.hold > kTail ? candidate.hold - kTail : 0;
  add("unscanned", std::max(from, here.base), here.end(), 0);
  return true;
}

bool SecretFinder::settle(const Here& here, Candidate& candidate) {
  if (candidate.id < token_types().size()) {
    return settle_token(here, candidate);
  }
  const MarkPattern& mark = mark_patterns()[candidate.id - token_types().size()];
  if (is_encoding(candidate)) {
    return settle_decoded(here, candidate, mark.mark);
  }
  if (mark.mark == Mark::kPem && candidate.end < key_end_) {
    return true;
  }
  const std::size_t hit = candidate.end - here.base;
  const std::size_t low = hit > kContext ? hit - kContext : 0;
  const TextView near{here.view.text.substr(low), here.view.last, &effort_, here.base + low};
  const ContextAnswer answer = look_at_mark(mark, near, hit - low);
  if (answer.needs_more && !here.view.last) {
    candidate.hold = near.base + answer.hold;
    return false;
  }
  for (const FoundSecret& found : answer.found) {
    if (!is_replaced(near.text, found.start, found.end)) {
      add(found.type, near.base + found.start, near.base + found.end);
    }
    if (mark.mark == Mark::kPem) {
      key_end_ = std::max(key_end_, near.base + found.end);
    }
  }
  return true;
}

bool SecretFinder::settle_token(const Here& here, Candidate& candidate) {
  const std::size_t start = candidate.start - here.base;
  if (candidate.start < here.base || !begins_word(here, candidate)) {
    return true;
  }
  std::string_view rest = here.view.text.substr(start);
  for (auto place = first_place_behind(candidate.start); place != places_.end(); ++place) {
    if (place->start > candidate.start) {
      rest = rest.substr(0, place->start - candidate.start);
      break;
    }
  }
  const TextView token{rest, here.view.last, &effort_, candidate.start};
  const TokenMatch match = match_token(candidate.id, token);
  if (match.needs_more) {
    return false;
  }
  for (const FoundSecret& found : match.found) {
    add(found.type, candidate.start + found.start, candidate.start + found.end);
  }
  if (match.length > 0) {
    accept_token(here, candidate, match.length);
    return true;
  }
  const TokenMatch broken = match_broken_token(candidate.id, token);
  if (broken.length > 0) {
    accept_token(here, candidate, broken.length);
  }
  return !broken.needs_more;
}

void SecretFinder::accept_token(const Here& here, const Candidate& candidate, std::size_t length) {
  const std::size_t front = token_front(candidate.id, here.view.text, candidate.start - here.base);
  if (front != std::string_view::npos &&
      !is_replaced(here.view.text, front, candidate.start - here.base + length)) {
    add(token_types()[candidate.id].type, here.base + front, candidate.start + length,
        candidate.id);
  }
}

bool SecretFinder::begins_word(const Here& here, const Candidate& candidate) const {
  const TokenCheck check = token_types()[candidate.id].check;
  if (check == TokenCheck::kTelegram || check == TokenCheck::kWordLeft) {
    return true;  // token_front() looks at what stands before
  }
  const std::size_t start = candidate.start;
  const bool glued = start > here.base && here.view.text[start - here.base - 1] == '_';
  if (check == TokenCheck::kCrc32 || (check == TokenCheck::kAwsPair && glued)) {
    return true;  // the checksum tells
  }
  const auto place = first_place_behind(start == 0 ? 0 : start - 1);
  const bool freed = place != places_.end() && place->end == start;
  const auto ends_here = [&](const FoundSecret& finding) { return finding.end == start; };
  return freed || std::any_of(findings_.rbegin(), findings_.rbegin() + recent(), ends_here) ||
         is_token_start(here.view.text, start - here.base);
}

std::ptrdiff_t SecretFinder::recent() const {
  return static_cast<std::ptrdiff_t>(std::min<std::size_t>(findings_.size(), kRecent));
}

std::vector<KnownSecrets::Place>::const_iterator SecretFinder::first_place_behind(
    std::size_t place) const {
  return std::upper_bound(
      places_.begin(), places_.end(), place,
      [](std::size_t at, const KnownSecrets::Place& known) { return at < known.end; });
}

bool SecretFinder::settle_decoded(const Here& here, Candidate& candidate, Mark mark) {
  if (depth_ >= kMaxDepth || candidate.end <= decoded_to_) {
    return true;
  }
  const std::string_view text = here.view.text;
  const std::size_t hit = candidate.end - here.base;
  std::size_t start = hit;
  const std::size_t least = hit > kSegmentBefore ? hit - kSegmentBefore : 0;
  const bool hidden = mark == Mark::kHidden;
  while (start > least && !(ends_segment(text[start - 1]) && !(hidden && joins(text, start - 1)))) {
    --start;
  }
  std::size_t end = hit;
  while (end < text.size() && end - hit < kSegmentBehind &&
         !(ends_segment(text[end]) && !(hidden && joins(text, end)))) {
    ++end;
  }
  effort_.spend((end - start) * 2);
  if (end == text.size() && !here.view.last && end - hit < kSegmentBehind) {
    candidate.hold = here.base + start;
    return false;
  }
  decoded_to_ = here.base + end;
  const std::string_view segment = text.substr(start, end - start);
  const Decoded decoded = hidden                   ? without_hidden(segment)
                          : mark == Mark::kPercent ? decode_percent(segment)
                                                   : decode_escapes(segment);
  for (const FoundSecret& found : find_inside(decoded.text)) {
    // Behind the last character: what is hidden after it is not the secret's.
    const std::size_t behind =
        hidden && found.end > 0 ? decoded.from[found.end - 1] + 1U : decoded.from[found.end];
    add(found.type, here.base + start + decoded.from[found.start], here.base + start + behind,
        found.rank);
  }
  return true;
}

void SecretFinder::find_in_runs(const Here& here) {
  for (const EncodedRun& run : runs_) {
    const std::string_view digits =
        here.view.text.substr(run.start - here.base, run.end - run.start);
    effort_.spend(digits.size() * 2);
    for (const Decoded& decoded : decode_run(digits)) {
      const std::vector<FoundSecret> inside = find_inside(decoded.text);
      if (inside.empty()) {
        continue;
      }
      if (digits.size() <= kWholeRun) {
        add(inside.front().type, run.start + decoded.from.front(), run.end, inside.front().rank);
        continue;
      }
      for (const FoundSecret& found : inside) {
        add(found.type, run.start + decoded.from[found.start],
            std::min(run.end, run.start + decoded.from[found.end] + 4), found.rank);
      }
    }
  }
  runs_.clear();
}

std::vector<FoundSecret> SecretFinder::find_inside(std::string_view text) {
  SecretFinder finder(known_, depth_ + 1);
  const bool searched = finder.look({text, true}, 0);
  effort_.spend(finder.effort());
  return searched ? finder.findings() : std::vector<FoundSecret>{{"unscanned", 0, text.size()}};
}

void SecretFinder::add(std::string_view type, std::size_t start, std::size_t end,
                       std::uint32_t rank) {
  findings_.push_back({type, start, end, is_generic(type) ? FoundSecret::kGenericRank : rank});
}

void SecretFinder::decide(const Here& here) {
  std::size_t decided = here.end();
  if (!here.view.last) {
    const std::size_t tail = std::max(kTail, known_.longest() + 1);
    decided = here.end() > tail ? here.end() - tail : 0;
    decided = depth_ < kMaxDepth ? std::min(decided, run_finder_.held()) : decided;
    for (const Candidate& candidate : pending_) {
      decided = std::min(decided, candidate.hold);
    }
    for (const FoundSecret& finding : findings_) {
      if (finding.start < decided && decided < finding.end) {
        decided = finding.start;
      }
    }
  }
  decided_ = std::max(decided_, decided);
  places_.erase(places_.begin(), first_place_behind(decided_ > 1 ? decided_ - 2 : 0));
}

void SecretFinder::forget(std::size_t place) {
  std::erase_if(findings_, [&](const FoundSecret& finding) { return finding.end <= place; });
}

}  // namespace oap::security
