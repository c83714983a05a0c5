#include "text/glob_parser.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "text/utf8.hpp"

namespace oap::text {
namespace {

constexpr std::size_t kMaxPattern = 2048;
constexpr std::size_t kMaxNesting = 32;

struct NamedClass {
  std::string_view name;
  std::vector<GlobClass::Range> ranges;
};

const std::vector<NamedClass>& named_classes() {
  static const std::vector<NamedClass> classes = {
      {"alpha", {{'a', 'z'}, {'A', 'Z'}}},
      {"digit", {{'0', '9'}}},
      {"alnum", {{'a', 'z'}, {'A', 'Z'}, {'0', '9'}}},
      {"upper", {{'A', 'Z'}}},
      {"lower", {{'a', 'z'}}},
      {"space", {{'\t', '\r'}, {' ', ' '}}},
      {"blank", {{'\t', '\t'}, {' ', ' '}}},
      {"punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}},
      {"xdigit", {{'0', '9'}, {'a', 'f'}, {'A', 'F'}}},
  };
  return classes;
}

/// What surrounds a part of the pattern: whether a path component begins or ends there.
struct Edges {
  bool begins = true;
  bool ends = true;
};

struct Braces {
  std::size_t close = 0;
  std::vector<std::size_t> commas;
};

GlobNode node(GlobNode::Kind kind) {
  GlobNode out;
  out.kind = kind;
  return out;
}

GlobNode char_node(char32_t value) {
  GlobNode out;
  out.value = value;
  return out;
}

GlobNode optional_node(GlobSequence sequence) {
  GlobNode out = node(GlobNode::Kind::kOptional);
  out.branches.push_back(std::move(sequence));
  return out;
}

class Parser {
 public:
  Parser(std::string_view pattern, const GlobOptions& options)
      : pattern_(pattern), path_(options.mode == GlobMode::kPath) {}

  Result<GlobSequence> parse(std::size_t begin, std::size_t end, Edges edges, std::size_t depth) {
    GlobSequence out;
    at_ = begin;
    while (at_ < end) {
      OAP_CHECK_OK(parse_one(out, begin, end, edges, depth));
    }
    return out;
  }

 private:
  Result<void> parse_one(GlobSequence& out, std::size_t begin, std::size_t end, Edges edges,
                         std::size_t depth) {
    const char c = pattern_[at_];
    if (c == '*') {
      parse_stars(out, begin, end, edges);
      return {};
    }
    if (c == '?') {
      out.push_back(node(GlobNode::Kind::kOne));
      ++at_;
      return {};
    }
    if (c == '[') {
      return parse_class(out);
    }
    if (c == '{') {
      return parse_braces(out, begin, end, edges, depth);
    }
    if (parse_optional_end(out, end, edges)) {
      return {};
    }
    if (c == '\\') {
      ++at_;
      if (at_ == end) {
        return fail(Code::kInvalidArgument,
                    "the glob pattern '{}' ends with a backslash; write \\\\ for the character",
                    shown());
      }
    }
    const GlobChar next = glob_char_at(pattern_, at_);
    out.push_back(char_node(next.value));
    at_ += next.length;
    return {};
  }

  void parse_stars(GlobSequence& out, std::size_t begin, std::size_t end, Edges edges) {
    const std::size_t first = at_;
    while (at_ < end && pattern_[at_] == '*') {
      ++at_;
    }
    if (!path_) {
      out.push_back(node(GlobNode::Kind::kCrossRun));
      return;
    }
    if (at_ - first == 1) {
      out.push_back(node(GlobNode::Kind::kRun));
      return;
    }
    const bool component = first == begin ? edges.begins : pattern_[first - 1] == '/';
    if (component && at_ < end && pattern_[at_] == '/') {
      ++at_;
      out.push_back(optional_node({node(GlobNode::Kind::kCrossRun), char_node('/')}));
      return;
    }
    out.push_back(node(GlobNode::Kind::kCrossRun));
  }

  /// `/**` at the end of a path, ` *` at the end of a command: the whole of it may be missing.
  bool parse_optional_end(GlobSequence& out, std::size_t end, Edges edges) {
    const char c = pattern_[at_];
    std::size_t after = at_ + 1;
    if (path_) {
      while (pattern_.substr(after, 3) == "**/") {
        after += 3;
      }
    }
    const std::size_t stars = pattern_.find_first_not_of('*', after);
    const std::size_t rest = std::min(stars, pattern_.size()) - std::min(after, pattern_.size());
    const bool to_end = after + rest == end;
    const bool below = path_ && c == '/' && rest >= 2 && to_end && edges.ends;
    const bool arguments = !path_ && c == ' ' && rest >= 1 && to_end && end == pattern_.size();
    if (!below && !arguments) {
      return false;
    }
    out.push_back(
        optional_node({char_node(static_cast<unsigned char>(c)), node(GlobNode::Kind::kCrossRun)}));
    at_ = end;
    return true;
  }

  Result<void> parse_braces(GlobSequence& out, std::size_t begin, std::size_t end, Edges edges,
                            std::size_t depth) {
    const std::size_t open = at_;
    if (depth >= kMaxNesting) {
      return fail(Code::kInvalidArgument, "the glob pattern '{}' nests braces deeper than {}",
                  shown(), kMaxNesting);
    }
    OAP_TRY(const Braces braces, find_close(open, end));
    if (braces.commas.empty()) {
      OAP_TRY(GlobSequence inner, parse(open + 1, braces.close, {false, false}, depth + 1));
      out.push_back(char_node('{'));
      std::move(inner.begin(), inner.end(), std::back_inserter(out));
      out.push_back(char_node('}'));
      at_ = braces.close + 1;
      return {};
    }
    const std::size_t after = braces.close + 1;
    Edges inner_edges;
    inner_edges.begins = open == begin ? edges.begins : pattern_[open - 1] == '/';
    inner_edges.ends = after == end ? edges.ends : pattern_[after] == '/';
    GlobNode either = node(GlobNode::Kind::kEither);
    std::size_t from = open + 1;
    for (std::size_t i = 0; i <= braces.commas.size(); ++i) {
      const std::size_t to = i < braces.commas.size() ? braces.commas[i] : braces.close;
      OAP_TRY(GlobSequence branch, parse(from, to, inner_edges, depth + 1));
      either.branches.push_back(std::move(branch));
      from = to + 1;
    }
    out.push_back(std::move(either));
    at_ = after;
    return {};
  }

  /// The brace that closes the one at `open`, and the commas between them at its own level.
  Result<Braces> find_close(std::size_t open, std::size_t end) const {
    Braces braces;
    std::size_t depth = 0;
    for (std::size_t at = open; at < end; ++at) {
      const char c = pattern_[at];
      if (c == '\\') {
        ++at;
      } else if (c == '[') {
        at = class_end(at).value_or(at);
      } else if (c == '{') {
        ++depth;
      } else if (c == ',' && depth == 1) {
        braces.commas.push_back(at);
      } else if (c == '}' && --depth == 0) {
        braces.close = at;
        return braces;
      }
    }
    return fail(Code::kInvalidArgument,
                "the glob pattern '{}' has no '}}' for the '{{' at byte {}; write \\{{ for the "
                "character itself",
                shown(), open + 1);
  }

  /// The `]` that ends the class at `open`.
  std::optional<std::size_t> class_end(std::size_t open) const {
    std::size_t at = open + 1;
    if (at < pattern_.size() && (pattern_[at] == '!' || pattern_[at] == '^')) {
      ++at;
    }
    for (bool first = true; at < pattern_.size(); first = false, ++at) {
      if (pattern_[at] == '\\') {
        ++at;
      } else if (pattern_.substr(at, 2) == "[:") {
        const std::size_t named = pattern_.find(":]", at + 2);
        at = named == std::string_view::npos ? at : named + 1;
      } else if (pattern_[at] == ']' && !first) {
        return at;
      }
    }
    return std::nullopt;
  }

  Result<void> parse_class(GlobSequence& out) {
    const std::optional<std::size_t> end = class_end(at_);
    if (!end) {
      return fail(Code::kInvalidArgument,
                  "the glob pattern '{}' has no ']' for the '[' at byte {}; write \\[ for the "
                  "character itself",
                  shown(), at_ + 1);
    }
    GlobNode item = node(GlobNode::Kind::kClass);
    ++at_;
    item.set.negated = pattern_[at_] == '!' || pattern_[at_] == '^';
    at_ += item.set.negated ? 1 : 0;
    while (at_ < *end) {
      if (pattern_.substr(at_, 2) == "[:") {
        OAP_CHECK_OK(parse_named_class(item.set));
        continue;
      }
      OAP_TRY(const char32_t first, class_char());
      char32_t last = first;
      if (at_ + 1 < *end && pattern_[at_] == '-') {
        ++at_;
        OAP_TRY(last, class_char());
      }
      if (last < first) {
        return fail(Code::kInvalidArgument, "the glob pattern '{}' has a reversed range in [...]",
                    shown());
      }
      item.set.ranges.push_back({first, last});
    }
    at_ = *end + 1;
    out.push_back(std::move(item));
    return {};
  }

  Result<void> parse_named_class(GlobClass& set) {
    const std::size_t close = pattern_.find(":]", at_ + 2);
    const std::string_view name =
        pattern_.substr(at_ + 2, close == std::string_view::npos ? close : close - at_ - 2);
    for (const NamedClass& known : named_classes()) {
      if (known.name == name && close != std::string_view::npos) {
        set.ranges.insert(set.ranges.end(), known.ranges.begin(), known.ranges.end());
        at_ = close + 2;
        return {};
      }
    }
    return fail(Code::kInvalidArgument,
                "the glob pattern '{}' has an unknown class after '[:'; known are alpha, digit, "
                "alnum, upper, lower, space, blank, punct, xdigit",
                shown());
  }

  Result<char32_t> class_char() {
    if (pattern_[at_] == '\\') {
      ++at_;
    }
    const GlobChar next = glob_char_at(pattern_, at_);
    at_ += next.length;
    return next.value;
  }

  std::string shown() const { return escape_visible(truncate_utf8(pattern_, 200)); }

  std::string_view pattern_;
  bool path_;
  std::size_t at_ = 0;
};

}  // namespace

GlobChar glob_char_at(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) {
    return {byte, 1};
  }
  const CodePoint c = decode_at(text, at);
  return c.valid ? GlobChar{c.value, c.length} : GlobChar{kInvalidByte + byte, 1};
}

Result<GlobSequence> parse_glob(std::string_view pattern, const GlobOptions& options) {
  if (pattern.empty()) {
    return fail(Code::kInvalidArgument, "the glob pattern is empty");
  }
  if (pattern.size() > kMaxPattern) {
    return fail(Code::kInvalidArgument, "the glob pattern of {} bytes is longer than {}",
                pattern.size(), kMaxPattern);
  }
  return Parser(pattern, options).parse(0, pattern.size(), {}, 0);
}

}  // namespace oap::text
