#include "os/testing/temp_dir.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "os/env.hpp"
#include "os/file.hpp"

namespace oap::os::testing {

TempDir::TempDir() {
  std::string pattern = env("TMPDIR").value_or("/tmp") + "/oap-test-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) {
    std::perror("no temporary directory for the test");
    std::abort();
  }
  path_ = canonical_path(pattern).value_or(pattern);
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::write(std::string_view name, std::string_view text) const {
  const std::string path = *this / name;
  const auto made = make_dirs(path.substr(0, path.rfind('/')));
  const auto written = made ? write_file_atomic(path, text) : made;
  if (!written) {
    std::fprintf(stderr, "%s\n", written.error().to_string().c_str());
    std::abort();
  }
  return path;
}

}  // namespace oap::os::testing
