#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "workflow/definition/definition.hpp"
#include "workflow/definition/reader.hpp"

namespace oap::workflow {

/// A name of the author's as a message shows it: what a reader cannot see escaped, long ones cut.
std::string shown(std::string_view name);

/// Collects problems with their places: each once, at most kMax, errors before warnings. Borrows
/// its arguments. Not thread-safe.
class ProblemList {
 public:
  static constexpr std::size_t kMax = 100;

  ProblemList(std::string_view file, const Lines* lines, std::vector<Problem>& out);

  void error(int line, std::string message) { add(line, std::move(message), false); }
  void warning(int line, std::string message) { add(line, std::move(message), true); }
  /// The line of the first of the keys that the thing at `place` has in the file, or its own.
  int line(const Place& place, std::initializer_list<std::string_view> keys = {}) const;
  int line_of(std::string_view pointer) const;
  bool has_errors() const { return errors_ > 0; }
  bool full() const { return errors_ >= kMax; }

 private:
  void add(int line, std::string message, bool warning);

  std::string file_;
  const Lines* lines_;
  std::vector<Problem>& out_;
  std::unordered_set<std::string> seen_;
  std::size_t errors_ = 0;
};

}  // namespace oap::workflow
