#pragma once

#include <exception>
#include <string_view>

namespace oap::async {

/// Writes an OAP_BUG line to the log: something that only a defect in this program can cause.
void report_bug(std::string_view what, const std::exception_ptr& error = nullptr);

}  // namespace oap::async
