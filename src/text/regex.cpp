#include "text/regex.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <re2/re2.h>
#include <re2/set.h>

namespace oap::text {
namespace {

constexpr std::size_t kMaxPattern = 64U << 10U;

re2::RE2::Options to_re2(RegexOptions options) {
  re2::RE2::Options out;
  out.set_log_errors(false);
  out.set_case_sensitive(!options.case_insensitive);
  out.set_dot_nl(options.dot_matches_newline);
  out.set_max_mem(static_cast<std::int64_t>(options.max_memory));
  out.set_encoding(options.bytes ? re2::RE2::Options::EncodingLatin1
                                 : re2::RE2::Options::EncodingUTF8);
  return out;
}

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

Result<Regex> Regex::compile(std::string_view pattern, RegexOptions options) {
  if (pattern.size() > kMaxPattern) {
    return fail(Code::kInvalidArgument, "the pattern of {} bytes is longer than {}", pattern.size(),
                kMaxPattern);
  }
  auto re = std::make_shared<const re2::RE2>(piece(pattern), to_re2(options));
  if (!re->ok()) {
    return fail(Code::kInvalidArgument, "the pattern {} does not compile: {}",
                pattern.substr(0, 200), re->error());
  }
  return Regex(std::move(re));
}

bool Regex::search(std::string_view text) const {
  return re_->Match(piece(text), 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

bool Regex::matches(std::string_view text) const {
  return re_->Match(piece(text), 0, text.size(), re2::RE2::ANCHOR_BOTH, nullptr, 0);
}

std::vector<Span> Regex::find_all(std::string_view text, std::size_t limit) const {
  std::vector<Span> spans;
  re2::StringPiece match;
  for (std::size_t at = 0; at <= text.size() && spans.size() < limit;) {
    if (!re_->Match(piece(text), at, text.size(), re2::RE2::UNANCHORED, &match, 1)) {
      break;
    }
    const auto begin = static_cast<std::size_t>(match.data() - text.data());
    const std::size_t end = begin + match.size();
    if (match.empty()) {
      at = end + 1;
      continue;
    }
    spans.push_back({begin, end});
    at = end;
  }
  return spans;
}

std::vector<std::string_view> Regex::groups(std::string_view text) const {
  std::vector<re2::StringPiece> pieces(static_cast<std::size_t>(re_->NumberOfCapturingGroups()) +
                                       1);
  if (!re_->Match(piece(text), 0, text.size(), re2::RE2::UNANCHORED, pieces.data(),
                  static_cast<int>(pieces.size()))) {
    return {};
  }
  std::vector<std::string_view> out;
  out.reserve(pieces.size());
  for (const re2::StringPiece& group : pieces) {
    out.emplace_back(group.data(), group.size());
  }
  return out;
}

const std::string& Regex::pattern() const { return re_->pattern(); }

struct RegexSet::Body {
  explicit Body(const re2::RE2::Options& options) : set(options, re2::RE2::UNANCHORED) {}
  re2::RE2::Set set;
  std::size_t size = 0;
};

Result<RegexSet> RegexSet::compile(const std::vector<std::string>& patterns, RegexOptions options) {
  auto body = std::make_shared<Body>(to_re2(options));
  for (const std::string& pattern : patterns) {
    std::string error;
    if (pattern.size() > kMaxPattern || body->set.Add(pattern, &error) < 0) {
      return fail(Code::kInvalidArgument, "the pattern {} does not compile: {}",
                  pattern.substr(0, 200), error.empty() ? "it is too long" : error);
    }
  }
  body->size = patterns.size();
  if (!body->set.Compile()) {
    return fail(Code::kResourceExhausted, "{} patterns together need more than {} bytes",
                patterns.size(), options.max_memory);
  }
  return RegexSet(std::move(body));
}

Result<std::vector<std::size_t>> RegexSet::search(std::string_view text) const {
  std::vector<std::size_t> out;
  if (body_->size == 0) {
    return out;
  }
  std::vector<int> found;
  re2::RE2::Set::ErrorInfo error{re2::RE2::Set::kNoError};
  if (!body_->set.Match(piece(text), &found, &error) && error.kind != re2::RE2::Set::kNoError) {
    return fail(Code::kResourceExhausted, "the pattern set ran out of memory on this text");
  }
  out.assign(found.begin(), found.end());
  std::sort(out.begin(), out.end());
  return out;
}

std::size_t RegexSet::size() const { return body_->size; }

std::string regex_quote(std::string_view text) { return re2::RE2::QuoteMeta(piece(text)); }

}  // namespace oap::text
