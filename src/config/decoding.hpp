#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/merge.hpp"
#include "config/paths.hpp"
#include "config/problem.hpp"

namespace oap::config {

/// What the sections of settings are decoded with and into. A `pointer` names a setting by plain
/// keys ("/mcp_servers/x/url"), so that it also makes the dotted key. What it is given outlives it.
class Decoding {
 public:
  Decoding(const Merged& merged, const Paths& paths, const Env& env, std::vector<Problem>& problems)
      : merged_(merged), paths_(paths), env_(env), problems_(problems) {}

  Config config;

  void problem(const std::string& pointer, std::string message);
  void warn(const std::string& pointer, std::string_view message);
  Origin origin(const std::string& pointer) const { return merged_.origin(pointer); }
  /// From the workspace, or the home folder; empty stays empty.
  std::string absolute(const std::string& path) const;
  /// Empty where there is none.
  std::string env(const std::string& name) const { return env_(name).value_or(""); }

 private:
  const Merged& merged_;
  const Paths& paths_;
  const Env& env_;
  std::vector<Problem>& problems_;
};

}  // namespace oap::config
