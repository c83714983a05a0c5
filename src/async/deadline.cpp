#include "async/deadline.hpp"

namespace oap::async::detail {

std::string seconds_text(Millis time) {
  return fmt::format("{:g} s", static_cast<double>(time.count()) / 1000.0);
}

Error late_error(const std::string& what, Millis allowed) {
  return Error(Code::kDeadlineExceeded,
               fmt::format("{} did not finish within {}", what, seconds_text(allowed)));
}

Error not_started_error(const std::string& what) {
  return Error(Code::kDeadlineExceeded, what + " was not started: its time was already up");
}

Error cancelled_error(const std::string& what) {
  return Error(Code::kCancelled, what + " was cancelled");
}

}  // namespace oap::async::detail
