#include "workflow/engine/owner.hpp"

#include <atomic>
#include <charconv>
#include <set>

#include <fmt/format.h>
#include <unistd.h>

#include "base/mutex.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"
#include "workflow/engine.hpp"

namespace oap::workflow {
namespace {

struct Living {
  Mutex mutex;
  std::set<std::string, std::less<>> names OAP_GUARDED_BY(mutex);
};

/// The engines of this process: what /proc cannot say.
Living& living() {
  static Living all;
  return all;
}

/// The process's start time, so that its number, used again by another, is not taken for it.
std::string start_of(std::string_view pid) {
  constexpr std::size_t kStartField = 19;  // proc(5): field 22, counted after "pid (name) "
  constexpr std::size_t kStateField = 0;
  const auto stat = os::read_file(fmt::format("/proc/{}/stat", pid), 4'096);
  if (!stat) {
    return {};
  }
  const auto fields = text::split_words(std::string_view(*stat).substr(stat->rfind(')') + 1));
  const bool gone =
      fields.size() <= kStartField || fields[kStateField] == "Z" || fields[kStateField] == "X";
  return gone ? std::string() : std::string(fields[kStartField]);
}

std::string fresh_name() {
  static std::atomic<int> count{0};
  const std::string pid = std::to_string(getpid());
  return fmt::format("pid {} start {} #{}", pid, start_of(pid), ++count);
}

}  // namespace

OwnerName::OwnerName(std::string given) : name_(given.empty() ? fresh_name() : std::move(given)) {
  const MutexLock lock(living().mutex);
  living().names.insert(name_);
}

OwnerName::~OwnerName() { retire(); }

void OwnerName::retire() {
  const MutexLock lock(living().mutex);
  living().names.erase(name_);
}

bool is_alive(std::string_view owner) {
  const auto words = text::split_words(owner);
  if (words.size() != 5 || words[0] != "pid" || words[2] != "start") {
    return true;
  }
  if (words[1] == std::to_string(getpid()) && words[3] == start_of(words[1])) {
    const MutexLock lock(living().mutex);
    return living().names.contains(owner);
  }
  return start_of(words[1]) == words[3];
}

}  // namespace oap::workflow
