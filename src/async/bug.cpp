#include "async/bug.hpp"

#include <string>

#include "base/log.hpp"

namespace oap::async {

void report_bug(std::string_view what, const std::exception_ptr& error) {
  std::string text;
  try {
    if (error) {
      std::rethrow_exception(error);
    }
  } catch (const std::exception& thrown) {
    text = thrown.what();
  } catch (...) {
    text = "not a std::exception";
  }
  log::error("async", "OAP_BUG: " + std::string(what), {{"error", text}});
}

}  // namespace oap::async
