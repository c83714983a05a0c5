#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "cli/commands/commands.hpp"
#include "cli/output.hpp"

namespace oap::cli {
namespace {

/// "oap mcp call --yes" → path "oap mcp call", words "--yes".
struct Entry {
  std::string path;
  std::string options;
  std::string children;
};

std::vector<Entry> entries() {
  std::vector<Entry> list;
  for (const std::string& line : command_words()) {
    Entry entry;
    std::istringstream words(line);
    std::string word;
    while (words >> word) {
      std::string& target = word.starts_with("--") ? entry.options : entry.path;
      target += (target.empty() ? "" : " ") + word;
    }
    const std::size_t last = entry.path.rfind(' ');
    if (last != std::string::npos) {
      const std::string parent = entry.path.substr(0, last);
      const auto found = std::find_if(list.begin(), list.end(),
                                      [&](const Entry& item) { return item.path == parent; });
      if (found != list.end()) {
        found->children += (found->children.empty() ? "" : " ") + entry.path.substr(last + 1);
      }
    }
    list.push_back(std::move(entry));
  }
  return list;
}

std::string bash_script() {
  std::string script =
      "_oap() {\n  local current=${COMP_WORDS[COMP_CWORD]} path=oap word words=\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$path $word\" in\n";
  for (const Entry& entry : entries()) {
    if (entry.path != "oap") {
      script += fmt::format("      '{0}') path='{0}' ;;\n", entry.path);
    }
  }
  script += "    esac\n  done\n  case \"$path\" in\n";
  for (const Entry& entry : entries()) {
    script +=
        fmt::format("    '{}') words='{} {}' ;;\n", entry.path, entry.children, entry.options);
  }
  return script +
         "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n}\n"
         "complete -o default -F _oap oap\n";
}

std::string fish_script() {
  std::string script = "complete -c oap -f\n";
  for (const Entry& entry : entries()) {
    const std::string condition = entry.path == "oap"
                                      ? "__fish_use_subcommand"
                                      : "__fish_seen_subcommand_from " + entry.path.substr(4);
    std::istringstream children(entry.children);
    std::string word;
    while (children >> word) {
      script += fmt::format("complete -c oap -n '{}' -a {}\n", condition, word);
    }
    std::istringstream options(entry.options);
    while (options >> word) {
      script += fmt::format("complete -c oap -n '{}' -l {}\n", condition, word.substr(2));
    }
  }
  return script;
}

}  // namespace

int completion_command(const Common& /*common*/, const CompletionArgs& args) {
  if (args.shell == "fish") {
    print(fish_script());
  } else if (args.shell == "zsh") {
    print("#compdef oap\nautoload -U +X bashcompinit && bashcompinit\n" + bash_script());
  } else {
    print(bash_script());
  }
  return 0;
}

}  // namespace oap::cli
