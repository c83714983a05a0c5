#include "text/glob.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "text/glob_parser.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::text {
namespace {

using Kind = GlobNode::Kind;
using Word = std::uint64_t;
constexpr std::size_t kWordBits = 64;
/// A pattern byte makes at most one position.
constexpr std::size_t kMaxWords = 2048 / kWordBits + 1;

/// A place in the pattern that takes one character.
struct Position {
  Kind kind = Kind::kChar;
  char32_t value = 0;
  GlobClass set;
};

/// What is left of a pattern behind its literal prefix.
enum class Shape : std::uint8_t {
  kNothing,    ///< the pattern is its prefix
  kAnything,   ///< any characters
  kComponent,  ///< any characters but `/`
  kBelow,      ///< nothing, or `/` and any characters (in commands a space)
  kTail,       ///< a Tail
  kGeneral,
};

/// `**/*.cpp`, `*.cpp`, `**/name` and the like: something, then a literal end.
struct Tail {
  bool any_folders = false;  ///< `**/`
  bool any_name = false;     ///< `*` in a path
  bool anything = false;     ///< `**`, or `*` elsewhere
  std::string literal;
};

char32_t lower(char32_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }
char32_t upper(char32_t c) { return c >= 'a' && c <= 'z' ? c - 32 : c; }

bool in_ranges(const GlobClass& set, char32_t c) {
  return std::any_of(set.ranges.begin(), set.ranges.end(), [c](const GlobClass::Range& range) {
    return c >= range.first && c <= range.last;
  });
}

std::size_t count_positions(const GlobSequence& sequence) {
  std::size_t count = 0;
  for (const GlobNode& node : sequence) {
    if (node.branches.empty()) {
      ++count;
    }
    for (const GlobSequence& branch : node.branches) {
      count += count_positions(branch);
    }
  }
  return count;
}

}  // namespace

/// Glushkov's automaton: one bit for each position, and for each position the set of those that may
/// come next. The bit behind the last position means "matched".
struct Glob::Body {
  std::string pattern;
  GlobOptions options;
  std::string prefix;  ///< each matching text begins so (letter case apart)
  std::string
      shown_prefix;  ///< the same for callers: ends before the first letter if case is ignored
  bool wildcards = false;
  Shape shape = Shape::kNothing;
  char below = '/';
  Tail tail;
  std::size_t words = 1;
  std::vector<Position> positions;
  std::string needle;  ///< each matching text holds it behind the prefix; "" where none is known
  std::vector<Word> follow;  ///< positions × words
  std::vector<Word> start;

  void build(std::span<const GlobNode> rest);
  std::vector<Word> enter(std::span<const GlobNode> nodes, std::vector<Word> after);
  std::vector<Word> enter_one(const GlobNode& node, const std::vector<Word>& after);
  bool takes(const Position& position, char32_t c) const;
  bool run(std::string_view text) const;
  bool run_one_word(std::string_view text) const;
  bool matches(std::string_view text) const;
};

void Glob::Body::build(std::span<const GlobNode> rest) {
  const std::size_t count = count_positions({rest.begin(), rest.end()});
  words = count / kWordBits + 1;
  follow.resize(count * words);
  std::vector<Word> accept(words);
  accept[count / kWordBits] |= Word{1} << (count % kWordBits);
  start = enter(rest, std::move(accept));
}

/// The positions at which a match of `nodes` can begin when `after` holds those behind them.
std::vector<Word> Glob::Body::enter(std::span<const GlobNode> nodes, std::vector<Word> after) {
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    after = enter_one(*node, after);
  }
  return after;
}

std::vector<Word> Glob::Body::enter_one(const GlobNode& node, const std::vector<Word>& after) {
  std::vector<Word> entry(words);
  const auto add = [&entry](const std::vector<Word>& more) {
    for (std::size_t i = 0; i < entry.size(); ++i) {
      entry[i] |= more[i];
    }
  };
  if (node.kind == Kind::kEither || node.kind == Kind::kOptional) {
    for (const GlobSequence& branch : node.branches) {
      add(enter(branch, after));
    }
    if (node.kind == Kind::kOptional) {
      add(after);
    }
    return entry;
  }
  const std::size_t index = positions.size();
  positions.push_back(
      {node.kind, options.case_insensitive ? lower(node.value) : node.value, node.set});
  entry[index / kWordBits] |= Word{1} << (index % kWordBits);
  std::vector<Word> next = after;
  if (node.kind == Kind::kRun || node.kind == Kind::kCrossRun) {
    next[index / kWordBits] |= Word{1} << (index % kWordBits);
    add(after);
  }
  std::copy(next.begin(), next.end(), follow.begin() + static_cast<std::ptrdiff_t>(index * words));
  return entry;
}

