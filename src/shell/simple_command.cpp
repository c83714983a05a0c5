#include <algorithm>
#include <utility>

#include "shell/parser.hpp"
#include "shell/wrapping.hpp"

namespace oap::shell {
namespace {

constexpr std::size_t kMaxInputs = 32;
constexpr std::size_t kMaxBraceWords = 4096;
constexpr std::size_t kMaxForms = 16;

/// Words that begin, continue or end a compound command; met as a program only where a line
/// continuation or the words before hid them.
bool is_reserved(std::string_view word) {
  static constexpr std::string_view kReserved =
      " if then elif else fi while until do done for select case esac function coproc time [[ { } "
      "! "
      "in ";
  return !word.empty() && kReserved.find(" " + std::string(word) + " ") != std::string_view::npos;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Programs whose arguments may be assignments with subscripts and lists.
bool declares(std::string_view program) {
  return program == "declare" || program == "typeset" || program == "local" ||
         program == "export" || program == "readonly";
}

/// The command with these words; redirections and assignments stay.
SimpleCommand with_words(SimpleCommand command, const std::vector<Word>& words) {
  for (const Word& word : words) {
    const WordKind kind = kind_of(word);
    command.argv.push_back(word.text);
    command.kinds.push_back(kind);
    if (kind != WordKind::kStatic) {
      command.spellings.resize(command.argv.size());
      const bool would_assign = command.argv.size() == 1 && assignment_length(word) != 0;
      command.spellings.back() = (would_assign ? "\\" : "") + spell(word);
    }
    command.dynamic = command.dynamic || kind == WordKind::kDynamic;
    command.splits = command.splits || word.splits;
  }
  if (!command.spellings.empty()) {
    command.spellings.resize(command.argv.size());
  }
  if (!command.kinds.empty() && command.kinds.front() == WordKind::kGlob) {
    command.dynamic = true;
  }
  return command;
}

void note_assignment(const Word& word, std::size_t length, Findings& findings) {
  const std::size_t name_end = word.text.find_first_of("[+=");
  const std::string name = word.text.substr(0, name_end);
  const std::string value = word.text.substr(length);
  const bool computed =
      value.starts_with("$((") && value.ends_with("))") && value.find("))") + 2 == value.size();
  (is_number(value) || computed ? findings.numbers : findings.others).insert(name);
  if (name_end < word.text.size() && word.text[name_end] == '[') {
    note_arithmetic(std::string_view(word.text).substr(name_end, length - name_end), findings);
  }
}

}  // namespace

void Parser::parse_simple() {
  SimpleCommand command;
  std::vector<Word> words;
  std::vector<Word> assigned_words;
  const std::size_t documents = pending_.size();
  while (!at_end()) {
    skip_blanks();
    if (at_end() || peek() == '#') {
      break;
    }
    if (at_redirect()) {
      parse_redirect(command);
      continue;
    }
    if (peek() == '(' && parse_function_definition(words)) {
      return;
    }
    if (at_word_end() && !at_substitution()) {
      break;
    }
    const bool may_assign = words.empty() || declares(words.front().text);
    const std::size_t before = pos_;
    const Word word = parse_word(may_assign);
    if (pos_ == before) {
      break;
    }
    const std::size_t assigned = may_assign ? assignment_length(word) : 0;
    if (assigned != 0) {
      note_assignment(word, assigned, findings_);
      assigned_words.push_back(word);
    }
    if (words.empty() && assigned != 0) {
      command.assignments.push_back(word.text);
      command.assignment_spellings.push_back(spell_assignment(word));
    } else {
      words.push_back(word);
    }
  }
  for (const Word& word : assigned_words) {
    note_assigned(word, findings_);
  }
  finish_simple(std::move(command), words, documents);
}

/// At a `(` inside a simple command: true where it was `name ()`. Otherwise nothing is taken.
bool Parser::parse_function_definition(const std::vector<Word>& words) {
  const std::size_t before = pos_;
  if (words.size() == 1) {
    step();
    skip_blanks();
    if (peek() == ')') {
      step();
      findings_.script.functions.push_back(words.front().text);
      return true;
    }
  }
  pos_ = before;
  findings_.doubt("an unexpected (");
  return false;
}

/// The words after brace expansion; one that has too many stays as it is, and is not known.
std::vector<Word> Parser::expand_words(const std::vector<Word>& words) {
  std::vector<Word> out;
  for (const Word& written : words) {
    bool overflow = findings_.words > kMaxBraceWords;
    std::vector<Word> made =
        overflow ? std::vector<Word>{written} : expand_braces(written, overflow);
    findings_.words += made.size() - 1;
    if (overflow && written.text.find('{') != std::string::npos) {
      findings_.doubt("its braces make words that are not known");
      made.assign(1, written);
      std::fill(made[0].marks.begin(), made[0].marks.end(), static_cast<char>(Mark::kExpansion));
    }
    for (Word& word : made) {
      if (!word.empty() || written.quoted) {
        out.push_back(std::move(word));
      }
    }
  }
  return out;
}

/// The command's words once for each of the values that are put into them.
std::vector<std::vector<Word>> Parser::forms_of(const std::vector<Word>& words) {
  std::vector<std::vector<Word>> forms(1);
  for (const Word& word : words) {
    const std::vector<Word> values = put_values(word, *findings_.known);
    if (forms.size() * values.size() > kMaxForms) {
      return {words};
    }
    const std::size_t before = forms.size();
    for (std::size_t n = 1; n < values.size(); ++n) {
      for (std::size_t i = 0; i < before; ++i) {
        forms.push_back(forms[i]);
      }
    }
    for (std::size_t i = 0; i < forms.size(); ++i) {
      forms[i].push_back(values.empty() ? word : values[i / before]);
    }
  }
  return forms;
}

void Parser::finish_simple(SimpleCommand command, const std::vector<Word>& words,
                           std::size_t documents) {
  findings_.spend(16 * words.size());
  if (!words.empty() && words.front().all_plain() && is_reserved(words.front().text)) {
    findings_.doubt("a reserved word where none is expected");
  }
  const std::vector<Word> expanded = expand_words(words);
  if (expanded.empty() && command.assignments.empty() && command.redirects.empty()) {
    return;
  }
  command.wrapper = wrapper_;
  command.fed_by = std::exchange(feeder_, SimpleCommand::kNobody);
  const std::size_t listed = findings_.script.commands.size();
  for (std::size_t i = documents; i < pending_.size(); ++i) {
    pending_[i].command = listed;
  }
  if (list_command(with_words(command, expanded), findings_, depth_)) {
    for (std::size_t i = documents; i < pending_.size(); ++i) {
      pending_[i].is_script = true;
    }
  }
  if (puts_values() && documents == pending_.size()) {
    guess_forms(command, expanded);
  }
  last_simple_ = listed;
}

/// What a command may be with the values that its variables can have, or without any.
void Parser::guess_forms(const SimpleCommand& command, const std::vector<Word>& words) {
  const Guessing guessing(findings_);
  const auto same = [](const Word& a, const Word& b) { return a.text == b.text; };
  for (const std::vector<Word>& form : forms_of(words)) {
    if (!std::equal(form.begin(), form.end(), words.begin(), words.end(), same)) {
      list_command(with_words(command, form), findings_, depth_);
    }
  }
  if (std::any_of(words.begin(), words.end(), may_vanish)) {
    std::vector<Word> rest = words;
    std::erase_if(rest, may_vanish);
    list_command(with_words(command, rest), findings_, depth_);
  }
}

bool Parser::at_redirect() const {
  std::size_t at = pos_;
  if (at < src_.size() && src_[at] == '&') {
    return at + 1 < src_.size() && src_[at + 1] == '>';
  }
  if (at < src_.size() && src_[at] == '{') {
    const std::size_t close = src_.find('}', at);
    if (close == std::string_view::npos || !is_name(src_.substr(at + 1, close - at - 1))) {
      return false;
    }
    at = close + 1;
  }
  while (at < src_.size() && src_[at] >= '0' && src_[at] <= '9') {
    ++at;
  }
  const bool arrow = at < src_.size() && (src_[at] == '<' || src_[at] == '>');
  const bool substitution = arrow && at == pos_ && at + 1 < src_.size() && src_[at + 1] == '(';
  return arrow && !substitution;
}

void Parser::parse_redirect(SimpleCommand& command) {
  const bool both = peek() == '&';
  const std::size_t from = pos_;
  if (peek() == '{') {
    const std::size_t close = std::min(src_.find('}', pos_), src_.size());
    findings_.script.variables.emplace_back(src_.substr(pos_ + 1, close - pos_ - 1));
  }
  while (peek() != '<' && peek() != '>') {
    step();
  }
  Redirect redirect;
  redirect.descriptor = both ? "" : src_.substr(from, pos_ - from);
  if (looking_at("<<") && !looking_at("<<<")) {
    parse_here_document(command, std::move(redirect));
    return;
  }
  struct Form {
    std::string_view text;
    Redirect::Kind kind;
  };
  static constexpr Form kForms[] = {
      {"<<<", Redirect::Kind::kHereString}, {"<>", Redirect::Kind::kReadWrite},
      {"<&", Redirect::Kind::kDuplicate},   {"<", Redirect::Kind::kRead},
      {">>", Redirect::Kind::kAppend},      {">|", Redirect::Kind::kWrite},
      {">&", Redirect::Kind::kDuplicate},   {">", Redirect::Kind::kWrite},
  };
  for (const Form& form : kForms) {
    if (looking_at(form.text)) {
      redirect.kind = form.kind;
      redirect.op = both ? "&" + std::string(form.text) : form.text;
      step(form.text.size());
      break;
    }
  }
  skip_blanks();
  const Word word = parse_word(false);
  if (word.empty()) {
    findings_.doubt("a redirection without a target");
    return;
  }
  if (both && redirect.kind == Redirect::Kind::kDuplicate) {
    redirect.kind = Redirect::Kind::kWrite;
  }
  const std::vector<Word> values =
      puts_values() ? put_values(word, *findings_.known) : std::vector<Word>{};
  for (const Word& value : values) {
    SimpleCommand guess;
    finish_redirect(guess, redirect, value);
    const Guessing guessing(findings_);
    list_command(std::move(guess), findings_, depth_);
  }
  finish_redirect(command, std::move(redirect), word);
}

void Parser::finish_redirect(SimpleCommand& command, Redirect redirect, const Word& word) {
  bool overflow = false;
  const bool braces = expand_braces(word, overflow).size() != 1;
  redirect.target = word.text;
  redirect.word = braces || overflow ? WordKind::kDynamic : kind_of(word);
  redirect.spelling = redirect.word == WordKind::kStatic ? "" : spell(word);
  if (redirect.kind == Redirect::Kind::kDuplicate) {
    std::string_view digits = word.text;
    if (digits.size() > 1 && digits.ends_with('-')) {
      digits.remove_suffix(1);
    }
    const bool descriptor = is_number(digits) || digits == "-";
    if (!descriptor && redirect.op == ">&") {
      redirect.kind = Redirect::Kind::kWrite;
    } else if (!descriptor) {
      findings_.doubt("a file descriptor is not known before it runs");
    }
  }
  if (redirect.kind == Redirect::Kind::kHereString && redirect.word == WordKind::kDynamic) {
    findings_.doubt("a here-string is not known before it runs");
  }
  if (redirect.kind == Redirect::Kind::kHereString && findings_.inputs.size() < kMaxInputs) {
    findings_.inputs.push_back(redirect.target);
  }
  command.redirects.push_back(std::move(redirect));
}

void Parser::parse_here_document(SimpleCommand& command, Redirect redirect) {
  HereDocument document;
  step(2);
  redirect.kind = Redirect::Kind::kHereDocument;
  redirect.op = "<<";
  if (peek() == '-') {
    document.strip_tabs = true;
    redirect.op = "<<-";
    step();
  }
  skip_blanks();
  const std::size_t from = pos_;
  const Word word = parse_word(false);
  if (word.empty()) {
    findings_.doubt("a here-document without a delimiter");
    return;
  }
  document.delimiter = word.text;
  document.quoted =
      word.quoted || src_.substr(from, pos_ - from).find('\\') != std::string_view::npos;
  if (word.has_expansion() || src_.substr(from, pos_ - from).find('$') != std::string_view::npos) {
    findings_.doubt("a here-document's delimiter holds an expansion");
  }
  redirect.target = document.delimiter;
  redirect.literal = document.quoted;
  command.redirects.push_back(std::move(redirect));
  document.redirect = command.redirects.size() - 1;
  pending_.push_back(std::move(document));
}

void Parser::read_here_documents() {
  const std::vector<HereDocument> documents = std::exchange(pending_, {});
  for (const HereDocument& document : documents) {
    read_here_document(document);
  }
}

void Parser::read_here_document(const HereDocument& document) {
  std::string body;
  bool joined = false;
  bool ended = false;
  while (!at_end() && !ended) {
    const std::size_t newline = std::min(src_.find('\n', pos_), src_.size());
    std::string_view line = src_.substr(pos_, newline - pos_);
    step(std::min(line.size() + 1, src_.size() - pos_));
    while (document.strip_tabs && !joined && line.starts_with('\t')) {
      line.remove_prefix(1);
    }
    ended = !joined && line == document.delimiter;
    if (ended) {
      break;
    }
    body += line;
    body += '\n';
    const std::size_t last = line.find_last_not_of('\\');
    const std::size_t slashes = line.size() - (last == std::string_view::npos ? 0 : last + 1);
    joined = !document.quoted && slashes % 2 == 1;
  }
  if (!ended) {
    findings_.doubt("a here-document has no end");
  }
  if (findings_.inputs.size() < kMaxInputs) {
    findings_.inputs.push_back(body);
  }
  if (document.command < findings_.script.commands.size()) {
    auto& redirects = findings_.script.commands[document.command].redirects;
    if (document.redirect < redirects.size()) {
      redirects[document.redirect].text = body;
    }
  }
  if (!enter()) {
    return;
  }
  if (!document.quoted) {
    Parser(body, findings_, depth_, wrapper_).parse_here_body();
  }
  if (document.is_script) {
    parse_into(body, findings_, depth_, "bash");
  }
  leave();
}

}  // namespace oap::shell
