#include "model/permission.hpp"

namespace oap {

std::string_view to_string(Level level) {
  switch (level) {
    case Level::kAllow:
      return "allow";
    case Level::kAsk:
      return "ask";
    case Level::kDeny:
      return "deny";
  }
  return "deny";
}

}  // namespace oap