bool Glob::Body::takes(const Position& position, char32_t c) const {
  const bool separator = c == '/' && options.mode == GlobMode::kPath;
  switch (position.kind) {
    case Kind::kChar:
      return position.value == (options.case_insensitive ? lower(c) : c);
    case Kind::kOne:
    case Kind::kRun:
      return !separator;
    case Kind::kCrossRun:
      return true;
    case Kind::kClass: {
      const bool in = in_ranges(position.set, c) ||
                      (options.case_insensitive &&
                       (in_ranges(position.set, lower(c)) || in_ranges(position.set, upper(c))));
      return !separator && in != position.set.negated;
    }
    case Kind::kEither:
    case Kind::kOptional:
      break;
  }
  return false;
}

bool Glob::Body::run(std::string_view text) const {
  std::array<Word, kMaxWords> now{};
  std::array<Word, kMaxWords> next{};
  std::copy(start.begin(), start.end(), now.begin());
  for (std::size_t at = 0; at < text.size();) {
    const GlobChar c = glob_char_at(text, at);
    at += c.length;
    std::fill_n(next.begin(), words, 0);
    Word any = 0;
    for (std::size_t word = 0; word < words; ++word) {
      for (Word bits = now[word]; bits != 0; bits &= bits - 1) {
        const std::size_t index =
            word * kWordBits + static_cast<std::size_t>(std::countr_zero(bits));
        if (index >= positions.size() || !takes(positions[index], c.value)) {
          continue;
        }
        for (std::size_t i = 0; i < words; ++i) {
          next[i] |= follow[index * words + i];
          any |= next[i];
        }
      }
    }
    if (any == 0) {
      return false;
    }
    std::swap(now, next);
  }
  return ((now[positions.size() / kWordBits] >> (positions.size() % kWordBits)) & 1U) != 0;
}

/// The same for the usual short pattern, whose sets are one word.
bool Glob::Body::run_one_word(std::string_view text) const {
  const Word accept = Word{1} << positions.size();
  Word now = start[0];
  for (std::size_t at = 0; at < text.size() && now != 0;) {
    const GlobChar c = glob_char_at(text, at);
    at += c.length;
    Word next = 0;
    for (Word bits = now & ~accept; bits != 0; bits &= bits - 1) {
      const auto index = static_cast<std::size_t>(std::countr_zero(bits));
      if (takes(positions[index], c.value)) {
        next |= follow[index];
      }
    }
    now = next;
  }
  return (now & accept) != 0;
}

bool matches_tail(const Tail& tail, std::string_view text) {
  if (!text.ends_with(tail.literal)) {
    return false;
  }
  text.remove_suffix(tail.literal.size());
  if (tail.anything || (tail.any_folders && tail.any_name)) {
    return true;
  }
  return tail.any_name ? text.find('/') == std::string_view::npos
                       : text.empty() || text.back() == '/';
}

bool Glob::Body::matches(std::string_view text) const {
  const bool begins = options.case_insensitive ? starts_with_ci(text, prefix)
                                               : text.substr(0, prefix.size()) == prefix;
  if (!begins) {
    return false;
  }
  text.remove_prefix(prefix.size());
  switch (shape) {
    case Shape::kNothing:
      return text.empty();
    case Shape::kAnything:
      return true;
    case Shape::kComponent:
      return text.find('/') == std::string_view::npos;
    case Shape::kBelow:
      return text.empty() || text.front() == below;
    case Shape::kTail:
      return matches_tail(tail, text);
    case Shape::kGeneral:
      break;
  }
  if (!needle.empty() && text.find(needle) == std::string_view::npos) {
    return false;
  }
  return words == 1 ? run_one_word(text) : run(text);
}

