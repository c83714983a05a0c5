#include "cli/commands/scan_files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fd.hpp"
#include "os/file.hpp"

namespace oap::cli {
namespace {

constexpr std::size_t kPiece = 256U << 10U;
constexpr std::size_t kProbe = 8U << 10U;
constexpr std::size_t kMaxUnreadable = 1000;

class Walk {
 public:
  Walk(ScanSink& sink, const std::function<bool(const std::string&)>& wanted)
      : sink_(sink), wanted_(wanted), buffer_(kPiece, '\0') {}

  ScanCount& count() { return count_; }

  void file(const std::string& path) {
    const os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (fd.get() < 0) {
      unreadable("opening", path, errno);
      return;
    }
    descriptor(fd.get(), path);
  }

  void descriptor(int fd, const std::string& path) {
    bool first = true;
    for (;;) {
      const ssize_t got = ::read(fd, buffer_.data(), buffer_.size());
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got < 0) {
        unreadable("reading", path, errno);
        break;
      }
      const std::string_view piece(buffer_.data(), static_cast<std::size_t>(got));
      if (first && piece.substr(0, kProbe).find('\0') != std::string_view::npos &&
          sink_.skips_binary(path, piece)) {
        ++count_.binary;
        return;
      }
      if (first) {
        ++count_.files;
        sink_.begin(path);
        first = false;
      }
      if (got == 0) {
        break;
      }
      count_.bytes += piece.size();
      sink_.piece(piece);
    }
    if (!first) {
      sink_.end();
    }
  }

  void folder(const std::string& path) {
    // Names, not descriptors, are kept for what is still to come: depth costs no handles.
    std::vector<std::string> open = {path};
    while (!open.empty()) {
      const std::string here = std::move(open.back());
      open.pop_back();
      struct stat info{};
      if (::lstat(here.c_str(), &info) != 0) {
        unreadable("looking at", here, errno);
      } else if (S_ISREG(info.st_mode)) {
        if (!wanted_ || wanted_(here)) {
          file(here);
        }
      } else if (S_ISDIR(info.st_mode)) {
        auto names = os::list_dir(here);
        if (!names) {
          note(names.error().to_string());
          continue;
        }
        for (auto name = names->rbegin(); name != names->rend(); ++name) {
          open.push_back(here.ends_with('/') ? here + *name : here + "/" + *name);
        }
      }
    }
  }

 private:
  void unreadable(std::string_view doing, const std::string& path, int error) {
    note(os::errno_error(doing, path, error).to_string());
  }
  void note(std::string what) {
    if (count_.unreadable.size() < kMaxUnreadable) {
      count_.unreadable.push_back(std::move(what));
    }
  }

  ScanSink& sink_;
  const std::function<bool(const std::string&)>& wanted_;
  std::string buffer_;
  ScanCount count_;
};

}  // namespace

Result<ScanCount> walk_files(const std::string& path, ScanSink& sink,
                             const std::function<bool(const std::string&)>& wanted) {
  Walk walk(sink, wanted);
  if (path == "-") {
    walk.descriptor(STDIN_FILENO, "-");
    return std::move(walk.count());
  }
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return fail(os::errno_error("looking at", path, errno));
  }
  if (S_ISDIR(info.st_mode)) {
    walk.folder(path == "/" ? path : std::string(path.substr(0, path.find_last_not_of('/') + 1)));
  } else if (S_ISREG(info.st_mode)) {
    OAP_TRY(const std::string real, os::canonical_path(path));
    const os::UniqueFd fd(::open(real.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0) {
      return fail(os::errno_error("opening", path, errno));
    }
    walk.descriptor(fd.get(), path);
  } else {
    return fail(Error(Code::kInvalidArgument, path + " is neither a file nor a folder"));
  }
  return std::move(walk.count());
}

void LineCounter::add(std::string_view piece) {
  for (std::size_t at = piece.find('\n'); at != std::string_view::npos;
       at = piece.find('\n', at + 1)) {
    newlines_.push_back(size_ + at);
  }
  size_ += piece.size();
}

std::uint64_t LineCounter::line_of(std::size_t place) const {
  const auto before = std::lower_bound(newlines_.begin(), newlines_.end(), place);
  return gone_ + static_cast<std::uint64_t>(before - newlines_.begin()) + 1;
}

void LineCounter::forget(std::size_t before) {
  const auto end = std::lower_bound(newlines_.begin(), newlines_.end(), before);
  gone_ += static_cast<std::uint64_t>(end - newlines_.begin());
  newlines_.erase(newlines_.begin(), end);
}

}  // namespace oap::cli
