#include "cli/batch.hpp"

#include <iostream>

#include <fmt/format.h>

#include "cli/output.hpp"

namespace oap::cli {

std::size_t answer_lines(const std::function<json::Object(const std::string& line)>& answer) {
  std::string line;
  std::size_t count = 0;
  std::size_t unread = 0;
  while (std::getline(std::cin, line)) {
    const json::Object answered = answer(line);
    ++count;
    unread += answered.contains("error") ? 1 : 0;
    print_json(answered);
  }
  if (unread > 0) {
    print_error(fmt::format("{} of {} lines could not be read; their answers say why (\"error\")",
                            unread, count));
  }
  return unread;
}

}  // namespace oap::cli
