#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace oap::security {

/// What more must hold of a token than its pattern. Private to this folder, as all below.
enum class TokenCheck : std::uint8_t {
  kPlain,     ///< no sample, no placeholder, not all alike
  kMixed,     ///< besides, as mixed as a random token is: the pattern alone is too common
  kCrc32,     ///< besides, the last six are the base62 CRC-32 of what is between prefix and them
  kCrc32Any,  ///< the same where the length is the classic one, else as kMixed
  kWordLeft,  ///< kMixed; and what is before it may be letters and digits: it is no own word
  kJwt,       ///< a JWT: header and payload are JSON objects
  kTelegram,  ///< the digits of the bot's id stand before it
  kAwsPair,   ///< kPlain; a secret key that stands beside it is a finding too
  kZeros,     ///< kMixed; encoded zero bytes, a run of A, are part of it
  kGitlab,    ///< kPlain; where it has the routable form, its base36 CRC-32 is right
};

/// One row a type: the issuer's documented format. `pattern` is RE2's, case-sensitive, anchored at
/// the token's start; it begins with something fixed (literals, classes with a fixed count, groups
/// of alternatives of one length), because its beginning is what the text is searched for.
struct TokenType {
  std::string_view type;
  std::string_view pattern;
  TokenCheck check = TokenCheck::kPlain;
};

/// The table. Several rows may be of one type.
std::span<const TokenType> token_types();
/// Its second half.
std::span<const TokenType> more_token_types();

/// A type that has no form of its own, only a name beside it: `words` (one of them, separated by
/// "|", is part of the setting's name, lower case with _) and the whole value's pattern.
struct NamedType {
  std::string_view type;
  std::string_view words;
  std::string_view pattern;
};
std::span<const NamedType> named_types();

/// What a text is searched for: a pattern of one width.
struct Trigger {
  std::string expression;
  std::size_t width = 0;
  bool caseless = false;
};

/// The beginning of a token's pattern; width 0 where it begins with nothing fixed.
Trigger trigger_of(std::string_view pattern);

/// The other things a text is searched for, with no fixed width: what matters is where they end.
enum class Mark : std::uint8_t {
  kAssignment,
  kLooseKey,  ///< a name that ends in "key" and says no more
  kFlag,
  kScheme,
  kDsn,  ///< the address of Go's database drivers
  kBearer,
  kPem,
  kPutty,
  kPercent,
  kEscape,
  kJwkMember,
  kPhrase,  ///< a value whose place a command, a statement or a sentence tells
  kPiped,   ///< a command that takes a password from the echo before it
  kCookie,  ///< the first cookie of a header
  kTable,   ///< a column's name in the first line of a table
  kHidden   ///< characters nobody sees, within a word
};

/// What more must hold of a phrase's value.
enum class Demand : std::uint8_t {
  kPassword,  ///< what a password's setting may hold
  kSecret,    ///< what a secret's setting may hold
  kNamed,     ///< the same, by the name that stands before it
  kRandom,    ///< looks random: the phrase is prose
  kUuid,
  kHex,   ///< 32 hex digits or more
  kKey,   ///< 64 hex digits
  kWords  ///< 12 to 24 words
};
struct MarkPattern {
  Mark mark;
  std::string_view expression;
  bool caseless = false;
  Demand demand = Demand::kPassword;
  std::string_view type = {};  ///< where the phrase tells it
};
std::span<const MarkPattern> mark_patterns();

/// The marks of kind kPhrase: each ends at its value's first character.
std::span<const MarkPattern> phrases();

}  // namespace oap::security
