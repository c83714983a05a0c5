#include "permission/facets.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "os/file.hpp"
#include "permission/command_facets.hpp"
#include "permission/paths.hpp"
#include "permission/programs.hpp"
#include "shell/script.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

enum class Kind : std::uint8_t { kReads, kWrites, kShell, kOther, kServer, kUnknown };

constexpr std::array<std::string_view, 5> kPathKeys = {"path", "file_path", "source", "destination",
                                                       "directory"};

Kind kind_of_tool(const std::string& tool, bool known) {
  if (tool == "read_file" || tool == "list_dir" || tool == "glob" || tool == "grep") {
    return Kind::kReads;
  }
  if (tool == "write_file" || tool == "edit_file") {
    return Kind::kWrites;
  }
  if (tool == "bash" || tool == "run_command") {
    return Kind::kShell;
  }
  return known ? Kind::kOther : Kind::kUnknown;
}

std::optional<Action> file_access(const std::string& action) {
  if (action == "read") {
    return Action::kRead;
  }
  if (action == "write") {
    return Action::kWrite;
  }
  return action == "delete" ? std::optional(Action::kDelete) : std::nullopt;
}

/// Control characters anywhere, or blanks at an end: what looks like one name and is another.
bool is_bad_name(std::string_view name) {
  return std::any_of(name.begin(), name.end(),
                     [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }) ||
         name.starts_with(' ') || name.ends_with(' ');
}

class Deriver {
 public:
  Deriver(const Request& request, const FacetContext& context)
      : request_(request), context_(context) {}

  Facets derive() {
    facets_.looks_up_globs = context_.strict_paths;
    name_tool();
    const bool known = context_.known_tools.contains(facets_.tool);
    const bool of_server = facets_.tool.find("__") != std::string::npos;
    const Kind kind = of_server ? Kind::kServer : kind_of_tool(facets_.tool, known);
    facets_.known = known || of_server;
    if (known && !of_server && facets_.server.empty()) {
      facets_.server = kBuiltinServer;
    }
    const std::optional<Action> access = file_access(request_.action);
    switch (kind) {
      case Kind::kReads:
        add_arguments(access.value_or(Action::kRead));
        add_search();
        break;
      case Kind::kWrites:
        add_arguments(access.value_or(Action::kWrite));
        break;
      case Kind::kShell:
        add_shell(access);
        break;
      case Kind::kOther:
      case Kind::kServer:
        add_other(access);
        break;
      case Kind::kUnknown:
        add_unknown(access);
        break;
    }
    add_actions(kind, access);
    return std::move(facets_);
  }

 private:
  std::string_view argument(std::string_view key) const {
    const json::Value* value = json::find(request_.arguments, key);
    return value != nullptr && value->is_string() ? json::view(value->get_string())
                                                  : std::string_view();
  }

  /// Finds out which server and which public name are meant.
  void name_tool() {
    std::string server = request_.server;
    std::string tool = request_.tool;
    if (server.empty() && tool == "mcp" && !argument("server").empty()) {
      server = argument("server");
      tool = argument("tool");
    }
    if (server.empty()) {
      const std::size_t split = tool.find("__");
      if (split != std::string::npos && split > 0) {
        server = tool.substr(0, split);
        tool = tool.substr(split + 2);
      }
    }
    facets_.bad_name = is_bad_name(server) || is_bad_name(tool);
    if (server.empty() || server == "default" || server == kBuiltinServer) {
      facets_.tool = std::move(tool);
      facets_.server = server.empty() ? "" : std::string(kBuiltinServer);
      return;
    }
    const std::string prefix = server + "__";
    facets_.tool = tool.starts_with(prefix) ? tool : prefix + tool;
    facets_.server = std::move(server);
  }

  const std::string& workspace() {
    if (workspace_.empty()) {
      const std::string& given = request_.workspace;
      const bool usual = given.empty() || given == context_.given_workspace;
      auto canonical = usual ? Result<std::string>(context_.workspace) : os::canonical_path(given);
      workspace_ = canonical ? *canonical : given;
    }
    return workspace_;
  }

  const std::string& cwd() {
    if (cwd_.empty()) {
      if (request_.cwd.empty() || request_.cwd == request_.workspace) {
        cwd_ = workspace();
      } else {
        auto canonical = os::canonical_path(lexical_path(request_.cwd, workspace()));
        cwd_ = canonical ? *canonical : workspace();
      }
    }
    return cwd_;
  }

  void add_path(std::string_view path, Action access) {
    facets_.paths.push_back(path_facet(path, access, cwd(), workspace()));
  }

  void add_arguments(Action access) {
    const std::size_t before = facets_.paths.size();
    for (const std::string_view key : kPathKeys) {
      if (const std::string_view path = argument(key); !path.empty()) {
        add_path(path, access);
      }
    }
    for (const std::string_view key : {"paths", "files"}) {
      const json::Value* list = json::find(request_.arguments, key);
      if (list == nullptr || !list->is_array()) {
        continue;
      }
      for (const json::Value& path : list->get_array()) {
        if (path.is_string()) {
          add_path(json::view(path.get_string()), access);
        }
      }
    }
    if (!request_.resource.empty()) {
      add_path(request_.resource, access);
    }
    if (facets_.paths.size() == before) {
      add_path(".", access);
    }
  }

  /// Searches that name files beside their directory.
  void add_search() {
    for (const std::string_view key : {"include", "glob"}) {
      add_pattern(argument(key));
    }
    if (facets_.tool == "glob") {
      add_pattern(argument("pattern"));
    }
  }

