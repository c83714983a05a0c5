#include "permission/open_words.hpp"

#include <algorithm>

#include "permission/words.hpp"
#include "shell/name_set.hpp"

namespace oap::permission {
namespace {

using shell::WordKind;

/// `[ -n "$x" ]`, `test "$a" = b`: an operator that is written out, with its operands unsplit. Any
/// other form might evaluate a subscript (-v) that the operand brings along.
bool is_plain_test(const shell::SimpleCommand& command) {
  std::size_t size = command.argv.size();
  if (command.argv.front() == "[") {
    if (size < 2 || command.argv.back() != "]") {
      return false;
    }
    --size;
  }
  const auto known = [&](std::size_t i) { return command.kinds[i] == WordKind::kStatic; };
  if (command.splits) {
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

bool words_cannot_matter(const shell::SimpleCommand& command) {
  static const shell::NameSet kAnyArguments(
      " grep egrep fgrep wc ls basename dirname cat head tail stat md5sum sha1sum sha256sum "
      "sha512sum cksum du echo ");
  if (command.kinds.front() != WordKind::kStatic || !command.assignments.empty()) {
    return false;
  }
  const std::string& program = command.argv.front();
  const bool open = std::find(command.kinds.begin(), command.kinds.end(), WordKind::kDynamic) !=
                    command.kinds.end();
  if (!open) {
    return Words::one_of(command.wrapper, {"xargs", "find"}) && kAnyArguments.contains(program);
  }
  if (Words::one_of(program, {"test", "["})) {
    return is_plain_test(command);
  }
  if (program == "printf") {
    return command.kinds[1] == WordKind::kStatic && !command.argv[1].starts_with('-');
  }
  return Words::one_of(program, {"echo", "basename", "dirname"});
}

bool prints_here_document(const shell::SimpleCommand& command) {
  return command.argv.size() == 1 && command.argv.front() == "cat" &&
         command.redirects.size() == 1 &&
         command.redirects.front().kind == shell::Redirect::Kind::kHereDocument;
}

}  // namespace oap::permission
