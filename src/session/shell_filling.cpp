#include "session/shell_filling.hpp"

#include <algorithm>
#include <array>

#include "session/shell_place.hpp"
#include "shell/parse.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::session {
namespace {

std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '$' || c == '`' || c == '"') {
      out += '\\';
    }
    out += c;
  }
  return out;
}

std::string inside_single(std::string_view value) { return text::replace_all(value, "'", "'\\''"); }

std::string quoted(ShellPlace::Kind place, const std::vector<std::string>& values) {
  if (place == ShellPlace::Kind::kSingle) {
    return inside_single(text::join(values, " "));
  }
  if (place == ShellPlace::Kind::kDouble) {
    return escaped(text::join(values, " "));
  }
  std::vector<std::string> words;
  for (const std::string& value : values) {
    words.push_back("'" + inside_single(value) + "'");
  }
  return text::join(words, " ");
}

Result<std::string> joined(const std::vector<ShellPiece>& pieces) {
  std::string line;
  ShellPlace place;
  for (const ShellPiece& piece : pieces) {
    if (!piece.is_data) {
      place.pass(piece.text);
      line += piece.text;
      continue;
    }
    if (const std::string_view why = place.refusal(); !why.empty()) {
      return fail(Code::kConfiguration, "{}", why);
    }
    line += quoted(place.kind(), piece.values);
    place.pass_data();
  }
  return line;
}

/// Words that stand for the values, so that the template's own structure can be seen.
struct Marked {
  std::vector<ShellPiece> pieces;
  std::vector<std::pair<std::string, std::string>> values;  ///< marker, value
  std::string prefix = "oaparg";
};

Marked mark(const std::vector<ShellPiece>& pieces) {
  Marked marked;
  const auto holds_prefix = [&](const ShellPiece& piece) {
    return text::contains(piece.text, marked.prefix);
  };
  while (std::any_of(pieces.begin(), pieces.end(), holds_prefix)) {
    marked.prefix += 'q';
  }
  for (ShellPiece piece : pieces) {
    for (std::string& value : piece.values) {
      const std::string marker = fmt::format("{}{:06}", marked.prefix, marked.values.size());
      marked.values.emplace_back(marker, value);
      value = marker;
    }
    marked.pieces.push_back(std::move(piece));
  }
  return marked;
}

std::string unmarked(std::string_view text, const Marked& marked) {
  std::string out;
  while (!text.empty()) {
    const std::size_t at = text.find(marked.prefix);
    out += text.substr(0, at);
    if (at == std::string_view::npos) {
      break;
    }
    text.remove_prefix(at);
    const std::string_view marker = text.substr(0, marked.prefix.size() + 6);
    const auto found = std::find_if(marked.values.begin(), marked.values.end(),
                                    [marker](const auto& value) { return value.first == marker; });
    out += found == marked.values.end() ? marker : std::string_view(found->second);
    text.remove_prefix(marker.size());
  }
  return out;
}

std::vector<const shell::SimpleCommand*> certain(const shell::Script& script) {
  std::vector<const shell::SimpleCommand*> commands;
  for (const shell::SimpleCommand& command : script.commands) {
    if (!command.possible) {
      commands.push_back(&command);
    }
  }
  return commands;
}

bool same_words(const shell::SimpleCommand& written, const shell::SimpleCommand& filled,
                const Marked& marked) {
  if (written.argv.size() != filled.argv.size() || written.kinds != filled.kinds ||
      written.wrapper != filled.wrapper ||
      written.assignments.size() != filled.assignments.size() ||
      written.redirects.size() != filled.redirects.size() || written.splits != filled.splits) {
    return false;
  }
  for (std::size_t i = 0; i < written.argv.size(); ++i) {
    const bool known = written.kinds[i] == shell::WordKind::kStatic;
    if (known && unmarked(written.argv[i], marked) != filled.argv[i]) {
      return false;
    }
  }
  for (std::size_t i = 0; i < written.redirects.size(); ++i) {
    const shell::Redirect& redirect = written.redirects[i];
    if (redirect.kind != filled.redirects[i].kind || redirect.word != filled.redirects[i].word) {
      return false;
    }
  }
  return true;
}

bool same_structure(const shell::Script& written, const shell::Script& filled,
                    const Marked& marked) {
  const auto ours = certain(written);
  const auto theirs = certain(filled);
  if (ours.size() != theirs.size() || written.functions != filled.functions ||
      written.complete != filled.complete || filled.over_limit) {
    return false;
  }
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (!same_words(*ours[i], *theirs[i], marked)) {
      return false;
    }
  }
  return true;
}

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Programs whose first operand is their program.
bool reads_operand_as_code(std::string_view program) {
  static constexpr std::array<std::string_view, 9> kPrograms = {
      "awk", "gawk", "mawk", "nawk", "sed", "gsed", "ed", "bc", "dc"};
  return is_one_of(program, kPrograms);
}

/// Builtins that read a word as code, arithmetic or a name with a subscript.
bool reads_words_as_code(std::string_view program) {
  static constexpr std::array<std::string_view, 19> kPrograms = {
      "eval", "let",  "trap",     "source", ".",        "alias",   "unset",
      "read", "bind", "complete", "hash",   "declare",  "typeset", "enable",
      "exec", "fc",   "mapfile",  "local",  "readarray"};
  return is_one_of(program, kPrograms);
}

bool takes_code_next(std::string_view option) {
  return option.size() > 1 && option[0] == '-' &&
         (option == "--eval" || option == "--print" || option == "--command" || option == "--run" ||
          (option[1] != '-' && option.size() <= 5 &&
           std::string_view("ceEprRM").find(option.back()) != std::string_view::npos));
}

