#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "base/result.hpp"

namespace oap::skills {

/// What a registry says of one skill: its words, not ours. Data.
struct Hit {
  std::string name;
  std::string description;
  std::string source;  ///< what `oap skills add` takes
  std::string registry;
};

struct SearchResult {
  std::vector<Hit> hits;              ///< at most kMostHits, in the registries' order
  std::vector<std::string> problems;  ///< registries that did not answer, a sentence each
  std::size_t answered = 0;           ///< registries that did
};
inline constexpr std::size_t kMostHits = 50;

/// A registry's answer: {"skills": [{name, description, source}]}, or the bare list; `source` may
/// be called `repo`. Entries without a name or source, and names that no skill can have, are left
/// out. Pure.
Result<std::vector<Hit>> hits_of(std::string_view text, const std::string& registry);

/// Whether every word occurs in name, description or source, whatever the case. Pure.
bool fits(const Hit& hit, std::string_view words);

/// Asks each registry: a JSON file, a folder of skills, or an https URL (also http on this machine)
/// in which `{query}` is filled in. 4 MiB and 20 s each at most; no redirect is followed. What they
/// say is no more than a name to look at: nothing is fetched, installed or believed.
Task<SearchResult> search(Executor executor, std::vector<std::string> registries,
                          std::string words);

}  // namespace oap::skills