namespace {

/// The shape of the nodes behind the literal prefix.
Shape shape_of(std::span<const GlobNode> rest) {
  if (rest.empty()) {
    return Shape::kNothing;
  }
  if (rest.size() > 1) {
    return Shape::kGeneral;
  }
  const GlobNode& node = rest.front();
  if (node.kind == Kind::kCrossRun) {
    return Shape::kAnything;
  }
  if (node.kind == Kind::kRun) {
    return Shape::kComponent;
  }
  const bool below = node.kind == Kind::kOptional && node.branches[0].size() == 2 &&
                     node.branches[0][0].kind == Kind::kChar;
  return below ? Shape::kBelow : Shape::kGeneral;
}

void append_char(std::string& out, char32_t c) {
  if (c >= kInvalidByte) {
    out.push_back(static_cast<char>(c - kInvalidByte));
  } else {
    append_utf8(out, c);
  }
}

bool is_any_folders(const GlobNode& node) {
  return node.kind == Kind::kOptional && node.branches[0].size() == 2 &&
         node.branches[0][0].kind == Kind::kCrossRun && node.branches[0][1].value == '/';
}

/// The nodes as a Tail, where they are one.
std::optional<Tail> tail_of(std::span<const GlobNode> rest) {
  Tail tail;
  std::size_t at = 0;
  if (at < rest.size() && is_any_folders(rest[at])) {
    tail.any_folders = true;
    ++at;
  }
  if (at < rest.size() && rest[at].kind == Kind::kRun) {
    tail.any_name = true;
    ++at;
  } else if (at < rest.size() && rest[at].kind == Kind::kCrossRun && !tail.any_folders) {
    tail.anything = true;
    ++at;
  }
  // A half character at the front would be found within a whole one.
  if (at == 0 || at == rest.size() || rest[at].value >= kInvalidByte) {
    return std::nullopt;
  }
  for (; at < rest.size(); ++at) {
    if (rest[at].kind != Kind::kChar || (tail.any_name && rest[at].value == '/')) {
      return std::nullopt;
    }
    append_char(tail.literal, rest[at].value);
  }
  return tail;
}

/// The longest run of characters that stand in the sequence itself.
std::string longest_literal(std::span<const GlobNode> nodes) {
  std::string longest;
  std::string run;
  for (const GlobNode& node : nodes) {
    if (node.kind != Kind::kChar) {
      run.clear();
      continue;
    }
    append_char(run, node.value);
    if (run.size() > longest.size()) {
      longest = run;
    }
  }
  return longest;
}

}  // namespace

Result<Glob> Glob::compile(std::string_view pattern, GlobOptions options) {
  OAP_TRY(const GlobSequence nodes, parse_glob(pattern, options));
  auto body = std::make_shared<Body>();
  body->pattern = pattern;
  body->options = options;
  std::size_t literal = 0;
  while (literal < nodes.size() && nodes[literal].kind == Kind::kChar) {
    append_char(body->prefix, nodes[literal].value);
    ++literal;
  }
  const std::span<const GlobNode> rest = std::span(nodes).subspan(literal);
  body->shape = shape_of(rest);
  body->wildcards = body->shape != Shape::kNothing;
  if (body->shape == Shape::kBelow) {
    body->below = static_cast<char>(rest.front().branches[0][0].value);
  }
  const std::optional<Tail> tail = options.case_insensitive ? std::nullopt : tail_of(rest);
  if (body->shape == Shape::kGeneral && tail) {
    body->shape = Shape::kTail;
    body->tail = *tail;
  }
  if (body->shape == Shape::kGeneral) {
    body->build(rest);
    body->needle = options.case_insensitive ? "" : longest_literal(rest);
  }
  body->shown_prefix = body->prefix;
  if (options.case_insensitive) {
    const auto letter = std::find_if(body->prefix.begin(), body->prefix.end(), is_alpha);
    body->wildcards = body->wildcards || letter != body->prefix.end();
    body->shown_prefix.assign(body->prefix.begin(), letter);
  }
  return Glob(std::move(body));
}

bool Glob::matches(std::string_view text) const { return body_->matches(text); }

bool Glob::has_wildcards() const { return body_->wildcards; }

const std::string& Glob::literal_prefix() const { return body_->shown_prefix; }

const std::string& Glob::pattern() const { return body_->pattern; }

std::string glob_quote(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("*?[]{}\\").find(c) != std::string_view::npos) {
      out.push_back('\\');
    }
    out.push_back(c);
  }
  return out;
}

}  // namespace oap::text
