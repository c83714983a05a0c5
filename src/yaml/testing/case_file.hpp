#pragma once

#include <fstream>
#include <string>
#include <vector>

namespace oap::yaml::testing {

/// One block of a *.case file. For tests only:
///   === what the case shows
///   the text, any number of lines
///   >>> what is expected of it; several such lines may follow each other
struct Case {
  std::string name;
  std::string text;
  std::vector<std::string> expected;
  int line = 0;
};

inline std::vector<Case> read_cases(const std::string& path) {
  std::vector<Case> cases;
  std::ifstream file(path);
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.rfind("=== ", 0) == 0) {
      cases.push_back({line.substr(4), "", {}, number});
    } else if (cases.empty()) {
      continue;
    } else if (line.rfind(">>> ", 0) == 0) {
      cases.back().expected.push_back(line.substr(4));
    } else if (cases.back().expected.empty()) {
      cases.back().text += line + "\n";
    }
  }
  return cases;
}

}  // namespace oap::yaml::testing
