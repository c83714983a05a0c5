#include <algorithm>

#include "shell/name_set.hpp"
#include "shell/wrapping.hpp"
#include "text/strings.hpp"

namespace oap::shell {
namespace {

constexpr std::size_t kMaxMentions = 64;
constexpr std::size_t kMaxMentionedWords = 8;
constexpr std::size_t kMaxLines = 64;

bool is_program_char(char c) {
  return is_name_char(c) || c == '.' || c == '/' || c == '-' || c == '+';
}

bool names_input(std::string_view word) {
  return word == "-" || word.ends_with("f-") || word.ends_with("=-") ||
         word.find("/dev/stdin") != std::string_view::npos ||
         word.find("/dev/fd/") != std::string_view::npos ||
         (word.find("/proc/") != std::string_view::npos &&
          word.find("/fd/") != std::string_view::npos);
}

/// An option that takes a program's text from a file: -f, --file, --makefile, -E, -S, -W exec.
bool takes_script(std::string_view word) {
  if (word.starts_with("--")) {
    return word.starts_with("--f") || word.starts_with("--m") || word.starts_with("--e") ||
           word.starts_with("--s");
  }
  return word.size() > 1 && word[0] == '-' &&
         word.find_first_of("fEWSxP") != std::string_view::npos;
}

bool is_interpreter(std::string_view program) {
  static constexpr std::string_view kFamilies[] = {"python", "perl", "ruby",   "node",
                                                   "php",    "lua",  "Rscript"};
  return std::any_of(std::begin(kFamilies), std::end(kFamilies),
                     [&](std::string_view family) { return program.starts_with(family); });
}

/// Text between quotes, each piece and all of them joined.
void guess_literals(const Wrapping& w, std::string_view code) {
  std::string words;
  for (std::size_t at = code.find_first_of("\"'`"), n = 0;
       at != std::string_view::npos && n < kMaxMentions; ++n) {
    const std::size_t end = code.find(code[at], at + 1);
    if (end == std::string_view::npos) {
      break;
    }
    const std::string_view literal = code.substr(at + 1, end - at - 1);
    guess_text(w, literal);
    words += (words.empty() ? "" : " ") + quote_word(literal);
    at = code.find_first_of("\"'`", end + 1);
  }
  guess_text(w, words);
}

void guess_code_text(const Wrapping& w, std::string_view code) {
  guess_text(w, code);
  guess_literals(w, code);
  guess_mentioned(w, code);
}

}  // namespace

void guess_mentioned(const Wrapping& w, std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size() && words.size() < kMaxMentions;) {
    std::size_t end = at;
    while (end < text.size() && is_program_char(text[end])) {
      ++end;
    }
    if (end > at) {
      words.emplace_back(text.substr(at, end - at));
    }
    at = end + 1;
  }
  w.findings.spend(16 * words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (w.findings.script.commands.size() >= w.findings.most_commands() / 2 ||
        words[i].starts_with('-')) {
      continue;
    }
    SimpleCommand command;
    const std::size_t last = std::min(words.size(), i + kMaxMentionedWords);
    command.argv.assign(words.begin() + static_cast<std::ptrdiff_t>(i),
                        words.begin() + static_cast<std::ptrdiff_t>(last));
    command.kinds.assign(command.argv.size(), WordKind::kStatic);
    command.wrapper = w.program;
    command.possible = true;
    w.findings.script.commands.push_back(std::move(command));
  }
}

void note_code_input(const Wrapping& w) {
  static const NameSet kAlways(
      " vi vim nvim view vimdiff rvim ex ed red gdb lldb dc m4 tclsh wish expect guile fish csh "
      "tcsh rc es nu xonsh elvish ");
  static const NameSet kScripts(
      " awk gawk mawk nawk original-awk goawk make gmake bmake ninja ctest cmake sed gsed ");
  bool takes = kAlways.contains(w.program);
  const bool scripts = kScripts.contains(w.program);
  bool option = false;
  bool input = false;
  bool operand = false;
  for (std::size_t i = 1; (scripts || is_interpreter(w.program)) && i < w.size(); ++i) {
    option = option || takes_script(w.word(i));
    input = input || names_input(w.word(i));
    operand = operand || !w.word(i).starts_with('-');
  }
  takes =
      takes || (scripts && option && input) || (is_interpreter(w.program) && (input || !operand));
  w.findings.reads_code = w.findings.reads_code || takes;
}

void guess_inputs(Findings& findings) {
  if (!findings.reads_input && !findings.reads_code) {
    return;
  }
  const SimpleCommand none;
  const Wrapping w{none, "", findings, 1};
  const std::vector<std::string> inputs = findings.inputs;
  for (const std::string& text : inputs) {
    if (findings.reads_input && findings.guesses_documents) {
      guess_text(w, text);
    }
    if (findings.reads_code) {
      guess_code_text(w, text);
      const std::vector<std::string_view> lines = text::split(text, '\n');
      for (std::size_t i = 0; i < lines.size() && i < kMaxLines; ++i) {
        const std::size_t from = lines[i].find_first_not_of(" \t@-+:!*~");
        guess_text(w, from == std::string_view::npos ? "" : lines[i].substr(from));
      }
    }
  }
  const std::vector<SimpleCommand> commands = findings.script.commands;
  for (const SimpleCommand& command : commands) {
    if (command.argv.empty() || command.possible ||
        !is_one_of(command.argv[0], {"echo", "printf"})) {
      continue;
    }
    const Wrapping printed{command, command.argv[0], findings, 1};
    guess_from(printed, 1);
    for (std::size_t i = 1; i < command.argv.size() && i < 8; ++i) {
      if (findings.reads_code) {
        guess_code_text(printed, text::replace_all(command.argv[i], "\\n", "\n"));
      } else if (const std::string plain = plain_reading(command.argv[i]);
                 plain != command.argv[i]) {
        guess_text(printed, plain);
      }
    }
  }
}

}  // namespace oap::shell
