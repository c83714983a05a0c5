#include "sandbox/plain_path.hpp"

#include <limits.h>
#include <sys/stat.h>

#include "sandbox/fixed_text.hpp"
#include "sandbox/raw.hpp"

namespace oap::sandbox {
namespace {

constexpr int kWay = O_PATH | O_DIRECTORY | O_NOFOLLOW;

}  // namespace

OAP_AFTER_FORK int open_plain(const char* path, int flags) {
  int here = raw::open_at(AT_FDCWD, "/", kWay);
  char part[NAME_MAX + 1];
  while (here >= 0) {
    while (*path == '/') {
      ++path;
    }
    std::size_t size = 0;
    for (; path[size] != '\0' && path[size] != '/'; ++size) {
      if (size == NAME_MAX) {
        raw::close(here);
        return -ENAMETOOLONG;
      }
      part[size] = path[size];
    }
    part[size] = '\0';
    path += size;
    const bool last = *path == '\0';
    const int next = raw::open_at(here, size == 0 ? "." : part, last ? flags | O_NOFOLLOW : kWay);
    raw::close(here);
    if (last) {
      struct stat info{};
      if (next >= 0 && (raw::call(SYS_fstat, next, &info) != 0 || S_ISLNK(info.st_mode))) {
        raw::close(next);
        return -ELOOP;
      }
      return next;
    }
    here = next;
  }
  return here;
}

OAP_AFTER_FORK long give_to_owner(int directory) {
  struct stat info{};
  if (const long error = raw::call(SYS_fstat, directory, &info); error < 0) {
    return error;
  }
  // Also where the descriptor is for its path alone, which fchmod refuses.
  FixedText link;
  link.add("/proc/self/fd/").add(static_cast<unsigned>(directory));
  return raw::call(SYS_fchmodat, AT_FDCWD, link.data, (info.st_mode & 07777U) | 0700U);
}

OAP_AFTER_FORK int open_directory(int directory, const char* name, std::int64_t closed_since) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
  const int open = raw::open_at(directory, name, kFlags);
  if (open != -EACCES || closed_since == 0) {
    return open;
  }
  const int closed = raw::open_at(directory, name, kWay);
  struct stat info{};
  if (closed < 0) {
    return open;
  }
  const bool ours = raw::call(SYS_fstat, closed, &info) == 0 &&
                    raw::changed_at(info) >= closed_since && give_to_owner(closed) == 0;
  raw::close(closed);
  return ours ? raw::open_at(directory, name, kFlags) : open;
}

}  // namespace oap::sandbox
