#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/trust/inspect.hpp"
#include "model/tool.hpp"

namespace oap::gateway {

enum class ShadowKind : std::uint8_t {
  kSameName,         ///< equal but for letter case and separators
  kLookAlike,        ///< cannot be told apart by eye
  kNearName,         ///< one edit apart, for names of eight characters or more
  kSameDescription,  ///< one description under different names
};
/// "same_name", "look_alike", "near_name", "same_description".
std::string_view to_string(ShadowKind kind);

struct ToolRef {
  std::string server;
  std::string tool;
  bool operator==(const ToolRef&) const = default;
};

/// Tools of two or more servers that could be taken for each other.
struct Shadow {
  ShadowKind kind = ShadowKind::kSameName;
  Severity severity = Severity::kNote;  ///< look-alikes are warnings
  std::vector<ToolRef> tools;           ///< by server and name
};

struct Shadows {
  std::vector<Shadow> found;  ///< by kind, then by tools
  bool complete = true;       ///< false where there was too much to compare or to report
};

/// Name squatting and shadowing across servers, built-in tools among them. Tools of one server are
/// not held against each other. The order of `tools` does not matter. Time is about linear in their
/// number, whatever their names. Pure.
Shadows near_duplicates(std::span<const ToolSpec> tools, std::size_t max_found = 500);

json::Object to_json(const Shadow& shadow);

}  // namespace oap::gateway
