#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "security/secret_effort.hpp"
#include "security/token_types.hpp"

namespace oap::security {

/// A secret in the text that was looked at.
struct FoundSecret {
  std::string_view type;
  std::size_t start = 0;
  std::size_t end = 0;
  std::uint32_t rank = kNamedRank;  ///< of two that overlap the lower names them

  static constexpr std::uint32_t kNamedRank = 10'000;
  static constexpr std::uint32_t kGenericRank = 20'000;
};

/// Part of a text: what has come so far, or all of it. Looks tell `effort` what they cost.
struct TextView {
  std::string_view text;
  bool last = true;
  Effort* effort = nullptr;  ///< outlives the view; null: nobody counts
  std::size_t base = 0;      ///< the place of the first byte in the whole text

  void spend(std::uint64_t bytes) const {
    if (effort != nullptr) {
      effort->spend(bytes);
    }
  }
};

/// How many passes over a value the checks make, about: what a value's look costs a byte.
inline constexpr std::uint64_t kPassesOverValue = 16;

/// What is said of a place: `hold` is where a secret would begin that cannot be told yet.
struct ContextAnswer {
  bool needs_more = false;
  std::size_t hold = 0;
  std::vector<FoundSecret> found;
};

// What the surroundings tell: a name and its value, a URL, a header, a key in PEM form. `end` is
// where the mark's hit ends. No look goes back further than 1,024 bytes or on without bound, and
// none costs more than in proportion to what it tells. Pure; private to this folder.
ContextAnswer look_at_mark(const MarkPattern& mark, const TextView& view, std::size_t end);

/// The type of a named value, where an issuer documents one: ("datadog_api_key", 32 hex digits).
std::string_view named_type(std::string_view snake_name, std::string_view value);

/// What a value is by the name it is given: a row of named_types(), or a UUID that a credential's
/// name makes one. Empty where the name alone says nothing, and for samples and references.
std::string_view type_by_name(std::string_view name, std::string_view value);

/// A value behind a phrase: a command's, a statement's, a sentence's.
ContextAnswer look_at_phrase(const MarkPattern& mark, const TextView& view, std::size_t end);

/// What a piped echo says, the cookies of a header, the columns of a table.
ContextAnswer look_at_piped(const TextView& view, std::size_t end);
ContextAnswer look_at_cookies(const TextView& view, std::size_t end);
ContextAnswer look_at_table(const TextView& view, std::size_t end);

/// Parts of the folder's own: keys in PEM and PuTTY form; name and value.
ContextAnswer look_at_pem(const TextView& view, std::size_t end);
ContextAnswer look_at_putty(const TextView& view, std::size_t end);
ContextAnswer look_at_assignment(const MarkPattern& mark, const TextView& view, std::size_t end);

}  // namespace oap::security
