#include "sandbox/findings.hpp"

#include <linux/fs.h>
#include <sys/stat.h>

#include "sandbox/fixed_text.hpp"
#include "sandbox/plain_path.hpp"
#include "sandbox/raw.hpp"

namespace oap::sandbox {
namespace {

constexpr unsigned kNumbered = 9;  // then by numbers that nobody can have put there before
constexpr unsigned kTries = 16;
constexpr std::size_t kForNumber = 12;

/// -EEXIST where the other name is taken.
OAP_AFTER_FORK long rename_to_new(int directory, const char* from, const char* to) {
  const long done =
      raw::call(SYS_renameat2, directory, from, directory, to, static_cast<int>(RENAME_NOREPLACE));
  if (done != -EINVAL && done != -ENOSYS) {
    return done;
  }
  struct stat info{};  // a file system that cannot promise it
  if (raw::call(SYS_newfstatat, directory, to, &info, AT_SYMLINK_NOFOLLOW) == 0) {
    return -EEXIST;
  }
  return raw::call(SYS_renameat, directory, from, directory, to);
}

/// Also those beyond ASCII, which are two bytes in UTF-8.
OAP_AFTER_FORK bool is_control(const char* at) {
  const auto byte = static_cast<unsigned char>(at[0]);
  const auto next = static_cast<unsigned char>(at[1]);
  return byte < ' ' || byte == 0x7f || (byte == 0xc2 && next >= 0x80 && next <= 0x9f);
}

OAP_AFTER_FORK unsigned number_of_try(unsigned attempt) {
  unsigned number = attempt;
  if (attempt > kNumbered) {
    raw::call(SYS_getrandom, &number, sizeof number, 0);
  }
  return number;
}

}  // namespace

OAP_AFTER_FORK bool Findings::append(const char* text, std::size_t length, std::size_t room) {
  if (size_ + length > room) {
    return false;
  }
  for (std::size_t i = 0; i < length; ++i) {
    text_[size_++] = i + 1 < length && is_control(text + i) ? '?' : text[i];
  }
  return true;
}

OAP_AFTER_FORK void Findings::add(const char* path, const char* name, const char* why, bool held,
                                  const char* open) {
  static FixedText line;
  line.size = 0;
  line.add(path);
  if (name != nullptr) {
    line.add("/").add(name);
  }
  line.add(": ").add(why);
  if (name != nullptr) {
    line.add(held ? "; renamed, its name now ends in " : open);
    line.add(held ? kHeld : "");
  }
  line.add("\n");
  if (!append(line.data, line.size, sizeof text_ - kForCount)) {
    ++left_out_;
  }
}

OAP_AFTER_FORK const char* Findings::finish(std::size_t& size) {
  if (left_out_ > 0) {
    FixedText line;
    line.add("and ").add(left_out_).add(" more like these: look for names that end in ");
    line.add(kHeld).add("\n");
    append(line.data, line.size, sizeof text_);
  }
  size = size_;
  return text_;
}

OAP_AFTER_FORK bool set_aside(int directory, const char* name) {
  if (raw::length(name) + sizeof kHeld + kForNumber > NAME_MAX) {
    return false;
  }
  bool opened = false;
  for (unsigned attempt = 1; attempt <= kTries; ++attempt) {
    FixedText to;
    to.add(name);
    if (attempt > 1) {
      to.add(".").add(number_of_try(attempt));
    }
    long done = rename_to_new(directory, name, to.add(kHeld).data);
    if (done == -EACCES && !opened) {
      opened = give_to_owner(directory) == 0;
      done = rename_to_new(directory, name, to.data);
    }
    if (done != -EEXIST) {
      return done == 0;
    }
  }
  return false;
}

}  // namespace oap::sandbox
