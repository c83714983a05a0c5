#include "sandbox/testing/process.hpp"

#include <charconv>
#include <thread>

#include "os/file.hpp"

namespace oap::sandbox::testing {
namespace {

constexpr Millis kPoll{2};

}  // namespace

bool runs(pid_t pid) {
  const auto stat = os::read_file("/proc/" + std::to_string(pid) + "/stat");
  if (!stat) {
    return false;
  }
  const std::size_t end = stat->rfind(')');
  const char state = end + 2 < stat->size() ? (*stat)[end + 2] : 'X';
  return state != 'Z' && state != 'X';
}

bool gone_within(pid_t pid, Millis time) {
  const Deadline deadline = Deadline::after(time);
  while (runs(pid)) {
    if (deadline.passed()) {
      return false;
    }
    std::this_thread::sleep_for(kPoll);
  }
  return true;
}

std::vector<pid_t> marked(const std::string& mark) {
  std::vector<pid_t> found;
  for (const std::string& name : os::list_dir("/proc").value_or(std::vector<std::string>())) {
    pid_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ec != std::errc() || !runs(pid)) {
      continue;
    }
    const std::string environment = os::read_file("/proc/" + name + "/environ").value_or("");
    if (environment.find("OAP_MARK=" + mark + std::string(1, '\0')) != std::string::npos) {
      found.push_back(pid);
    }
  }
  return found;
}

bool marked_gone_within(const std::string& mark, Millis time) {
  const Deadline deadline = Deadline::after(time);
  while (!marked(mark).empty()) {
    if (deadline.passed()) {
      return false;
    }
    std::this_thread::sleep_for(kPoll);
  }
  return true;
}

pid_t pid_in(const std::string& path, Millis time) {
  const Deadline deadline = Deadline::after(time);
  while (!deadline.passed()) {
    const std::string text = os::read_file(path).value_or("");
    pid_t pid = -1;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (parsed.ec == std::errc() && text.ends_with('\n')) {
      return pid;
    }
    std::this_thread::sleep_for(kPoll);
  }
  return -1;
}

}  // namespace oap::sandbox::testing
