#pragma once

#include <array>
#include <string_view>

#include "hosts/event.hpp"

namespace oap::hosts {

/// One argument under the name that it has at ours. Empty: none.
struct Argument {
  std::string_view theirs;
  std::string_view ours;
};
/// A host's tool that is one of ours.
struct Tool {
  std::string_view theirs;
  std::string_view ours;
  std::array<Argument, 5> arguments;
};

/// Null where the host's tool is none of ours. Pure.
const Tool* find_tool(Host host, std::string_view name);
/// Tools that touch nothing but the host's own state; a child agent's calls come by themselves.
bool is_internal(Host host, std::string_view tool);

}  // namespace oap::hosts
