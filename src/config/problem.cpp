#include "config/problem.hpp"

#include <fmt/format.h>

namespace oap::config {

std::string Problem::to_string() const {
  std::string out = file;
  if (line > 0) {
    out += fmt::format(":{}", line);
  }
  out += key.empty() ? ": " : ": " + key + ": ";
  return out + message;
}

Error to_error(const std::vector<Problem>& problems) {
  std::string all;
  for (const Problem& problem : problems) {
    all += (all.empty() ? "" : "\n") + problem.to_string();
  }
  return {Code::kConfiguration, all};
}

}  // namespace oap::config
