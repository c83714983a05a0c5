#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace oap::text {

enum class GlobMode : std::uint8_t {
  kPath,   ///< `/` separates components, which `*` and `?` do not cross
  kPlain,  ///< tool names and commands: `*` matches anything, and a final ` *` may be missing
};

struct GlobOptions {
  GlobMode mode = GlobMode::kPath;
  bool case_insensitive = false;  ///< ASCII letters only
};

/// A compiled glob pattern that a text must match from end to end.
///
///   `*`      any run of characters, in paths not `/`; leading dots are nothing special
///   `?`      one code point, in paths not `/`
///   `**`     in paths any run with `/`; as a whole component also none: `**/x` matches `x`,
///            `a/**` matches `a` and everything below, `a/**/b` matches `a/b`
///   `[a-z]`  one of a class; `[!a]`, `[^a]` none of it; `[[:digit:]]` and the like (ASCII)
///   `{a,b}`  either; may nest; braces without a comma mean themselves
///   `\*`     the character itself
///
/// In kPlain `rm *` matches `rm` too. Bytes that are not UTF-8 are characters of their own, so that
/// no text can slip past a pattern by being malformed. Matching takes time proportional to text
/// times pattern at worst, whatever the pattern, and does not allocate. Immutable, thread-safe, a
/// cheap value that shares its body. An unclosed `[` or `{`, a backslash at the end, a reversed
/// range, an empty pattern and one longer than 2048 bytes are kInvalidArgument.
class Glob {
 public:
  static Result<Glob> compile(std::string_view pattern, GlobOptions options = {});

  bool matches(std::string_view text) const;
  /// False where the pattern matches exactly one text, its literal_prefix().
  bool has_wildcards() const;
  /// What each matching text begins with; "" where letter case is ignored and letters occur.
  const std::string& literal_prefix() const;
  const std::string& pattern() const;

 private:
  struct Body;
  explicit Glob(std::shared_ptr<const Body> body) : body_(std::move(body)) {}
  std::shared_ptr<const Body> body_;
};

/// The text as a pattern that matches exactly it.
std::string glob_quote(std::string_view text);

}  // namespace oap::text
