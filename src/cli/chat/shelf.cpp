#include "cli/chat/shelf.hpp"

#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

namespace oap::cli::chat {
namespace {

os::UniqueFd open_nameless(const std::string& folder) {
  os::UniqueFd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd) {  // a file system without such files
    std::string name = folder + "/.shelf_XXXXXX";
    fd.reset(::mkostemp(name.data(), O_CLOEXEC));
    if (fd) {
      ::unlink(name.c_str());
    }
  }
  return fd;
}

}  // namespace

std::optional<Shelf::Handle> Shelf::put(std::string_view text) {
  if (!fd_ && !folder_.empty()) {
    fd_ = open_nameless(folder_);
  }
  if (!fd_) {
    return std::nullopt;
  }
  if (end_ + text.size() > kMost) {
    if (::ftruncate(fd_.get(), 0) != 0) {
      return std::nullopt;
    }
    end_ = 0;
    ++round_;
  }
  const Handle handle{end_, text.size(), round_};
  while (!text.empty()) {
    const ssize_t written = ::pwrite(fd_.get(), text.data(), text.size(), static_cast<off_t>(end_));
    if (written <= 0) {
      return std::nullopt;
    }
    end_ += static_cast<std::uint64_t>(written);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return handle;
}

std::optional<std::string> Shelf::get(const Handle& handle) const {
  if (!fd_ || handle.round != round_) {
    return std::nullopt;
  }
  std::string text(handle.bytes, '\0');
  const ssize_t got = ::pread(fd_.get(), text.data(), text.size(), static_cast<off_t>(handle.at));
  return got == static_cast<ssize_t>(text.size()) ? std::optional(std::move(text)) : std::nullopt;
}

}  // namespace oap::cli::chat
