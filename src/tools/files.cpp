#include "tools/files.hpp"

#include <sys/stat.h>

namespace oap::tools {

bool is_binary(std::string_view start) {
  return start.substr(0, 8192).find('\0') != std::string_view::npos;
}

std::int64_t size_of(const OpenFile& file) {
  struct stat status = {};
  return ::fstat(file.get(), &status) == 0 ? status.st_size : 0;
}

}  // namespace oap::tools
