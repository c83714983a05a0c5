#include "permission/command_facets.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "permission/build_calls.hpp"
#include "permission/call_facet.hpp"
#include "permission/directories.hpp"
#include "permission/git_calls.hpp"
#include "permission/glob_words.hpp"
#include "permission/inline_code.hpp"
#include "permission/launchers.hpp"
#include "permission/made_files.hpp"
#include "permission/made_links.hpp"
#include "permission/mentions.hpp"
#include "permission/open_words.hpp"
#include "permission/path_resolver.hpp"
#include "permission/paths.hpp"
#include "permission/programs.hpp"
#include "permission/touched_paths.hpp"
#include "shell/parse.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

using shell::Redirect;
using shell::SimpleCommand;
using shell::WordKind;

std::string assigned_name(std::string_view assignment) {
  return std::string(assignment.substr(0, assignment.find_first_of("[+=")));
}

bool is_directory(const std::string& where, const std::string& name) {
  std::error_code error;
  return std::filesystem::is_directory(std::filesystem::path(where) / name, error);
}

bool is_there(const std::string& where, const std::string& name) {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(std::filesystem::path(where) / name, error);
  return std::filesystem::exists(status);
}

bool is_same_place(const std::string& one, std::string_view other) {
  std::error_code error;
  return one == other || std::filesystem::equivalent(one, other, error);
}

/// Reads a script's commands in order and keeps the directories that it may be in.
class Reader {
 public:
  Reader(const shell::Script& script, std::string_view cwd, std::string_view workspace,
         Facets& facets)
      : script_(script),
        workspace_(workspace),
        facets_(facets),
        resolver_(workspace),
        places_(cwd),
        paths_(facets, resolver_, places_) {}

  void read() {
    for (const SimpleCommand& command : script_.commands) {
      if (command.possible) {
        add_possible(command);
        continue;
      }
      for (const std::string& assignment : command.assignments) {
        note_assignment(command, assignment);
      }
      for (const Redirect& redirect : command.redirects) {
        add_redirect(redirect);
      }
      if (!command.argv.empty()) {
        add_call(command);
      }
    }
    if (!links_.follow(workspace_, facets_.paths)) {
      note_doubt("it reaches files through names that it makes itself");
    }
    if (const std::string file = made_.run_and_made(facets_.paths); !file.empty()) {
      note_doubt("it runs " + file + ", which it writes itself");
    }
    if (resolver_.exhausted() || paths_.full()) {
      note_doubt("it touches too many files to look at each");
    }
    for (const std::string& name : script_.variables) {
      if (is_environment_name(name)) {
        note_variable(name);
      }
    }
    facets_.over_limit = script_.over_limit;
    if (!script_.complete) {
      note_doubt(script_.note);
    }
    if (!unsafe_.empty()) {
      note_doubt("it sets " + unsafe_);
    }
  }

 private:
  void note_doubt(std::string_view doubt) {
    if (facets_.doubt.empty()) {
      facets_.doubt = doubt;
    }
  }

  void note_assignment(const SimpleCommand& command, const std::string& assignment) {
    const std::string name = assigned_name(assignment);
    const bool own = command.argv.empty() && is_own_variable(name);
    const bool separates = name == "IFS" && !command.argv.empty() && command.argv[0] == "read";
    if (own || separates) {
      return;
    }
    note_variable(name);
    if (assignment.find_first_of("$`") != std::string::npos) {
      note_doubt("a variable's value is not known before it runs");
    }
  }

  void note_variable(const std::string& name) {
    if (!is_safe_variable(name) && unsafe_.empty()) {
      unsafe_ = name;
    }
  }

  void add_redirect(const Redirect& redirect) {
    if (redirect.kind == Redirect::Kind::kDuplicate ||
        redirect.kind == Redirect::Kind::kHereDocument ||
        redirect.kind == Redirect::Kind::kHereString) {
      return;
    }
    const bool exact = redirect.word == WordKind::kStatic || redirect.word == WordKind::kTilde;
    if (!exact && (redirect.target.starts_with("<(") || redirect.target.starts_with(">(")) &&
        redirect.target.find(')') + 1 == redirect.target.size()) {
      return;  // its commands are looked at themselves
    }
    if (exact && is_harmless_device(redirect.target)) {
      return;
    }
    if (redirect.target.starts_with("/dev/tcp/") || redirect.target.starts_with("/dev/udp/")) {
      note_doubt("it opens a network connection");
    }
    std::string target = redirect.target;
    if (redirect.word == WordKind::kStatic && target.starts_with('~')) {
      target.insert(0, "./");
    }
    if (redirect.kind == Redirect::Kind::kRead || redirect.kind == Redirect::Kind::kReadWrite) {
      paths_.add(target, {.access = Action::kRead, .exact = exact, .redirect = true});
    }
    if (redirect.kind != Redirect::Kind::kRead) {
      paths_.add(target, {.access = Action::kWrite, .exact = exact, .redirect = true});
    }
  }

