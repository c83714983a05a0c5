#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "security/secret_context.hpp"

namespace oap::security {

// One candidate held against its row of token_types(). Pure; private to this folder.

/// The width of the trigger of a hit's id; 0 of a mark.
std::size_t token_width(std::uint32_t id);

struct TokenMatch {
  bool needs_more = false;
  std::size_t length = 0;          ///< 0: no token
  std::vector<FoundSecret> found;  ///< what stands beside it; places relative to the token
};

/// Whether `view`, which begins with the trigger, begins with a whole token of this row.
TokenMatch match_token(std::uint32_t id, const TextView& view);

/// The same for a token in pieces: one line's end and the next one's beginning, or literals that
/// are put together (`"a" + "b"`). `length` counts what joins them.
TokenMatch match_broken_token(std::uint32_t id, const TextView& view);

/// Where the finding begins whose pattern matched at `start`: the host of a webhook has its scheme
/// before it, a bot's token its number. npos where what must stand there does not.
std::size_t token_front(std::uint32_t id, std::string_view text, std::size_t start);

/// Whether a token may begin at `start`: no letter, digit or "_" before it but an escape's, and not
/// in the middle of encoded bytes.
bool is_token_start(std::string_view text, std::size_t start);

/// Whether [start, end) lies in a replacement of an earlier run.
bool is_replaced(std::string_view text, std::size_t start, std::size_t end);

}  // namespace oap::security
