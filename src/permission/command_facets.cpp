#include "permission/command_facets.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "permission/launchers.hpp"
#include "permission/paths.hpp"
#include "permission/programs.hpp"
#include "shell/parse.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

using shell::Redirect;
using shell::SimpleCommand;
using shell::WordKind;

constexpr std::size_t kMaxDirectories = 8;
constexpr std::size_t kMaxStrictTexts = 8;
constexpr std::size_t kMaxMentions = 32;

std::string join_from(const std::vector<std::string>& words, std::string_view first,
                      std::size_t from) {
  std::string out(first);
  for (std::size_t i = from; i < words.size(); ++i) {
    out += ' ';
    out += words[i];
  }
  return out;
}

std::string assigned_name(std::string_view assignment) {
  return std::string(assignment.substr(0, assignment.find_first_of("[+=")));
}

/// Reads a script's commands in order and keeps the directories that it may be in.
class Reader {
 public:
  Reader(const shell::Script& script, std::string_view cwd, std::string_view workspace,
         Facets& facets)
      : script_(script), workspace_(workspace), facets_(facets), directories_{std::string(cwd)} {}

  void read() {
    for (const SimpleCommand& command : script_.commands) {
      if (command.possible) {
        add_possible(command);
        continue;
      }
      for (const std::string& assignment : command.assignments) {
        note_variable(assigned_name(assignment));
      }
      for (const Redirect& redirect : command.redirects) {
        add_redirect(redirect);
      }
      if (!command.argv.empty()) {
        add_call(command);
      }
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

  void note_variable(const std::string& name) {
    if (!is_safe_variable(name) && unsafe_.empty()) {
      unsafe_ = name;
    }
  }

  void add_path(std::string_view path, Action access, bool exact, bool tree, bool redirect) {
    const bool absolute = path.starts_with('/') || path.starts_with('~');
    for (const std::string& directory : directories_) {
      PathFacet facet =
          path_facet(exact ? path : std::string_view("."), access, directory, workspace_);
      facet.exact = facet.exact && exact && (absolute || directories_known_);
      facet.tree = tree;
      facet.redirect = redirect;
      facet.shown = path;
      facets_.paths.push_back(std::move(facet));
      if (absolute || !exact) {
        return;
      }
    }
  }

  void add_redirect(const Redirect& redirect) {
    if (redirect.kind == Redirect::Kind::kDuplicate ||
        redirect.kind == Redirect::Kind::kHereDocument ||
        redirect.kind == Redirect::Kind::kHereString) {
      return;
    }
    const bool exact = redirect.word == WordKind::kStatic || redirect.word == WordKind::kTilde;
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
      add_path(target, Action::kRead, exact, false, true);
    }
    if (redirect.kind != Redirect::Kind::kRead) {
      add_path(target, Action::kWrite, exact, false, true);
    }
  }

  /// What may run is only matched against rules that ask or deny.
  void add_possible(const SimpleCommand& command) {
    if (command.argv.empty() || command.kinds.front() != WordKind::kStatic) {
      return;
    }
    CommandFacet facet = call_facet(command);
    facet.possible = true;
    const std::size_t paths = facets_.paths.size();
    add_operands(command);
    for (std::size_t i = paths; i < facets_.paths.size(); ++i) {
      facets_.paths[i].possible = true;
    }
    facets_.commands.push_back(std::move(facet));
  }

  void add_call(const SimpleCommand& command) {
    CommandFacet facet = call_facet(command);
    facet.doubt = doubt_of(command, facet.name);
    facet.launches = launch_doubt(command);
    const std::size_t paths = facets_.paths.size();
    add_operands(command);
    if (facets_.paths.size() == paths) {
      add_mentions(command);
    }
    follow(command, facet.name);
    facets_.commands.push_back(std::move(facet));
  }

  void add_operands(const SimpleCommand& command) {
    for (const FileOperand& operand : file_operands(command)) {
      if (!is_harmless_device(operand.path)) {
        add_path(operand.path, operand.access, operand.exact, operand.tree, false);
      }
    }
  }

  /// A program that is not known may read and change whatever it is given.
  void add_mentions(const SimpleCommand& command) {
    static constexpr std::string_view kHarmless =
        " echo printf test [ cd pushd true false : export ";
    const std::string name(shell::base_name(command.argv.front()));
    if (kHarmless.find(" " + name + " ") != std::string_view::npos) {
      return;
    }
    for (std::size_t i = 1; i < command.argv.size() && i <= kMaxMentions; ++i) {
      std::string_view word = command.argv[i];
      const std::size_t mark = word.find_first_of("=@");
      if (mark != std::string_view::npos && mark + 1 < word.size()) {
        word.remove_prefix(mark + 1);
      }
      while (word.starts_with('@')) {
        word.remove_prefix(1);
      }
      const bool file = word.find_first_of("/.~") != std::string_view::npos &&
                        word.find("://") == std::string_view::npos;
      const bool exact =
          command.kinds[i] == WordKind::kStatic || command.kinds[i] == WordKind::kTilde;
      if (file && exact && !word.starts_with('-')) {
        add_path(word, Action::kRead, true, false, false);
        facets_.paths.back().possible = true;
      }
    }
  }

  CommandFacet call_facet(const SimpleCommand& command) {
    const std::string& word = command.argv.front();
    CommandFacet facet;
    facet.argv = command.argv;
    while (facet.known_words < command.kinds.size() &&
           command.kinds[facet.known_words] == WordKind::kStatic) {
      ++facet.known_words;
    }
    facet.name = shell::base_name(word);
    const std::size_t slash = word.rfind('/');
    const bool plain = slash == std::string::npos;
    const bool trusted = plain || is_trusted_directory(std::string_view(word).substr(0, slash));
    facet.program = trusted ? facet.name : word;
    facet.text = join_from(command.argv, facet.program, 1);
    if (!plain && trusted) {
      facet.more_texts.push_back(join_from(command.argv, word, 1));
    }
    add_strict_texts(facet);
    facet.shown = shell::render(command);
    return facet;
  }

  /// Options before a subcommand must not hide it from a rule that forbids it.
  static void add_strict_texts(CommandFacet& facet) {
    if (facet.program != facet.name) {
      facet.strict_texts.push_back(join_from(facet.argv, facet.name, 1));
    }
    for (std::size_t i = 1;
         i + 1 < facet.argv.size() && facet.strict_texts.size() < kMaxStrictTexts; ++i) {
      const bool option = facet.argv[i].starts_with('-');
      const bool value = i > 1 && facet.argv[i - 1].starts_with('-');
      if (!option && !value) {
        break;
      }
      facet.strict_texts.push_back(join_from(facet.argv, facet.name, i + 1));
    }
  }

  std::string doubt_of(const SimpleCommand& command, const std::string& name) const {
    if (command.dynamic) {
      return "its words are not all known before it runs";
    }
    if (std::find(script_.functions.begin(), script_.functions.end(), name) !=
        script_.functions.end()) {
      return "the command defines " + name + " itself";
    }
    return call_doubt(command);
  }

  /// What a call changes for those after it.
  void follow(const SimpleCommand& command, const std::string& name) {
    if (name == "export" || name == "declare" || name == "typeset" || name == "readonly" ||
        name == "local") {
      for (std::size_t i = 1; i < command.argv.size(); ++i) {
        if (command.argv[i].find('=') != std::string::npos) {
          note_variable(assigned_name(command.argv[i]));
        }
      }
    }
    if (name != "cd" && name != "pushd" && name != "popd") {
      return;
    }
    std::size_t at = 1;
    while (at < command.argv.size() && command.argv[at].starts_with('-') &&
           command.argv[at].size() > 1) {
      ++at;
    }
    const bool known =
        name != "popd" && at < command.argv.size() && command.argv[at] != "-" &&
        command.argv[at].find_first_of("+-") != 0 &&
        (command.kinds[at] == WordKind::kStatic || command.kinds[at] == WordKind::kTilde);
    const bool home = name == "cd" && at >= command.argv.size();
    if (!known && !home) {
      directories_known_ = false;
      return;
    }
    const std::string target = home ? "~" : command.argv[at];
    std::vector<std::string> further;
    for (const std::string& directory : directories_) {
      further.push_back(path_facet(target, Action::kRead, directory, workspace_).canonical);
    }
    for (std::string& directory : further) {
      if (std::find(directories_.begin(), directories_.end(), directory) == directories_.end()) {
        directories_.push_back(std::move(directory));
      }
    }
    if (directories_.size() > kMaxDirectories) {
      directories_.resize(kMaxDirectories);
      directories_known_ = false;
    }
  }

  const shell::Script& script_;
  std::string_view workspace_;
  Facets& facets_;
  std::vector<std::string> directories_;
  bool directories_known_ = true;
  std::string unsafe_;
};

}  // namespace

void add_command(std::string_view source, std::string_view cwd, std::string_view workspace,
                 Facets& facets) {
  facets.runs_commands = true;
  facets.command_text = text::trim(source);
  const shell::Script script = shell::parse(source);
  Reader(script, cwd, workspace, facets).read();
}

}  // namespace oap::permission