  /// What may run is only matched against rules that ask or deny.
  void add_possible(const SimpleCommand& command) {
    paths_.guess(true);
    for (const Redirect& redirect : command.redirects) {
      add_redirect(redirect);
    }
    if (!command.argv.empty() && command.kinds.front() == WordKind::kStatic) {
      CommandFacet facet = call_facet(command);
      facet.possible = true;
      add_operands(command);
      facets_.commands.push_back(std::move(facet));
    }
    paths_.guess(false);
  }

  void add_call(const SimpleCommand& command) {
    CommandFacet facet = call_facet(command);
    facet.open = command.dynamic && words_cannot_matter(command, script_);
    const bool message =
        command.dynamic && (is_open_in_message(command) || is_open_in_number(command, script_));
    facet.harmless = prints_here_document(command) || is_control(command, script_, facet.open) ||
                     moves_inside(command);
    const auto module = module_call(command);
    std::string hazard = call_hazard(command);
    if (module && hazard.empty()) {
      hazard = call_hazard(*module);
    }
    facet.doubt = doubt_of(command, facet.name, facet.open || message, hazard);
    if (facet.doubt.empty()) {
      facet.doubt = place_doubt(command, facet.name);
    }
    if (module && facet.doubt.empty()) {
      facet.doubt = place_doubt(*module, std::string(shell::base_name(module->argv.front())));
    }
    if (facet.doubt.empty() && command.argv.size() > 1 && command.kinds[1] == WordKind::kGlob &&
        takes_verb(facet.name)) {
      facet.doubt = "a pattern of file names stands where it is told what to do";
    }
    facet.launches = launch_doubt(command, hazard);
    const std::size_t paths = facets_.paths.size();
    const std::size_t offered = paths_.offered();
    add_operands(command);
    if (module) {
      add_operands(*module);
    }
    if (facets_.looks_up_globs) {
      add_mentions(command, paths_.offered() != offered && facet.name != "git");
    }
    links_.note(command, places_.all(), paths, facets_.paths.size());
    made_.note(command, places_.all(), facets_.paths, paths);
    follow(command, facet.name);
    facets_.commands.push_back(std::move(facet));
    add_same(command);
  }

  /// `cd` to a place inside the workspace that is known: what comes after is judged there.
  bool moves_inside(const SimpleCommand& command) {
    if (command.argv.front() != "cd" || command.argv.size() != 2 ||
        command.kinds[1] != WordKind::kStatic || command.argv[1].find_first_of("-+~") == 0 ||
        !command.redirects.empty() || !command.assignments.empty() || !places_.known()) {
      return false;
    }
    return !goes_up(command.argv[1]) &&
           std::all_of(places_.all().begin(), places_.all().end(), [&](const std::string& from) {
             return resolver_.facet(command.argv[1], Action::kRead, from).inside;
           });
  }

  /// Other names for the same: rules that ask or deny count for them too.
  void add_same(const SimpleCommand& command) {
    for (std::vector<std::string>& argv : same_calls(command.argv)) {
      SimpleCommand other;
      other.kinds.assign(argv.size(), WordKind::kStatic);
      other.argv = std::move(argv);
      CommandFacet facet = call_facet(other);
      facet.possible = true;
      facets_.commands.push_back(std::move(facet));
    }
  }

  void add_operands(const SimpleCommand& command) {
    for (const FileOperand& operand : file_operands(command)) {
      if ((operand.glob && add_globbed(operand)) || add_given(command, operand)) {
        continue;
      }
      add_operand(operand);
    }
  }

  void add_operand(const FileOperand& operand) {
    if (!is_harmless_device(operand.path)) {
      paths_.add(operand.path, {.access = operand.access,
                                .exact = operand.exact,
                                .tree = operand.tree,
                                .possible = operand.possible,
                                .unsure = operand.unsure,
                                .operand = &operand});
    }
  }

