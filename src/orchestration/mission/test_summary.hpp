#pragma once

#include <string_view>

namespace oap::orchestration {

/// A test runner's output says that no test ran, and nowhere that one did. Pure. Sources: the
/// summaries that pytest, unittest, cargo, go, jest, vitest, mocha, node, ctest, GoogleTest, TAP,
/// RSpec, PHPUnit, Maven, Swift and Meson print.
bool ran_no_test(std::string_view output);

}  // namespace oap::orchestration
