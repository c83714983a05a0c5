#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace re2 {
class RE2;
}

namespace oap::text {

struct RegexOptions {
  bool case_insensitive = false;
  bool bytes = false;  ///< texts are bytes, not UTF-8
  bool dot_matches_newline = false;
  std::size_t max_memory = 8U << 20U;  ///< of the compiled automaton, bytes
};

/// A half-open range of bytes in a text.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const Span&) const = default;
};

/// A compiled RE2 pattern: matching takes time linear in the text whatever the pattern. Immutable,
/// thread-safe, a cheap value that shares its body. A pattern that does not compile is
/// kInvalidArgument and names the offending part.
class Regex {
 public:
  static Result<Regex> compile(std::string_view pattern, RegexOptions options = {});

  /// True where the pattern matches anywhere in the text.
  bool search(std::string_view text) const;
  /// True where the pattern matches the whole text.
  bool matches(std::string_view text) const;
  /// All matches, left to right, not overlapping; empty matches are left out. At most `limit`.
  std::vector<Span> find_all(std::string_view text, std::size_t limit = SIZE_MAX) const;
  /// The first match and its groups (index 0 is the whole); empty where there is none. A group that
  /// took no part is an empty view with a null pointer. Views borrow the text.
  std::vector<std::string_view> groups(std::string_view text) const;
  const std::string& pattern() const;

 private:
  explicit Regex(std::shared_ptr<const re2::RE2> re) : re_(std::move(re)) {}
  std::shared_ptr<const re2::RE2> re_;
};

/// Many patterns matched in one pass. Immutable, thread-safe, shares its body.
class RegexSet {
 public:
  static Result<RegexSet> compile(const std::vector<std::string>& patterns,
                                  RegexOptions options = {});

  /// Indexes of all patterns that match anywhere in the text, ascending. kResourceExhausted where
  /// the automaton outgrew `max_memory`: the caller cannot know then, and must fail closed.
  Result<std::vector<std::size_t>> search(std::string_view text) const;
  std::size_t size() const;

 private:
  struct Body;
  explicit RegexSet(std::shared_ptr<const Body> body) : body_(std::move(body)) {}
  std::shared_ptr<const Body> body_;
};

/// The text as a pattern that matches exactly it.
std::string regex_quote(std::string_view text);

}  // namespace oap::text
