#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "shell/parser.hpp"

namespace oap::shell {

/// What the steps of unwrapping need to know of the command in hand. Private to this folder, as all
/// below.
struct Wrapping {
  const SimpleCommand& command;
  std::string program;
  Findings& findings;
  int depth;

  std::size_t size() const { return command.argv.size(); }
  const std::string& word(std::size_t at) const { return command.argv[at]; }
  bool known(std::size_t at) const { return command.kinds[at] != WordKind::kDynamic; }
};

/// While one lives, what is found is only possible.
class Guessing {
 public:
  explicit Guessing(Findings& findings) : findings_(findings) { ++findings_.guessing; }
  ~Guessing() { --findings_.guessing; }
  Guessing(const Guessing&) = delete;
  Guessing& operator=(const Guessing&) = delete;

 private:
  Findings& findings_;
};

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> list);

/// The words from `from` to `to` as a command of their own.
void list_payload(const Wrapping& w, std::size_t from, std::size_t to, bool more_arguments,
                  std::vector<std::string> assignments = {});
/// Shell text: known, of one word, of all words from `from` on joined by blanks.
void parse_text(const Wrapping& w, std::string_view source);
void parse_argument(const Wrapping& w, std::size_t at);
void parse_joined(const Wrapping& w, std::size_t from);

/// The same where it is not certain that it runs.
void guess_text(const Wrapping& w, std::string_view source);
/// Every word from `from` on may be where a command begins, or be one as text.
void guess_from(const Wrapping& w, std::size_t from);

/// Builtins that evaluate their arguments, set variables or change what names mean.
void note_builtin(const Wrapping& w);
/// Options of other programs that hold a command.
void unwrap_options(const Wrapping& w);
void unwrap_git(const Wrapping& w);
/// The texts inside an interpreter's code that look like commands.
void guess_code(const Wrapping& w);

}  // namespace oap::shell
