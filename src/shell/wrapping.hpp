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
  std::size_t index = SimpleCommand::kNobody;  ///< of the command among those found

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

/// The words from `from` to `to` as a command of their own. True where it reads commands from its
/// input.
bool list_payload(const Wrapping& w, std::size_t from, std::size_t to, bool more_arguments,
                  std::vector<std::string> assignments = {});
/// Shell text: known, of one word, of all words from `from` on joined by blanks.
void parse_text(const Wrapping& w, std::string_view source);
void parse_argument(const Wrapping& w, std::size_t at);
/// Gives the text.
std::string parse_joined(const Wrapping& w, std::size_t from);

/// The same where it is not certain that it runs.
void guess_text(const Wrapping& w, std::string_view source);
/// The same, and what stands behind the marks of values: exec=…, ProxyCommand=…, !…, .shell …
void guess_value(const Wrapping& w, std::string_view value);
/// Every word from `from` on may be where a command begins, or be one as text.
void guess_from(const Wrapping& w, std::size_t from);

/// Builtins that evaluate their arguments, set variables or change what names mean.
void note_builtin(const Wrapping& w);
/// Options of other programs that hold a command.
void unwrap_options(const Wrapping& w);
void unwrap_git(const Wrapping& w);
/// The texts inside an interpreter's code that look like commands.
void guess_code(const Wrapping& w);
/// Every word of a text in a language that is not read may be a program.
void guess_mentioned(const Wrapping& w, std::string_view text);
/// Notes programs that take their input, or a file that stands for it, for code.
void note_code_input(const Wrapping& w);
/// What is given to such programs, and to shells, by here-documents, here-strings and echo.
void guess_inputs(Findings& findings);

/// A text as a shell without bash's extensions reads it.
std::string plain_reading(std::string_view text);
/// Text for /bin/sh: doubted, and read the other way too, where bash reads it otherwise.
void note_plain_shell(const Wrapping& w, std::string_view text);
/// The same for the text that a shell is given; bash reads it as we do, but for --posix.
void note_dialect(const Wrapping& w, std::string_view text);

/// Programs that a call runs without being told so: ssh for `git fetch host:path`.
void guess_implied(const Wrapping& w);
/// Options that name a program, and verbs behind which one stands.
void guess_programs(const Wrapping& w);

}  // namespace oap::shell
