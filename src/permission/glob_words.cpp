#include "permission/glob_words.hpp"

#include <algorithm>

#include "os/file.hpp"
#include "permission/overlap.hpp"
#include "text/glob.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

constexpr std::size_t kMaxPaths = 64;
constexpr std::size_t kMaxNames = 4096;

}  // namespace

std::optional<std::vector<std::string>> expand_glob(std::string_view word, std::string_view cwd) {
  if (holds_named_class(word, ".=") || word.find_first_of("\\{}()|~") != std::string_view::npos) {
    return std::nullopt;
  }
  std::vector<std::string> found = {word.starts_with('/') ? std::string() : std::string(cwd)};
  std::size_t seen = 0;
  for (const std::string_view part : text::split(word, '/')) {
    if (part.empty() || part == ".") {
      continue;
    }
    const bool wild = part.find_first_of("*?[") != std::string_view::npos;
    const auto glob = text::Glob::compile(part, {text::GlobMode::kPath, false});
    if (wild && !glob) {
      return std::nullopt;
    }
    // Letters beside the wildcards (`*env`) may be meant for hidden files, whatever bash does now.
    const bool wild_only = part.find_first_not_of("*?") == std::string_view::npos;
    std::vector<std::string> next;
    for (const std::string& directory : found) {
      if (!wild) {
        next.push_back(directory + "/" + std::string(part));
        continue;
      }
      const auto names = os::list_dir(directory.empty() ? "/" : directory);
      for (const std::string& name : names.value_or(std::vector<std::string>{})) {
        const bool hidden = name.starts_with('.') && wild_only;
        if (++seen > kMaxNames) {
          return std::nullopt;
        }
        if (!hidden && glob->matches(name)) {
          next.push_back(directory + "/" + name);
        }
      }
    }
    found = std::move(next);
    if (found.size() > kMaxPaths) {
      return std::nullopt;
    }
  }
  if (found.empty()) {
    found.emplace_back(word);
  }
  return found;
}

bool changes_globs(const shell::Script& script) {
  return std::any_of(script.commands.begin(), script.commands.end(), [](const auto& command) {
    if (command.argv.empty()) {
      return false;
    }
    const bool options =
        std::any_of(command.argv.begin(), command.argv.end(), [](const std::string& word) {
          return word.size() > 1 && (word[0] == '-' || word[0] == '+') && word.ends_with('O');
        });
    return command.argv[0] == "shopt" || command.argv[0] == "set" ||
           (options && shell::base_name(command.argv[0]).ends_with("bash"));
  });
}

}  // namespace oap::permission