  /// The names that find or the command before xargs gives; false where they cannot be told.
  bool add_given(const SimpleCommand& command, const FileOperand& operand) {
    const bool given = operand.path.empty() || operand.path == "{}";
    if (!given || operand.exact || operand.access != Action::kRead ||
        command.fed_by >= script_.commands.size()) {
      return false;
    }
    const auto files = names_given_by(script_.commands[command.fed_by], command.wrapper == "find");
    if (!files) {
      return false;
    }
    paths_.note_offered();
    for (const FileOperand& one : *files) {
      add_operand(one);
    }
    return true;
  }

  /// The files that a glob names now; false where they cannot be told.
  bool add_globbed(const FileOperand& operand) {
    if (!facets_.looks_up_globs || !places_.known() || places_.all().size() > 1 ||
        changes_globs(script_)) {
      return false;
    }
    const auto paths = expand_glob(operand.path, places_.first());
    for (std::size_t i = 0; paths && i < paths->size(); ++i) {
      paths_.add((*paths)[i],
                 {.access = operand.access,
                  .tree = operand.tree,
                  .possible = operand.possible,
                  .unmatched = paths->size() == 1 && paths->front() == operand.path,
                  .operand = &operand},
                 operand.path);
    }
    return paths.has_value();
  }

  /// What any word may name: a program that is not known may read and change it, and so may an
  /// option of one that is.
  void add_mentions(const SimpleCommand& command, bool known) {
    for (const Mention& mention : mentions_of(command, known)) {
      const bool directory = is_directory(places_.first(), mention.path);
      if (mention.by_name && !directory && !is_there(places_.first(), mention.path)) {
        continue;
      }
      const bool pathspec = !mention.writes && finds_by_pathspec(command) &&
                            mention.path.find_first_of("*?[") != std::string::npos;
      paths_.add(mention.path,
                 {.tree = directory, .possible = true, .unmatched = pathspec, .mentioned = true});
      if (mention.writes) {
        paths_.add(
            mention.path,
            {.access = Action::kWrite, .possible = true, .may_write = true, .mentioned = true});
      }
    }
  }

  std::string doubt_of(const SimpleCommand& command, const std::string& name, bool open,
                       const std::string& hazard) const {
    if (command.dynamic && !open) {
      return "its words are not all known before it runs";
    }
    if (std::find(script_.functions.begin(), script_.functions.end(), name) !=
        script_.functions.end()) {
      return "the command defines " + name + " itself";
    }
    return call_doubt(command, hazard);
  }

  /// A build or a script in a place outside the workspace that the command itself went to or named.
  std::string place_doubt(const SimpleCommand& command, const std::string& name) const {
    const bool elsewhere = !is_same_place(places_.first(), workspace_);
    const auto begin = places_.all().begin() + (elsewhere ? 0 : 1);
    const bool moved = begin != places_.all().end() || !places_.known();
    if (moved && works_from_directory(name)) {
      const bool inside =
          std::all_of(begin, places_.all().end(), [&](const std::string& directory) {
            return path_facet(".", Action::kRead, directory, workspace_).inside;
          });
      if (!inside || !places_.known()) {
        return name + " takes its work from a directory outside the workspace";
      }
    }
    if (moved && name == "git" &&
        std::any_of(begin, places_.all().end(), [&](const std::string& place) {
          return is_in_other_repository(place, workspace_);
        })) {
      return "git reads its settings from another repository there";
    }
    for (const std::string& place : work_places(command)) {
      const PathFacet facet = path_facet(place, Action::kRead, places_.first(), workspace_);
      if (!facet.inside) {
        return name + " takes its work from " + place + ", which is outside the workspace";
      }
    }
    return {};
  }

  /// What a call changes for those after it.
  void follow(const SimpleCommand& command, const std::string& name) {
    if (name == "export" || name == "declare" || name == "typeset" || name == "readonly" ||
        name == "local") {
      for (std::size_t i = 1; i < command.argv.size(); ++i) {
        const std::string& word = command.argv[i];
        const std::string given = assigned_name(word);
        if (word.find('=') != std::string::npos) {
          note_variable(given);
        }
      }
    }
    if (places_.follow(command, name, resolver_)) {
      paths_.moved();
    }
  }

  const shell::Script& script_;
  std::string_view workspace_;
  Facets& facets_;
  PathResolver resolver_;
  MadeLinks links_;
  MadeFiles made_;
  Directories places_;
  TouchedPaths paths_;
  std::string unsafe_;
};

}  // namespace

void add_command(std::string_view source, std::string_view cwd, std::string_view workspace,
                 Facets& facets) {
  facets.runs_commands = true;
  facets.command_text = text::trim(source);
  const shell::Script script = shell::parse_with_values(source);
  Reader(script, cwd, workspace, facets).read();
}

}  // namespace oap::permission
