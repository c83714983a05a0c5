#include <algorithm>

#include "workflow/definition/reader.hpp"

namespace oap::workflow {

std::string to_text(const std::vector<Problem>& problems) {
  std::string out;
  for (const Problem& each : problems) {
    out += each.where.empty() ? "" : each.where + ": ";
    out += (each.warning ? "warning: " : "") + each.message + "\n";
  }
  return out;
}

bool Reading::ok() const {
  return std::all_of(problems.begin(), problems.end(),
                     [](const Problem& each) { return each.warning; });
}

}  // namespace oap::workflow
