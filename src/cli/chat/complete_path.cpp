#include <algorithm>

#include "cli/chat/chat.hpp"
#include "os/file.hpp"

namespace oap::cli::chat {
namespace {

constexpr std::size_t kMostCandidates = 200;

}  // namespace

terminal::Completion complete_path(std::string_view before_cursor, const std::string& workspace) {
  const std::size_t space = before_cursor.find_last_of(" \n\t");
  const std::size_t word = space == std::string_view::npos ? 0 : space + 1;
  terminal::Completion found;
  found.start = word;
  std::string_view path = before_cursor.substr(word);
  if (!path.starts_with('@')) {
    return found;
  }
  path.remove_prefix(1);
  const std::size_t slash = path.rfind('/');
  const std::string folder(path.substr(0, slash == std::string_view::npos ? 0 : slash + 1));
  const std::string start(path.substr(folder.size()));
  const auto place = os::canonical_path(workspace + "/" + folder);
  if (!place || (*place != workspace && !place->starts_with(workspace + "/"))) {
    return found;
  }
  const auto names = os::list_dir(*place);
  if (!names) {
    return found;
  }
  for (const std::string& name : *names) {
    const bool hidden = name.starts_with('.') && !start.starts_with('.');
    if (hidden || !name.starts_with(start) || found.candidates.size() >= kMostCandidates) {
      continue;
    }
    const bool inside = os::is_directory(*place + "/" + name);
    found.candidates.push_back("@" + folder + name + (inside ? "/" : ""));
  }
  return found;
}

}  // namespace oap::cli::chat
