#include <algorithm>
#include <cstdlib>
#include <utility>

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

void sort_by_line(std::vector<Problem>& problems) {
  std::vector<std::pair<int, std::size_t>> order;
  for (std::size_t i = 0; i < problems.size(); ++i) {
    const std::string& where = problems[i].where;
    const std::size_t colon = where.rfind(':');
    order.emplace_back(colon == std::string::npos ? 0 : std::atoi(where.c_str() + colon + 1), i);
  }
  std::sort(order.begin(), order.end());
  std::vector<Problem> sorted;
  for (const auto& [line, index] : order) {
    sorted.push_back(std::move(problems[index]));
  }
  problems = std::move(sorted);
}

bool Reading::ok() const {
  return std::all_of(problems.begin(), problems.end(),
                     [](const Problem& each) { return each.warning; });
}

}  // namespace oap::workflow
