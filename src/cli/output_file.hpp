#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace oap::cli {

/// Writes the file that `-o` names. A regular file, or a new one (with `mode`), is replaced in one
/// move, where a symbolic link leads as well; what is no file (a device, a FIFO) is written into
/// and stays what it is. Blocking.
Result<void> write_output_file(const std::string& path, std::string_view text, int mode);

}  // namespace oap::cli
