#include "checkpoint/ignore.hpp"

#include "text/strings.hpp"

namespace oap::checkpoint {

void Ignore::add(std::string_view text, const std::string& folder) {
  for (std::string_view line : text::split_lines(text)) {
    while (line.ends_with(' ') && !line.ends_with("\\ ")) {
      line.remove_suffix(1);
    }
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    const bool negated = line.starts_with('!');
    line.remove_prefix(negated ? 1 : 0);
    const bool folders_only = line.ends_with('/');
    line.remove_suffix(folders_only ? 1 : 0);
    const bool by_name = line.find('/') == std::string_view::npos;
    line.remove_prefix(line.starts_with('/') ? 1 : 0);
    // Braces mean themselves in gitignore.
    std::string pattern = text::replace_all(text::replace_all(line, "{", "\\{"), "}", "\\}");
    if (auto glob = text::Glob::compile(pattern)) {
      patterns_.push_back({*std::move(glob), negated, folders_only, by_name, folder});
    }
  }
}

void Ignore::keep(std::size_t count) {
  patterns_.erase(patterns_.begin() + static_cast<std::ptrdiff_t>(count), patterns_.end());
}

bool Ignore::ignores(const std::string& path, bool is_folder) const {
  const std::size_t slash = path.rfind('/');
  const std::string_view name =
      std::string_view(path).substr(slash == std::string::npos ? 0 : slash + 1);
  for (auto pattern = patterns_.rbegin(); pattern != patterns_.rend(); ++pattern) {
    if (pattern->folders_only && !is_folder) {
      continue;
    }
    std::string_view below = path;
    if (!pattern->folder.empty()) {
      if (!below.starts_with(pattern->folder + "/")) {
        continue;
      }
      below.remove_prefix(pattern->folder.size() + 1);
    }
    if (pattern->glob.matches(pattern->by_name ? name : below)) {
      return !pattern->negated;
    }
  }
  return false;
}

}  // namespace oap::checkpoint