  /// A pattern reads what lies below its first components, up to the first with a wildcard.
  void add_pattern(std::string_view pattern) {
    const std::size_t wild = pattern.find_first_of("*?[{\\");
    std::string_view fixed = pattern.substr(0, wild);
    if (wild != std::string_view::npos) {
      fixed = fixed.substr(0, fixed.rfind('/') + 1);
    }
    if (fixed.empty() || facets_.paths.empty()) {
      return;
    }
    const std::string base = facets_.paths.front().canonical;
    facets_.paths.push_back(path_facet(fixed, Action::kRead, base, workspace()));
  }

  void add_shell(std::optional<Action> access) {
    std::string_view command = argument("command");
    if (access && !request_.resource.empty()) {
      add_path(request_.resource, *access);
    } else if (command.empty()) {
      command = request_.resource;
    }
    std::string directory = cwd();
    for (const std::string_view key : {"cwd", "working_directory", "working_dir", "workdir"}) {
      if (const std::string_view given = argument(key); !given.empty()) {
        directory = path_facet(given, Action::kRead, cwd(), workspace()).canonical;
      }
    }
    const std::string judged = with_variables(command);
    add_command(judged.empty() ? command : std::string_view(judged), directory, workspace(),
                facets_);
    facets_.command_text = text::trim(command);
  }

  /// The command with what `env` sets before it, as shell text: to be judged, never to be run. What
  /// only the command itself can read is left out: its value stays unknown. Empty where there is
  /// nothing.
  std::string with_variables(std::string_view command) const {
    constexpr std::size_t kKnownBytes = 4096;
    const json::Object* const given = json::find_object(request_.arguments, "env");
    if (given == nullptr || given->empty()) {
      return "";
    }
    std::string judged;
    for (const auto& pair : *given) {
      if (!is_program_variable(pair.key())) {
        continue;
      }
      const json::Value& value = pair.value();
      const bool known = value.is_string() && value.get_string().size() < kKnownBytes;
      const std::string quoted =
          known ? text::replace_all(json::view(value.get_string()), "'", "'\\''") : "";
      judged += std::string(pair.key()) + (known ? "='" + quoted + "'\n" : "=$1\n");
    }
    return judged.append(command);
  }

  void add_other(std::optional<Action> access) {
    if (access && !request_.resource.empty()) {
      add_path(request_.resource, *access);
      return;
    }
    facets_.resource = request_.resource;
    const std::string& resource = facets_.resource;
    const bool unclean = resource.find("//") != std::string::npos ||
                         resource.find("./") != std::string::npos || resource.ends_with("/..");
    if (unclean && resource.find("://") == std::string::npos) {
      const bool absolute = resource.starts_with('/');
      const std::string clean = lexical_path(resource, "/");
      facets_.resource = absolute ? clean : clean.substr(1);
    }
  }

  /// A tool that nobody knows is taken for the program of that name.
  void add_unknown(std::optional<Action> access) {
    if (access) {
      if (request_.resource.empty()) {
        add_arguments(*access);
      } else {
        add_path(request_.resource, *access);
      }
      return;
    }
    std::string line =
        request_.resource.empty() ? std::string(argument("command")) : request_.resource;
    if (line.empty()) {
      line = argument_words();
    }
    const bool named = line == request_.tool || line.starts_with(request_.tool + " ");
    const std::string program = shell::quote_word(request_.tool);
    add_command(named ? line : (line.empty() ? program : program + " " + line), cwd(), workspace(),
                facets_);
  }

  std::string argument_words() const {
    std::string out;
    for (const std::string_view key : {"args", "argv", "arguments"}) {
      const json::Value* list = json::find(request_.arguments, key);
      if (list == nullptr || !list->is_array()) {
        continue;
      }
      for (const json::Value& word : list->get_array()) {
        if (word.is_string()) {
          out += (out.empty() ? "" : " ") + shell::quote_word(json::view(word.get_string()));
        }
      }
    }
    return out;
  }

  void add_actions(Kind kind, std::optional<Action> access) {
    std::vector<Action>& actions = facets_.actions;
    const bool of_server = kind == Kind::kServer;
    if (access) {
      actions.push_back(*access);
    } else if (of_server || request_.action == "invoke") {
      actions.push_back(Action::kInvoke);
    }
    if (!access || (kind != Kind::kUnknown && !of_server)) {
      actions.push_back(Action::kExecute);
    }
    for (const PathFacet& path : facets_.paths) {
      if (std::find(actions.begin(), actions.end(), path.access) == actions.end()) {
        actions.push_back(path.access);
      }
    }
  }

  const Request& request_;
  const FacetContext& context_;
  Facets facets_;
  std::string workspace_;
  std::string cwd_;
};

}  // namespace

Facets derive_facets(const Request& request, const FacetContext& context) {
  return Deriver(request, context).derive();
}

std::vector<std::string> describe(const Facets& facets) {
  std::vector<std::string> out;
  out.push_back("tool " + facets.tool);
  if (!facets.server.empty()) {
    out.push_back("server " + facets.server);
  }
  if (!facets.resource.empty()) {
    out.push_back("resource " + facets.resource);
  }
  for (const CommandFacet& command : facets.commands) {
    out.push_back("command " + command.shown +
                  (command.doubt.empty() ? "" : " (" + command.doubt + ")"));
  }
  for (const PathFacet& path : facets.paths) {
    const std::string& place = path.inside ? path.relative : path.canonical;
    out.push_back(fmt::format("{} {}{}", to_string(path.access), path.exact ? place : path.shown,
                              path.exact ? "" : " (not known before it runs)"));
  }
  if (!facets.doubt.empty()) {
    out.push_back("not fully understood: " + facets.doubt);
  }
  return out;
}

}  // namespace oap::permission
