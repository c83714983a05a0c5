#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "permission/compiled_rule.hpp"
#include "permission/regions.hpp"

namespace oap::permission {

/// Rules that speak of the same kind of text, so that their languages can be compared: commands,
/// paths of one action, tools' names, servers' names, paths of one tool. Private to this folder.
struct Dimension {
  enum class Kind : std::uint8_t { kCommand, kPath, kTool, kServer, kToolPath };
  Kind kind = Kind::kCommand;
  Texts texts = Texts::kCommand;
  Action action = Action::kExecute;
  std::string tool;                  ///< kToolPath
  std::vector<std::uint32_t> rules;  ///< indices into the list that was given
  std::vector<text::GlobSequence> languages;

  /// A request, as `oap permission check --batch` reads it, that has the text in this dimension.
  json::Object request(std::string_view text) const;
};

/// All dimensions in which some rule speaks. `workspace` is canonical.
std::vector<Dimension> dimensions_of(const std::vector<const CompiledRule*>& rules,
                                     std::string_view workspace);

}  // namespace oap::permission
