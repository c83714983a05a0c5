#include "permission/builtin_policy.hpp"

#include <fmt/format.h>

#include "permission/paths.hpp"

namespace oap::permission {
namespace {

Decision asked(std::optional<Level> on_ask, std::string rule, std::string reason) {
  if (on_ask) {
    return {*on_ask, "",
            fmt::format("no rule matches; security.default_permission is {}", to_string(*on_ask))};
  }
  return {Level::kAsk, std::move(rule), std::move(reason)};
}

const Decision& stricter(const Decision& a, const Decision& b) { return b.level > a.level ? b : a; }

bool is_harmless(const std::string& tool) {
  return tool == "skill" || tool == "todo" || tool == "delegate_task" || tool == "read_output";
}

/// A request that is no tool call: a resource, a prompt, a completion, a task's state.
bool reads_from_server(const Facets& facets) {
  const std::string prefix = facets.server + "__" + std::string(kMethodPrefix);
  return !facets.server.empty() && facets.tool.starts_with(prefix) &&
         is_reading_method(std::string_view(facets.tool).substr(prefix.size()));
}

bool works_on_paths(const std::string& tool) {
  return tool == "read_file" || tool == "list_dir" || tool == "glob" || tool == "grep" ||
         tool == "write_file" || tool == "edit_file";
}

}  // namespace

Decision builtin_path(const PathFacet& path, std::optional<Level> on_ask) {
  const bool reads = path.access == Action::kRead;
  if (!path.inside && path.exact && !reads) {
    return {Level::kDeny, "builtin/write-outside",
            fmt::format("{} is outside the workspace", path.canonical)};
  }
  if (is_sensitive(path)) {
    return asked(on_ask, "builtin/sensitive-file",
                 fmt::format("{} may hold credentials", path.shown));
  }
  if (!path.exact) {
    return asked(on_ask, "builtin/unknown-file",
                 fmt::format("{} is not known before it runs", path.shown));
  }
  if (!path.inside) {
    return asked(on_ask, "builtin/read-outside",
                 fmt::format("{} is outside the workspace", path.canonical));
  }
  if (reads) {
    return {Level::kAllow, "builtin/read-workspace", "reading inside the workspace is allowed"};
  }
  return asked(on_ask, "builtin/write-workspace",
               fmt::format("changing {} needs approval", path.relative));
}

Decision builtin_decision(const Facets& facets, std::optional<Level> on_ask) {
  if (reads_from_server(facets)) {
    return {Level::kAllow, "builtin/server-reading",
            fmt::format("resources and prompts of the server {} may be read", facets.server)};
  }
  if (facets.tool.find("__") != std::string::npos) {
    return asked(on_ask, "builtin/server",
                 fmt::format("calls to the server {} need approval", facets.server));
  }
  if (is_harmless(facets.tool)) {
    return {Level::kAllow, "builtin/" + facets.tool, fmt::format("{} is allowed", facets.tool)};
  }
  const bool paths_decide = works_on_paths(facets.tool) && !facets.paths.empty();
  Decision decision =
      paths_decide ? builtin_path(facets.paths.front(), on_ask)
                   : asked(on_ask, "builtin/" + (facets.known ? facets.tool : "unknown-tool"),
                           fmt::format("{} needs approval", facets.tool));
  for (const PathFacet& path : facets.paths) {
    if (path.possible) {
      continue;
    }
    const Decision one = builtin_path(path, on_ask);
    if (paths_decide || one.level == Level::kDeny) {
      decision = stricter(decision, one);
    }
  }
  return decision;
}

const std::vector<std::string>& builtin_policy_text() {
  static const std::vector<std::string> kText = {
      "read_file, list_dir, glob, grep inside the workspace: allow",
      "credential files (.env*, keys, …): ask",
      "write_file, edit_file inside the workspace: ask",
      "bash, run_command, python: ask",
      "skill, todo, delegate_task, read_output: allow",
      "tools of configured servers: ask",
      "resources, prompts and completions of configured servers: allow",
      "reading outside the workspace: ask",
      "writing or deleting outside the workspace: deny",
      "anything else: ask"};
  return kText;
}

}  // namespace oap::permission
