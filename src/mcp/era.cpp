#include "mcp/era.hpp"

namespace oap::mcp {

std::string_view to_string(Era era) {
  switch (era) {
    case Era::kLegacy:
      return "legacy";
    case Era::kModern:
      return "modern";
  }
  return "legacy";
}

}  // namespace oap::mcp
