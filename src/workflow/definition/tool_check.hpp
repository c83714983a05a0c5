#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expr/type.hpp"
#include "json/schema.hpp"
#include "workflow/definition/blueprint.hpp"

namespace oap::workflow {

/// The argument of a tool that a shell or an interpreter will read as code; none for other tools.
/// Pure.
std::optional<std::string_view> code_argument(std::string_view tool);

/// Holds the literal arguments of tool steps, and the types of the others, against the tools'
/// schemas. Borrows the schemas. Not thread-safe.
class ToolCheck {
 public:
  explicit ToolCheck(const ToolSchemas* tools) : tools_(tools) {}

  /// False where nothing is known of any tool.
  bool active() const { return tools_ != nullptr; }

  /// What is wrong with the step, a sentence each. `types` has the static types of the members that
  /// are templates.
  std::vector<std::string> check(const ToolStep& tool,
                                 const std::map<std::string, expr::Type>& types);

 private:
  struct Known {
    std::string problem;
    const json::Value* source = nullptr;
    std::optional<json::Schema> schema;
  };
  const Known& known(const ToolStep& tool);

  const ToolSchemas* tools_;
  std::map<std::pair<std::string, std::string>, Known> known_;
};

}  // namespace oap::workflow
