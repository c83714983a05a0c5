#include "session/system_messages.hpp"

#include <fmt/format.h>

namespace oap::session {

std::string SystemMessages::anomaly(int count, std::string_view reason) {
  return fmt::format("ANOMALY #{}: {}\n{}", count, reason, count >= 2 ? kEscalation : kRecovery);
}

}  // namespace oap::session
