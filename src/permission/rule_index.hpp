#pragma once

#include <cstdint>
#include <vector>

#include "permission/compiled_rule.hpp"
#include "permission/path_index.hpp"

namespace oap::permission {

/// Path rules, absolute and relative ones apart.
class PathRules {
 public:
  void add(const CompiledRule& rule, std::uint32_t id);

  /// Calls `visit(id)` once or more for each rule that could match.
  template <class Visit>
  void candidates(const PathFacet& path, Visit&& visit) const {
    if (!path.exact) {
      return;
    }
    absolute_.candidates(path.canonical, visit);
    if (path.lexical != path.canonical) {
      absolute_.candidates(path.lexical, visit);
    }
    const std::string& inside = path.relative;
    if (!inside.empty()) {
      relative_.candidates(inside, visit);
    } else {
      relative_.candidates("", visit);  // rules such as **/x reach beyond the workspace
    }
    if (!path.lexical_relative.empty() && path.lexical_relative != inside) {
      relative_.candidates(path.lexical_relative, visit);
    }
  }

  template <class Visit>
  void candidates(std::string_view resource, Visit&& visit) const {
    (resource.starts_with('/') ? absolute_ : relative_).candidates(resource, visit);
  }

 private:
  PathIndex absolute_;
  PathIndex relative_;
};

/// All rules, found by what a facet names literally; only patterns without a literal front are
/// tried one by one. Built once, then read from any thread.
class RuleIndex {
 public:
  void add(const CompiledRule& rule, std::uint32_t id);

  struct ToolRules {
    std::vector<std::uint32_t> any_resource;
    PathRules resources;
  };

  StringMap<ToolRules> tools;
  std::vector<std::uint32_t> tool_globs;
  StringMap<std::vector<std::uint32_t>> servers;
  std::vector<std::uint32_t> server_globs;
  StringMap<std::vector<std::uint32_t>> programs;
  std::vector<std::uint32_t> command_globs;
  std::vector<std::uint32_t> command_patterns;  ///< also tried on the whole command text
  PathRules files;
  std::vector<std::uint32_t> strict_files;  ///< path rules that ask or deny
};

}  // namespace oap::permission
