#include "os/stand_in.hpp"

#include <string_view>

#include <sys/stat.h>
#include <unistd.h>

#include "os/file.hpp"

namespace oap::os {

bool is_stand_in(int directory, const char* name, const struct ::stat& info) {
  if (S_ISDIR(info.st_mode)) {
    return (info.st_mode & 07777U) == kStandInFolder;
  }
  if (!S_ISLNK(info.st_mode)) {
    return is_stand_in(info);
  }
  char target[sizeof kStandInLink];
  const ssize_t size = ::readlinkat(directory, name, target, sizeof target);
  return size == static_cast<ssize_t>(sizeof kStandInLink) - 1 &&
         std::string_view(target, static_cast<std::size_t>(size)) == kStandInLink;
}

}  // namespace oap::os
