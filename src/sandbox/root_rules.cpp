#include <algorithm>

#include "os/file.hpp"
#include "sandbox/host_paths.hpp"
#include "sandbox/kernel.hpp"
#include "sandbox/places.hpp"
#include "sandbox/root_plan.hpp"

namespace oap::sandbox {
namespace {

using kernel::LandlockFile;

constexpr std::uint64_t kReading =
    LandlockFile::kReadFile | LandlockFile::kReadDir | LandlockFile::kExecute;
constexpr std::uint64_t kAll = (LandlockFile::kIoctlDev << 1U) - 1;
constexpr std::uint64_t kNodes = LandlockFile::kMakeChar | LandlockFile::kMakeBlock;
constexpr std::uint64_t kWriting = kAll & ~kNodes & ~std::uint64_t{LandlockFile::kIoctlDev};
constexpr std::uint64_t kDevice = LandlockFile::kReadFile | LandlockFile::kReadDir |
                                  LandlockFile::kWriteFile | LandlockFile::kIoctlDev;
constexpr int kDeepest = 8;

}  // namespace

void RootPlan::add_rule(std::vector<PathRule>& to, const std::string& path, std::uint64_t access) {
  to.push_back({keep(path), access});
}

void RootPlan::plan_rules() {
  add_rule(rules, "/", kReading);
  add_rule(rules, "/dev", kDevice);
  for (const std::string& path : writables()) {
    add_rule(rules, path, kWriting);
  }
  for (const std::string& path : scratches_) {
    add_rule(rules, path, kWriting);
  }
}

/// Without a private root Landlock alone says what may be seen; it cannot take a part out of a
/// tree, so trees with something hidden in them are named piece by piece.
void RootPlan::plan_bare_rules() {
  if (input_.profile == Profile::kService) {
    allow_around("/", kReading, 0);
  } else {
    for (const std::string& directory : system_directories()) {
      allow_around(directory, kReading, 0);
    }
    for (const char* directory : {"/proc", "/sys/devices/system", "/var/lib/dpkg"}) {
      add_rule(bare_rules, directory, kReading);
    }
    for (const std::string& tree : bound_) {
      allow_around(tree, kReading, 0);
    }
  }
  for (const char* device : {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
                             "/dev/tty", "/dev/pts", "/dev/ptmx"}) {
    add_rule(bare_rules, device, kDevice);
  }
  for (const std::string& path : writables()) {
    allow_around(path, input_.discard ? kReading : kWriting, 0);
  }
  add_rule(bare_rules, input_.bare_tmp, kWriting);
  for (const std::string& cache : home_caches()) {
    add_rule(bare_rules, input_.home + "/" + cache, kWriting);
  }
  for (const std::string& cache : service_caches()) {
    if (input_.profile == Profile::kService) {
      add_rule(bare_rules, input_.home + "/" + cache, kWriting);
    }
  }
}

void RootPlan::allow_around(const std::string& directory, std::uint64_t access, int depth) {
  bool clean = true;
  for (const std::string& secret : input_.hidden) {
    if (is_within(directory, secret)) {
      return;
    }
    clean = clean && !(is_within(secret, directory) && os::exists(secret));
  }
  if (clean) {
    add_rule(bare_rules, directory, access);
    return;
  }
  const auto names =
      depth < kDeepest ? os::list_dir(directory) : Result<std::vector<std::string>>();
  if (!names) {
    return;
  }
  for (const std::string& name : *names) {
    allow_around(directory == "/" ? "/" + name : directory + "/" + name, access, depth + 1);
  }
}

}  // namespace oap::sandbox
