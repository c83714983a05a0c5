#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "router/line.hpp"

namespace oap::router {

/// What a task speaks of: files, hosts and services, and words that say how much there is to do.
struct Mentions {
  std::unordered_set<std::string> files;
  std::vector<std::string> dependencies;
  int counted_files = 0;  ///< from "5 files"
  int scope_words = 0;
  int hard_words = 0;

  /// A file or a host, wherever it stands.
  void note(const Line& line, std::size_t i);
  /// A word of what is ordered.
  void weigh(const Line& line, std::size_t i);

 private:
  void add_dependency(std::string name);

  std::unordered_set<std::string> known_;
};

}  // namespace oap::router
