#include "session/usage_note.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::session {
namespace {

os::UniqueFd open_held(const std::string& file, int flags) {
  os::UniqueFd fd(::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
  if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    fd.reset();
  }
  return fd;
}

}  // namespace

UsageNote::~UsageNote() = default;

void UsageNote::put(const json::Object& used) {
  if (failed_) {
    return;
  }
  if (!fd_) {
    fd_ = open_held(file_, O_CREAT);
  }
  std::string text = json::print(json::Value(used));
  const bool fits = text.size() < kMostBytes;
  text.resize(kMostBytes, ' ');
  if (!fd_ || !fits ||
      ::pwrite(fd_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    failed_ = true;
    log::warn("session", "what a run uses is not noted while it runs", {{"file", file_}});
  }
}

void UsageNote::drop() {
  if (fd_) {
    ::unlink(file_.c_str());
    fd_.reset();
  }
}

json::Object UsageNote::read(const std::string& file) {
  const auto text = os::read_file(file, kMostBytes);
  const auto value = text ? json::parse(text::trim(*text)) : fail(text.error());
  return value && value->is_object() ? value->get_object() : json::Object();
}

void UsageNote::adopt(const std::string& folder, const std::function<bool(json::Object)>& take) {
  const auto names = os::list_dir(folder);
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    if (!name.ends_with(".used")) {
      continue;
    }
    const std::string file = folder + "/" + name;
    const os::UniqueFd held = open_held(file, 0);
    if (held && take(read(file))) {
      ::unlink(file.c_str());
    }
  }
}

}  // namespace oap::session
