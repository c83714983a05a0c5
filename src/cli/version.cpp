#include "cli/version.hpp"

namespace oap::cli {

std::string_view version() { return "oap " OAP_VERSION; }

}  // namespace oap::cli
