#include "security/secret_effort.hpp"

#include <algorithm>

namespace oap::security {

std::size_t Effort::line_end(std::string_view text, std::size_t base, std::size_t at,
                             std::size_t most) {
  const std::size_t limit = std::min(text.size(), at + most);
  const std::size_t place = base + at;
  std::size_t end = at;
  if (line_from_ <= place && place <= line_to_ && line_to_ - base <= text.size()) {
    end = line_to_ - base;
  } else {
    line_from_ = place;
  }
  const std::size_t begin = end;
  while (end < limit && text[end] != '\n' && text[end] != '\r') {
    ++end;
  }
  spend(end - begin);
  line_to_ = base + end;
  return std::min(end, limit);
}

}  // namespace oap::security
