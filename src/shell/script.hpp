#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oap::shell {

/// How far a word is known before the shell runs it.
enum class WordKind : std::uint8_t {
  kStatic,   ///< exactly this text
  kTilde,    ///< begins with an unquoted ~: text after it is static, "~" stands for the home
             ///< directory
  kGlob,     ///< holds unquoted * ? [ ]: becomes names of files, or stays as it is
  kDynamic,  ///< holds an expansion; the text is its source
};

struct Redirect {
  enum class Kind : std::uint8_t {
    kRead,          ///< <
    kWrite,         ///< >, >|, &>
    kAppend,        ///< >>, &>>
    kReadWrite,     ///< <>
    kDuplicate,     ///< n>&m, n<&m, n>&-
    kHereDocument,  ///< <<; the target is the delimiter
    kHereString,    ///< <<<; the target is the text
  };
  Kind kind = Kind::kRead;
  std::string target;
  WordKind word = WordKind::kStatic;
  std::string text = {};        ///< of a here-document: its lines, as written
  std::string descriptor = {};  ///< "2", "{name}"; "" where none is written
  std::string op = {};        ///< the operator as written (">|", "&>", "<<-"); "" stands for `kind`
  std::string spelling = {};  ///< of a target that is not kStatic: as the shell would read it back
  bool literal = false;       ///< of a here-document: nothing in it is expanded
};

/// One program call as the shell would make it. `argv[i]` has kind `kinds[i]`; a command of
/// assignments or redirections only has an empty argv.
struct SimpleCommand {
  std::vector<std::string> argv;
  std::vector<WordKind> kinds;
  /// Of words that are not kStatic, as the shell would read them back; "" or absent for the others.
  std::vector<std::string> spellings;
  bool dynamic = false;  ///< some word is kDynamic, or the program word is not static
  bool splits = false;   ///< some expansion stands outside quotes: it may become several words
  std::vector<Redirect> redirects;
  std::vector<std::string>
      assignments;  ///< "NAME=value", "NAME+=value", as written before the program
  std::vector<std::string> assignment_spellings;  ///< likewise
  std::string wrapper;    ///< the program that runs this one ("sudo", "xargs", "bash"); "" for none
  bool possible = false;  ///< a guess at what `wrapper` may run: a caller may forbid by it, never
                          ///< allow, and need not allow it
  static constexpr std::size_t kNobody = static_cast<std::size_t>(-1);
  std::size_t fed_by = kNobody;  ///< index of the simple command whose output is its input, or
                                 ///< whose names its words are to be (`find -exec`, `… | xargs`)
};

/// All simple commands that a script can run, in the order of its text, a wrapper before what it
/// wraps. Data.
struct Script {
  std::vector<SimpleCommand> commands;
  std::vector<std::string> functions;  ///< names that the script (re)defines: functions and aliases
  bool complete = true;  ///< false: something was not understood; what was found is still right
  bool over_limit =
      false;         ///< not complete, as it is too long, deep or intricate: the rest is unseen
  std::string note;  ///< why it is not complete: a sentence
  std::vector<std::string> variables;  ///< names set other than by assignment: for, read, ((x=1)) …
  std::vector<std::string> numbers;    ///< names that are given numbers and nothing else
};

/// True where a program's operands are, or hold, a command to run (ssh, npx, nsenter …), whatever
/// its options. `program` is a base name.
bool runs_operands(std::string_view program);

/// True where an option of the call holds a command, names a program to run or code to load, also
/// abbreviated or in a group (`tar --use=…`, `zip -qTT…`). argv is not empty.
bool has_program_option(const SimpleCommand& command);

/// True where a verb makes the words behind it another program's (`ip netns exec x …`). argv is not
/// empty.
bool runs_by_verb(const SimpleCommand& command);

/// True for shells, wrappers (env, sudo, xargs, find …), interpreters and whatever else runs
/// commands or code that its arguments name. `program` is a base name.
bool is_command_runner(std::string_view program);

/// The program's name without its directory.
std::string_view base_name(std::string_view program);

/// A word as bash would read it back, quoted only where need be; deceptive and control characters
/// as
/// $'\u202e'. For showing to a person.
std::string quote_word(std::string_view word);

/// The command as the shell would read it back, a here-document on lines of its own: what a person
/// is asked to approve. Parsed again it gives the same words, kinds, assignments and redirections;
/// only a deceptive character inside an expansion is shown by its number instead.
std::string render(const SimpleCommand& command);

}  // namespace oap::shell
