#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace oap::orchestration {

/// One command between the operators of a shell list, and how it is joined to the one before it.
struct ListPart {
  enum class Join : std::uint8_t { kFirst, kAnd, kOr, kPipe, kThen };
  std::string_view text;
  Join join = Join::kFirst;
  bool background = false;
};

/// Cuts a command line at its `&&`, `||`, `|`, `;`, `&` and line ends, by bash's rules of quoting;
/// what lies in parentheses, substitutions and here-documents stays whole. Empty parts are left
/// out. Nothing where a quote or parenthesis has no end. Pure; views into `command`.
std::optional<std::vector<ListPart>> split_list(std::string_view command);

}  // namespace oap::orchestration
