#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace oap::security {

// What tells a secret from what only looks like one. Pure; private to this folder.

/// Shannon entropy of the bytes, in bits each.
double entropy(std::string_view text);

/// How often neighbours are of different kinds (lower, upper, digit), 0 to 1; a capital followed by
/// its word is none. Words and identifiers stay below 0.2, random tokens are above 0.3.
double restlessness(std::string_view text);

/// How its neighbouring letters go together in words, 0 to 9; random letters are below 4, words and
/// identifiers above 5. 9 where no two letters are neighbours.
double wordlikeness(std::string_view text);

/// Ten letters or more that nobody would write as a word or name.
bool is_no_word(std::string_view text);

/// A vendor's documentation sample, a placeholder ("xxxxxxxx", "your-token-here"), or a replacement
/// of an earlier run. `fixed` bytes at the front belong to the format and say nothing.
bool is_sample(std::string_view secret, std::size_t fixed = 0);

/// Random enough for a token: entropy, digits or capitals.
bool is_mixed(std::string_view token);

bool is_uuid(std::string_view text);

/// How many of its words only sentences hold: "Password123 is too weak" has two.
std::size_t sentence_words(std::string_view value);
/// "correct horse battery staple 42": words, and a number.
bool is_passphrase(std::string_view value);
/// Words alone, and what ends a sentence: "Passwort vergessen?"
bool is_plain_sentence(std::string_view value);
/// "#add-password", "cms/sites/passwords#update": a place in a page, a route's action.
bool is_selector(std::string_view value);
/// A word of letters and digits.
bool has_mixed_word(std::string_view value);

/// What the name of a setting says of its value.
enum class NameKind : std::uint8_t { kNone, kPassword, kSecret };

/// "db_password" is a password, "apiKey" a secret; "token_count", "passwordFile" are none.
NameKind name_kind(std::string_view name);

/// "dbPassword-1" as "db_password_1".
std::string snake_case(std::string_view name);

/// How a value stands beside its name.
enum class ValueForm : std::uint8_t {
  kQuoted,  ///< between quotes
  kLine,    ///< the rest of a line of an environment file or YAML
  kBare,    ///< a word of something else, possibly of code
};

/// Whether the value given to such a name is a secret itself rather than a reference, a type, a
/// word, a digest or a placeholder.
bool is_secret_value(NameKind kind, std::string_view value, ValueForm form);

/// A word that nobody would write as one: letters and digits that change often. For values whose
/// surroundings are prose.
bool looks_random(std::string_view value);

/// Refers to a secret kept elsewhere, or to a variable: "${TOKEN}", "process.env.X", "vault:…".
bool is_reference(std::string_view value);

/// Whether a password in a URL is one, rather than a variable or a placeholder.
bool is_url_password(std::string_view password);

/// Whether the last six characters behind the prefix are the base62 CRC-32 of the others.
bool has_crc32(std::string_view token, std::size_t prefix);

/// A token of a kind that has a checksum, whose checksum is wrong: made up, so none.
bool fails_crc32(std::string_view token);

/// A routable token of GitLab ("glpat-….01.…") stands here whose base36 CRC-32 is wrong.
bool is_false_gitlab(std::string_view text);

/// Whether the dotted text is a JWT (or JWE), and not one that documentation shows.
bool is_jwt(std::string_view token);

}  // namespace oap::security
