#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "shell/parse.hpp"
#include "shell/values.hpp"
#include "shell/word.hpp"

namespace oap::shell {

/// What all nested parsers of one script gather together. Private to this folder.
struct Findings {
  Script script;
  std::set<std::string, std::less<>> evaluated;  ///< names whose value arithmetic evaluates
  std::set<std::string, std::less<>> numbers;    ///< names that were given a number
  std::set<std::string, std::less<>> others;     ///< names that were given anything else
  KnownValues values;                            ///< what names were given word for word
  const KnownValues* known = nullptr;            ///< put in where the script itself uses them
  std::size_t most = kMaxSourceBytes;            ///< bytes of source, as in parse()
  std::size_t work = 0;
  int guessing = 0;  ///< above 0: what is found is only possible, and doubts are not noted
  bool guesses_documents = false;   ///< what is given to some command may be meant for a shell
  bool reads_input = false;         ///< some shell takes its input for commands
  bool reads_code = false;          ///< some other program takes its input for code
  std::vector<std::string> inputs;  ///< here-documents and here-strings
  std::size_t words = 0;            ///< that braces made
  bool stopped = false;

  void doubt(std::string_view note);
  /// A limit was passed: nothing further is looked at.
  void stop(std::string_view note);
  /// Counts work done; too much of it stops.
  void spend(std::size_t bytes);
  std::size_t most_commands() const { return most / (kMaxSourceBytes / kMaxCommands); }
};

/// Parses a whole source into `findings`; each command found directly gets `wrapper`.
void parse_into(std::string_view source, Findings& findings, int depth, const std::string& wrapper);

/// Lists a command, then what it wraps. True where it is a shell that reads commands from its
/// input.
bool list_command(SimpleCommand command, Findings& findings, int depth);

/// Notes the names whose values the arithmetic text evaluates.
void note_arithmetic(std::string_view text, Findings& findings);

/// One pass over one source by recursive descent. What does not hold commands is skipped exactly,
/// by bash's rules of quoting; compound commands are read flat: their reserved words are stepped
/// over.
class Parser {
 public:
  Parser(std::string_view source, Findings& findings, int depth, std::string wrapper)
      : src_(source), findings_(findings), depth_(depth), wrapper_(std::move(wrapper)) {}

  void parse_all();
  /// The expansions of a here-document's body.
  void parse_here_body();

 private:
  enum class Until { kEnd, kParen, kCaseItem };
  struct HereDocument {
    std::string delimiter;
    bool quoted = false;
    bool strip_tabs = false;
    bool is_script = false;
    std::size_t command = SimpleCommand::kNobody;  ///< whose it is
    std::size_t redirect = 0;                      ///< which of its redirections
  };

  // Lists and commands.
  void parse_list(Until until);
  bool at_list_end(Until until);
  void parse_command(Until until);
  bool parse_reserved();
  void parse_parenthesis();
  void parse_for();
  void parse_case();
  void parse_condition();
  void note_evaluated_operand(const Word& word);
  void parse_function();
  void parse_coproc();
  void parse_simple();
  bool parse_function_definition(const std::vector<Word>& words);
  void finish_simple(SimpleCommand command, const std::vector<Word>& words, std::size_t documents);
  std::vector<Word> expand_words(const std::vector<Word>& words);
  std::vector<std::vector<Word>> forms_of(const std::vector<Word>& words);
  bool puts_values() const { return findings_.known != nullptr && wrapper_.empty(); }
  void guess_forms(const SimpleCommand& command, const std::vector<Word>& words);
  void finish_redirect(SimpleCommand& command, Redirect redirect, const Word& word);
  void parse_trailing_redirects();
  void guess_program_time();

  // Redirections.
  bool at_redirect() const;
  void parse_redirect(SimpleCommand& command);
  void parse_here_document(SimpleCommand& command, Redirect redirect);
  void read_here_documents();
  void read_here_document(const HereDocument& document);

  // Words and expansions.
  Word parse_word(bool may_assign);
  bool parse_special(Word& word);
  void parse_single(Word& word);
  void parse_double(Word& word);
  void parse_ansi(Word& word);
  void parse_dollar(Word& word, bool in_double);
  void parse_parameter(bool in_double);
  void note_parameter(std::string_view written);
  bool parse_arithmetic();
  void parse_old_arithmetic();
  void parse_backtick(bool in_double);
  void parse_nested_list();
  void parse_array(Word& word);
  void parse_subscript(Word& word);
  bool parse_inner(Word& scratch, bool in_double);

  // Characters.
  bool at_end() const { return pos_ >= src_.size() || findings_.stopped; }
  char peek(std::size_t ahead = 0) const {
    return pos_ + ahead < src_.size() ? src_[pos_ + ahead] : '\0';
  }
  bool looking_at(std::string_view text) const { return src_.substr(pos_).starts_with(text); }
  bool at_word(std::string_view word) const;
  bool at_word_end() const;
  /// At `<(` or `>(`.
  bool at_substitution() const { return (peek() == '<' || peek() == '>') && peek(1) == '('; }
  void step(std::size_t count = 1);
  /// Takes the line continuations out of the source that stand right behind the next `ahead` bytes.
  void join_lines(std::size_t ahead);
  void skip_blanks();
  void skip_blanks_and_newlines();
  void skip_newline();
  bool enter();
  void leave() { --depth_; }

  std::string_view src_;
  std::string joined_;
  Findings& findings_;
  int depth_;
  std::string wrapper_;
  std::size_t pos_ = 0;
  std::vector<HereDocument> pending_;
  std::set<std::size_t> not_arithmetic_;
  std::size_t last_simple_ =
      SimpleCommand::kNobody;  ///< the command just read; none where it was compound
  std::size_t feeder_ = SimpleCommand::kNobody;  ///< the command whose output the next one gets
};

}  // namespace oap::shell
