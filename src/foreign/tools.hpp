#pragma once

#include <array>
#include <span>
#include <string_view>

#include "foreign/host.hpp"

namespace oap::foreign {

/// One argument under the name that it has at ours.
struct Argument {
  std::string_view theirs;
  std::string_view ours;
  bool detail = false;  ///< how much or in which way: nothing that a guard looks at
};

/// A host's tool and the tool of ours that does its work. Data; views are of literals.
struct Tool {
  enum class Kind {
    kCall,      ///< its call is one of ours, with these arguments
    kEdits,     ///< one file, several edits in a list
    kInternal,  ///< touches nothing but the host's own state; `ours` is what rules about it mean
    kOther,     ///< no tool of ours: a call of the host's own
  };
  std::string_view theirs;
  std::string_view ours;  ///< "" where there is none
  std::array<Argument, 6> arguments;
  Kind kind = Kind::kCall;
  /// The argument that the host's own rules match, under the host's name; "" where there is none.
  std::string_view primary = {};
};

std::span<const Tool> tools_of(Host host);
/// Null where the host has no such tool. Names count letter by letter.
const Tool* find_tool(Host host, std::string_view theirs);
/// The host's tool for one of ours by its bare name; null where it has none.
const Tool* tool_for(Host host, std::string_view ours);

}  // namespace oap::foreign
