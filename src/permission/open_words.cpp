#include "permission/open_words.hpp"

#include <algorithm>

#include "permission/programs.hpp"
#include "permission/words.hpp"
#include "shell/name_set.hpp"

namespace oap::permission {
namespace {

using shell::WordKind;

/// Every expansion is of a variable that the script gives numbers only.
bool only_numbers(const shell::SimpleCommand& command, const shell::Script& script) {
  for (std::size_t i = 0; i < command.argv.size(); ++i) {
    std::string_view name = command.argv[i];
    if (command.kinds[i] != WordKind::kDynamic) {
      continue;
    }
    if (!name.starts_with('$') || std::find(script.numbers.begin(), script.numbers.end(),
                                            name.substr(1)) == script.numbers.end()) {
      return false;
    }
  }
  return true;
}

/// A word that is a number, or ends in one, whatever else it is: `$(nproc)`, `-j$(nproc)`.
bool is_number(std::string_view word, const shell::Script& script) {
  const std::size_t begin = word.find_first_of("\"$`");
  if (begin == std::string_view::npos ||
      word.substr(0, begin).find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ=-") != std::string_view::npos) {
    return false;
  }
  word.remove_prefix(begin);
  if (word.size() > 1 && word.front() == '"' && word.back() == '"') {
    word = word.substr(1, word.size() - 2);
  }
  const auto& functions = script.functions;
  return Words::one_of(word, {"$(nproc)", "`nproc`", "$(nproc --all)"}) &&
         std::find(functions.begin(), functions.end(), "nproc") == functions.end();
}

/// `[ -n "$x" ]`, `test "$a" = b`: an operator that is written out, with its operands unsplit. Any
/// other form might evaluate a subscript (-v) that the operand brings along.
bool is_plain_test(const shell::SimpleCommand& command, const shell::Script& script) {
  std::size_t size = command.argv.size();
  if (command.argv.front() == "[") {
    if (size < 2 || command.argv.back() != "]") {
      return false;
    }
    --size;
  }
  const auto known = [&](std::size_t i) { return command.kinds[i] == WordKind::kStatic; };
  if (command.splits && !only_numbers(command, script)) {
    return false;
  }
  if (size == 3) {
    return known(1) && Words::one_of(command.argv[1], {"-n", "-z", "-e", "-f", "-d", "-r", "-w",
                                                       "-x", "-s", "-L", "-h"});
  }
  return size == 4 && known(2) &&
         Words::one_of(command.argv[2],
                       {"=", "==", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot"});
}

}  // namespace

bool words_cannot_matter(const shell::SimpleCommand& command, const shell::Script& script) {
  static const shell::NameSet kAnyArguments(
      " grep egrep fgrep wc ls basename dirname cat head tail stat md5sum sha1sum sha256sum "
      "sha512sum cksum du echo cut tr nl rev tac paste join fold column diff comm cmp jq realpath "
      "readlink sleep seq mkdir touch cp mv chmod kill wait true false ");
  if (command.kinds.front() != WordKind::kStatic || !command.assignments.empty()) {
    return false;
  }
  const std::string& program = command.argv.front();
  const bool open = std::find(command.kinds.begin(), command.kinds.end(), WordKind::kDynamic) !=
                    command.kinds.end();
  if (!open) {
    // What find puts into the place of {} begins with the place that it was given.
    return (command.wrapper == "find" && Words::one_of(program, {"sed", "gsed"})) ||
           (Words::one_of(command.wrapper, {"xargs", "find"}) && kAnyArguments.contains(program));
  }
  if (Words::one_of(program, {"test", "["})) {
    return is_plain_test(command, script);
  }
  if (program == "printf") {
    return command.kinds[1] == WordKind::kStatic && !command.argv[1].starts_with('-');
  }
  return Words::one_of(program, {"echo", "basename", "dirname"}) ||
         (!command.splits && kAnyArguments.contains(program));
}

bool is_open_in_number(const shell::SimpleCommand& command, const shell::Script& script) {
  bool found = false;
  for (std::size_t i = 0; i < command.argv.size(); ++i) {
    if (command.kinds[i] != WordKind::kDynamic) {
      continue;
    }
    found = true;
    const bool valued =
        i > 1 && Words::one_of(command.argv[i - 1], {"-j", "-n", "-P", "--jobs", "--parallel",
                                                     "--workers", "--threads"});
    if ((!valued && !command.argv[i].starts_with('-')) || !is_number(command.argv[i], script)) {
      return false;
    }
  }
  return found && command.wrapper.empty();
}

bool is_open_in_message(const shell::SimpleCommand& command) {
  const Words words(command);
  const bool git = words.is({"git"}) && words.size() > 1 &&
                   Words::one_of(words[1], {"commit", "tag", "merge", "stash", "notes"});
  const bool hub = words.is({"gh", "glab"});
  if ((!git && !hub) || command.splits) {
    return false;
  }
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (command.kinds[i] != WordKind::kDynamic) {
      continue;
    }
    const std::string_view before = words[i - 1];
    const bool group = before.size() > 1 && before[0] == '-' && before[1] != '-';
    const bool message =
        git ? (group && before.ends_with('m')) || before == "--message" ||
                  words[i].starts_with("--message=") || words[i].starts_with("-m")
            : Words::one_of(before, {"-t", "-b", "--title", "--body", "--notes", "-n"}) ||
                  words[i].starts_with("--title=") || words[i].starts_with("--body=");
    if (!message) {
      return false;
    }
  }
  return true;
}

bool is_control(const shell::SimpleCommand& command, const shell::Script& script, bool open) {
  const std::string& program = command.argv.front();
  const bool separates =
      program == "read" && command.assignments.size() == 1 && command.assignments.front() == "IFS=";
  if (command.kinds.front() != WordKind::kStatic || (command.dynamic && !open) ||
      !(command.assignments.empty() || separates) ||
      (!command.wrapper.empty() && command.wrapper != "bash" && command.wrapper != "sh")) {
    return false;
  }
  const auto every = [&](auto test) {
    return std::all_of(command.argv.begin() + 1, command.argv.end(), test);
  };
  if (program == "test" || program == "[") {
    const bool evaluates =
        !every([](const std::string& word) { return word != "-v" && word != "-R"; });
    return !evaluates && (!command.dynamic || is_plain_test(command, script));
  }
  if (Words::one_of(program, {"true", "false", ":"})) {
    return !command.dynamic;
  }
  if (Words::one_of(program, {"exit", "return", "break", "continue", "shift"})) {
    return every([](const std::string& word) {
      return word == "$?" || word.find_first_not_of("0123456789") == std::string::npos;
    });
  }
  if (program == "command" || program == "type") {
    const bool looks = command.argv.size() > 1 &&
                       (program == "type" || Words::one_of(command.argv[1], {"-v", "-V"}));
    return looks && !command.dynamic;
  }
  if (program == "export") {
    return !command.dynamic && command.argv.size() > 1 && every([](const std::string& word) {
      const std::size_t equals = word.find('=');
      return equals != std::string::npos && is_safe_variable(word.substr(0, equals));
    });
  }
  if (program == "set") {
    return every([](const std::string& word) {
      return Words::one_of(word, {"-e", "-u",  "-x",       "-eu",     "-ex",     "-ux",   "-eux",
                                  "-o", "-eo", "-uo",      "-euo",    "-exo",    "-euxo", "+e",
                                  "+u", "+x",  "pipefail", "errexit", "nounset", "xtrace"});
    });
  }
  return program == "read" && every([](const std::string& word) {
           return word == "-r" ||
                  (is_own_variable(word) &&
                   word.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") ==
                       std::string::npos);
         });
}

bool prints_here_document(const shell::SimpleCommand& command) {
  return command.argv.size() == 1 && command.argv.front() == "cat" &&
         command.redirects.size() == 1 &&
         command.redirects.front().kind == shell::Redirect::Kind::kHereDocument;
}

}  // namespace oap::permission
