#include "permission/made_links.hpp"

#include <algorithm>
#include <optional>

#include "permission/paths.hpp"
#include "permission/words.hpp"

namespace oap::permission {
namespace {

constexpr std::size_t kMostLinks = 24;
constexpr std::size_t kMostPaths = 512;

std::string last_part(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) {
    path.remove_suffix(1);
  }
  return std::string(path.substr(path.rfind('/') + 1));
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

bool makes_names(const Words& words) {
  if (words.is({"cp"})) {
    return words.any_short("sl") || words.any_prefix({"--s", "--li"});
  }
  return words.is({"ln", "mv", "mount", "link", "rename", "gln", "gmv"});
}

/// The directory that is given by -t; nothing where there is none.
std::optional<std::string> target_directory(const Words& words, std::vector<bool>& taken) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word.starts_with("--t")) {
      const std::size_t equals = word.find('=');
      if (equals != std::string_view::npos) {
        return std::string(word.substr(equals + 1));
      }
    } else if (word.size() < 2 || word[0] != '-' || word[1] == '-' ||
               word.find('t') == std::string_view::npos) {
      continue;
    } else if (word.find('t') + 1 < word.size()) {
      return std::string(word.substr(word.find('t') + 1));
    }
    if (i + 1 < words.size()) {
      taken[i + 1] = true;
      return std::string(words[i + 1]);
    }
  }
  return std::nullopt;
}

}  // namespace

void MadeLinks::add(std::string name, std::string target, std::size_t from, std::size_t to) {
  if (links_.size() >= kMostLinks) {
    too_many_ = true;
    return;
  }
  if (name != target) {
    links_.push_back({std::move(name), std::move(target), from, to});
  }
}

void MadeLinks::note(const shell::SimpleCommand& command,
                     const std::vector<std::string>& directories, std::size_t from,
                     std::size_t to) {
  const Words words(command);
  if (!makes_names(words)) {
    return;
  }
  std::vector<bool> taken(words.size(), false);
  std::optional<std::string> into;
  if (!words.is({"mount"})) {
    into = target_directory(words, taken);
  }
  std::vector<std::string> operands;
  bool options = true;
  for (std::size_t i = 1; i < words.size(); ++i) {
    options = options && words[i] != "--";
    if (!taken[i] && words[i] != "--" && (!options || !words[i].starts_with('-'))) {
      operands.emplace_back(words[i]);
    }
  }
  std::string last = into.value_or(".");
  if (!into && operands.size() > 1) {
    last = operands.back();
    operands.pop_back();
  }
  for (const std::string& directory : directories) {
    const std::string place = lexical_path(last, directory);
    for (const std::string& source : operands) {
      const std::string inside = lexical_path(last_part(source), place);
      for (const std::string& name : {place, inside}) {
        add(name, lexical_path(source, directory), from, to);
        if (parent_of(name) != directory && !source.starts_with('/')) {
          add(name, lexical_path(source, parent_of(name)), from, to);
        }
      }
    }
  }
}

bool MadeLinks::follow(std::string_view workspace, std::vector<PathFacet>& paths) const {
  bool certain = !too_many_;
  const std::size_t most = paths.size() + kMostPaths;
  for (std::size_t i = 0; i < paths.size() && !links_.empty(); ++i) {
    const bool own_word = std::any_of(links_.begin(), links_.end(), [&](const Link& link) {
      return i >= link.from && i < link.to;
    });
    certain =
        certain && (own_word || paths[i].shown.find("..") == std::string::npos || !paths[i].exact);
    for (const Link& link : links_) {
      const std::string rest = below(paths[i].lexical, link.name);
      const bool own = rest == "." && i >= link.from && i < link.to;
      if (rest.empty() || own || !paths[i].exact) {
        continue;
      }
      if (paths.size() >= most) {
        return false;
      }
      const std::string path = rest == "." ? link.target : link.target + "/" + rest;
      PathFacet facet = path_facet(path, paths[i].access, "/", workspace);
      facet.tree = paths[i].tree;
      facet.unsure = paths[i].unsure;
      facet.creates = paths[i].creates;
      facet.only = paths[i].only;
      facet.possible = paths[i].possible;
      facet.redirect = paths[i].redirect;
      const bool known = std::any_of(paths.begin(), paths.end(), [&](const PathFacet& other) {
        return other.lexical == facet.lexical && other.access == facet.access &&
               other.tree == facet.tree && (!other.possible || facet.possible);
      });
      if (!known) {
        paths.push_back(std::move(facet));
      }
    }
  }
  return certain;
}

}  // namespace oap::permission