/// True where word `at` of the command, which holds data, is one that its program reads as code.
bool is_code(const shell::SimpleCommand& command, std::size_t at, const Marked& marked) {
  const std::string_view program = shell::base_name(command.argv.front());
  if (at == 0 || reads_words_as_code(program)) {
    return true;
  }
  if ((program == "test" || program == "[" || program == "printf") &&
      command.argv[at - 1] == "-v") {
    return true;
  }
  const std::string& word = command.argv[at];
  const bool mixed = word.size() != marked.prefix.size() + 6;
  if (reads_operand_as_code(program)) {
    const auto first = std::find_if(command.argv.begin() + 1, command.argv.end(),
                                    [](const std::string& one) { return !one.starts_with('-'); });
    return takes_code_next(command.argv[at - 1]) || word.starts_with('-') ||
           (first != command.argv.end() && *first == word);
  }
  if (!shell::is_command_runner(program)) {
    return program == "git" && command.argv[at - 1] == "-c";
  }
  return (program != "find" && takes_code_next(command.argv[at - 1])) ||
         (mixed && word.find_first_of(" \t\n;|&()<>{}\"'`\\") != std::string::npos);
}

/// True where `outer` runs a file of commands with its own words (`bash x.sh a`).
bool hands_words_on(const shell::SimpleCommand& outer, const shell::SimpleCommand& inner) {
  return !outer.argv.empty() && shell::base_name(outer.argv.front()) == inner.wrapper &&
         outer.argv.size() > inner.argv.size() &&
         std::equal(inner.argv.rbegin(), inner.argv.rend(), outer.argv.rbegin());
}

/// The data is in a text that a shell reads, so that it is part of a program.
bool is_read_again(const shell::Script& script, const shell::SimpleCommand& command) {
  static constexpr std::array<std::string_view, 6> kShells = {"bash", "sh",  "dash",
                                                              "zsh",  "ksh", "ash"};
  static constexpr std::array<std::string_view, 5> kReaders = {"eval", "trap", "ssh", "su",
                                                               "watch"};
  if (!is_one_of(command.wrapper, kShells)) {
    return is_one_of(command.wrapper, kReaders);
  }
  return std::none_of(script.commands.begin(), script.commands.end(),
                      [&command](const auto& outer) { return hands_words_on(outer, command); });
}

bool has_arithmetic(std::string_view line) {
  return text::contains(line, "((") || text::contains(line, "[[") || text::contains(line, "$[") ||
         text::contains(line, "let ");
}

/// What stands in the output that the command reads as a program; nothing where it reads none.
const shell::SimpleCommand* program_source(const shell::Script& script,
                                           const shell::SimpleCommand& reader) {
  const bool reads = !reader.argv.empty() && reader.fed_by < script.commands.size() &&
                     shell::is_command_runner(shell::base_name(reader.argv.front())) &&
                     shell::base_name(reader.argv.front()) != "xargs" &&
                     std::all_of(
                         reader.argv.begin() + 1, reader.argv.end(),
                         [](const auto& word) { return word.starts_with('-'); });
  return reads ? &script.commands[reader.fed_by] : nullptr;
}

/// Why data may not stand where the template has it; "" where it may.
std::string misplaced(const shell::Script& written, std::string_view line, const Marked& marked) {
  const auto holds = [&marked](std::string_view word) {
    return text::contains(word, marked.prefix);
  };
  for (const shell::SimpleCommand& command : written.commands) {
    const std::string_view program =
        command.argv.empty() ? std::string_view() : shell::base_name(command.argv.front());
    const shell::SimpleCommand* const fed = program_source(written, command);
    if (fed != nullptr && std::any_of(fed->argv.begin(), fed->argv.end(), holds)) {
      return fmt::format("{} would read it as code", program);
    }
    for (std::size_t i = 0; i < command.argv.size(); ++i) {
      if (!holds(command.argv[i])) {
        continue;
      }
      const bool known = command.kinds[i] == shell::WordKind::kStatic;
      if (is_read_again(written, command) || (known && is_code(command, i, marked))) {
        return i == 0 ? "it would name the program that runs"
                      : fmt::format("{} would read it as code",
                                    command.wrapper.empty() || !is_read_again(written, command)
                                        ? program
                                        : std::string_view(command.wrapper));
      }
    }
    for (const shell::Redirect& redirect : command.redirects) {
      if (holds(redirect.text)) {
        return "it stands in a here-document";
      }
      if (redirect.kind == shell::Redirect::Kind::kHereString && holds(redirect.target) &&
          (shell::is_command_runner(program) || reads_operand_as_code(program))) {
        return fmt::format("{} would read it as code", program);
      }
    }
    const bool assigned =
        std::any_of(command.assignments.begin(), command.assignments.end(), holds);
    if (assigned && (has_arithmetic(line) || text::contains(line, "eval"))) {
      return "its variable may be read as code: leave the arithmetic, [[ ]] or eval out";
    }
  }
  return "";
}

}  // namespace

Result<std::string> fill_shell(const std::vector<ShellPiece>& pieces) {
  OAP_TRY(std::string filled, joined(pieces));
  const Marked marked = mark(pieces);
  if (marked.values.empty()) {
    return filled;
  }
  OAP_TRY(const std::string line, joined(marked.pieces));
  const shell::Script written = shell::parse(line);
  if (const std::string why = misplaced(written, line, marked); !why.empty()) {
    return fail(Code::kConfiguration, "{}", why);
  }
  if (!same_structure(written, shell::parse(filled), marked)) {
    return fail(Code::kConfiguration, "it would change what the command does");
  }
  return filled;
}

}  // namespace oap::session
