#include "cli/output_file.hpp"

#include <filesystem>
#include <fstream>

#include "os/file.hpp"

namespace oap::cli {

Result<void> write_output_file(const std::string& path, std::string_view text, int mode) {
  namespace fs = std::filesystem;
  std::error_code none;
  const fs::file_status status = fs::status(path, none);
  const bool is_file = !fs::exists(status) || fs::is_regular_file(status);
  const bool is_descriptor = path.starts_with("/dev/") || path.starts_with("/proc/");
  if (is_file && !is_descriptor) {
    const fs::path real = fs::weakly_canonical(path, none);
    return os::write_file_atomic(none ? path : real.string(), text, mode);
  }
  if (fs::is_directory(status)) {
    return fail(Code::kInvalidArgument, "writing {}: it is a directory, not a file", path);
  }
  std::ofstream out(path, std::ios::binary);
  out << text << std::flush;
  if (!out) {
    return fail(Code::kUnavailable, "writing {} failed", path);
  }
  return {};
}

}  // namespace oap::cli
