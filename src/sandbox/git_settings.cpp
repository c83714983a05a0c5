#include "sandbox/git_settings.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <sys/stat.h>

#include "os/file.hpp"
#include "sandbox/git_config.hpp"
#include "sandbox/host_paths.hpp"

namespace oap::sandbox {
namespace {

constexpr std::size_t kLargest = 256u << 10;

constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kShown{
    {{"user", "name"},
     {"user", "email"},
     {"user", "useconfigonly"},
     {"author", "name"},
     {"author", "email"},
     {"committer", "name"},
     {"committer", "email"},
     {"init", "defaultbranch"},
     {"core", "autocrlf"},
     {"core", "eol"},
     {"core", "quotepath"},
     {"pull", "rebase"},
     {"pull", "ff"},
     {"merge", "conflictstyle"},
     {"merge", "ff"},
     {"rebase", "autosquash"},
     {"push", "default"}}};

std::string lower(const char* text, std::size_t size) {
  std::string small(text, size);
  std::transform(small.begin(), small.end(), small.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return small;
}

void add_shown(const std::string& path, std::string& to) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return;
  }
  const std::string text = os::read_file(path, kLargest).value_or("");
  ConfigReader reader(text.data(), text.size());
  ConfigEntry entry;
  while (reader.next(entry)) {
    const std::string section = lower(entry.section, entry.section_size);
    const std::string key = lower(entry.key, entry.key_size);
    const bool shown = entry.name == nullptr && entry.value != nullptr &&
                       std::any_of(kShown.begin(), kShown.end(), [&](const auto& each) {
                         return each.first == section && each.second == key;
                       });
    if (shown) {
      to +=
          "[" + section + "]\n\t" + key + " = " + std::string(entry.value, entry.value_size) + "\n";
    }
  }
}

}  // namespace

std::string git_settings(const std::string& home) {
  std::string text;
  add_shown(home + "/.config/git/config", text);
  add_shown(home + "/.gitconfig", text);
  return text;
}

}  // namespace oap::sandbox
