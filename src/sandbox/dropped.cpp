#include "sandbox/dropped.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "sandbox/fixed_text.hpp"
#include "sandbox/plain_path.hpp"
#include "sandbox/raw.hpp"

namespace oap::sandbox {
namespace {

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
constexpr std::size_t kLongestName = 300;

OAP_AFTER_FORK bool is_dot(const char* name) {
  return raw::same(name, ".") || raw::same(name, "..");
}

/// What stands on the layer for a name that was removed.
OAP_AFTER_FORK bool is_whiteout(const struct stat& info) {
  return S_ISCHR(info.st_mode) && info.st_rdev == 0;
}

}  // namespace

OAP_AFTER_FORK void Dropped::look(int upper, const char* workspace) {
  if (upper < 0) {
    return;
  }
  const int lower = open_plain(workspace, O_PATH | O_DIRECTORY);
  folder({upper, lower, "", 0});
  raw::close(lower);
}

OAP_AFTER_FORK void Dropped::folder(const Place& place) {
  alignas(raw::Listed) char buffer[2048];
  while (count_ < kMost) {
    const long size = raw::call(SYS_getdents64, place.upper, buffer, sizeof buffer);
    if (size <= 0) {
      return;
    }
    for (long at = 0; at < size;) {
      const auto* listed = reinterpret_cast<const raw::Listed*>(buffer + at);
      at += listed->size;
      if (!is_dot(listed->name)) {
        entry(place, listed->name);
      }
    }
  }
}

OAP_AFTER_FORK void Dropped::entry(const Place& place, const char* name) {
  struct stat now{};
  struct stat before{};
  if (raw::call(SYS_newfstatat, place.upper, name, &now, AT_SYMLINK_NOFOLLOW) != 0) {
    return;
  }
  const bool was = place.lower >= 0 &&
                   raw::call(SYS_newfstatat, place.lower, name, &before, AT_SYMLINK_NOFOLLOW) == 0;
  if (S_ISDIR(now.st_mode)) {
    below(place, name, !was || !S_ISDIR(before.st_mode) || before.st_mode != now.st_mode);
  } else if (!raw::same(place.path, ".git/") || !raw::same(name, "index")) {
    note(place.path, name, is_whiteout(now));
  }
}

/// A folder counts itself where it is new, or has another mode, and nothing in it counts.
OAP_AFTER_FORK void Dropped::below(const Place& place, const char* name, bool changed) {
  const unsigned before = count_;
  FixedText path;
  path.add(place.path).add(name).add("/");
  const int upper = place.depth < kDeepest ? raw::open_at(place.upper, name, kFolder) : -1;
  if (upper >= 0) {
    const int lower =
        place.lower >= 0 && !changed ? raw::open_at(place.lower, name, kFolder | O_PATH) : -1;
    folder({upper, lower, path.data, place.depth + 1});
    raw::close(upper);
    raw::close(lower);
  }
  if (changed && count_ == before) {
    note(place.path, name, false);
  }
}

OAP_AFTER_FORK void Dropped::note(const char* path, const char* name, bool removed) {
  ++count_;
  const std::size_t room = raw::length(path) + raw::length(name);
  if (named_ == kNamed || room > kLongestName) {
    return;
  }
  add(named_ == 0 ? ": " : ", ");
  add(path);
  add(name);
  add(removed ? " (removed)" : "");
  ++named_;
}

OAP_AFTER_FORK void Dropped::add(const char* text) {
  for (; *text != '\0' && size_ + 1 < sizeof names_; ++text) {
    const auto byte = static_cast<unsigned char>(*text);
    const auto next = static_cast<unsigned char>(text[1]);
    const bool control =
        byte < ' ' || byte == 0x7f || (byte == 0xc2 && next >= 0x80 && next <= 0x9f);
    names_[size_++] = control ? '?' : *text;
  }
}

OAP_AFTER_FORK const char* Dropped::finish(std::size_t& size) {
  size = 0;
  if (count_ == 0) {
    return text_;
  }
  FixedText line;
  line.add(count_ >= kMost ? "more than " : "")
      .add(count_)
      .add(count_ == 1 ? " change" : " changes");
  line.add(names_);
  if (named_ > 0 && named_ < count_) {
    line.add(" and ").add(count_ - named_).add(" more");
  }
  for (; size < line.size && size + 1 < sizeof text_; ++size) {
    text_[size] = line.data[size];
  }
  return text_;
}

}  // namespace oap::sandbox
