#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "permission/facets.hpp"
#include "permission/words.hpp"
#include "shell/script.hpp"

namespace oap::permission {

/// What a script writes itself and what it runs from files: code that it writes before it runs it
/// is code in its own words (`echo 'rm x' > s; sh s`, `cp /bin/rm y; ./y`). The order of the two
/// does not count, as functions and loops change it. Lives for one script; private to this folder.
class MadeFiles {
 public:
  /// A call in each directory that it may be made in; `paths` from `from` on are what it touches.
  void note(const shell::SimpleCommand& command, const std::vector<std::string>& directories,
            const std::vector<PathFacet>& paths, std::size_t from);
  /// The file, as written, that the script both writes and runs; "" where there is none. `paths`
  /// are all that it touches, its redirections included.
  std::string run_and_made(const std::vector<PathFacet>& paths) const;

 private:
  void note_made(const Words& words, const std::vector<PathFacet>& paths, std::size_t from);
  std::vector<std::string> made(const std::vector<PathFacet>& paths) const;

  struct Run {
    std::string
        lexical;  ///< a file, "" where it is not known; with `names` where the program works
    std::string shown;
    std::string_view names;  ///< names of files from which the program takes what it runs
  };
  std::vector<Run> runs_;
  std::vector<std::string> made_;
  std::vector<std::pair<std::string, std::string>> brought_;  ///< from where ("": elsewhere), to
};

}  // namespace oap::permission
