#include "shell/script.hpp"

#include <iterator>

#include <fmt/format.h>

#include "text/utf8.hpp"

namespace oap::shell {
namespace {

constexpr std::string_view kSafe =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,";

bool needs_ansi(std::string_view word) {
  for (const text::CodePoint c : text::CodePoints(word)) {
    if (!c.valid || text::is_deceptive(c.value)) {
      return true;
    }
  }
  return false;
}

std::string ansi_quote(std::string_view word) {
  std::string out = "$'";
  for (std::size_t at = 0; at < word.size();) {
    const text::CodePoint c = text::decode_at(word, at);
    if (!c.valid) {
      for (std::size_t i = 0; i < c.length; ++i) {
        fmt::format_to(std::back_inserter(out), "\\x{:02x}",
                       static_cast<unsigned>(static_cast<unsigned char>(word[at + i])));
      }
    } else if (c.value == '\n') {
      out += "\\n";
    } else if (c.value == '\t') {
      out += "\\t";
    } else if (c.value == '\'' || c.value == '\\') {
      out += '\\';
      out += static_cast<char>(c.value);
    } else if (text::is_deceptive(c.value)) {
      const auto value = static_cast<unsigned>(c.value);
      out += value < 0x80 ? fmt::format("\\x{:02x}", value) : fmt::format("\\U{:08x}", value);
    } else {
      out += word.substr(at, c.length);
    }
    at += c.length;
  }
  return out + "'";
}

/// A word that was not read by the parser has no spelling.
std::string show(std::string_view word, WordKind kind, std::string_view spelling) {
  if (!spelling.empty()) {
    return std::string(spelling);
  }
  const bool as_written = kind != WordKind::kStatic;
  return as_written && !needs_ansi(word) ? std::string(word) : quote_word(word);
}

/// In front of a command some words would not be a program's name.
std::string show_program(std::string_view word) {
  static constexpr std::string_view kReserved =
      " if then elif else fi while until do done for select case esac function coproc time in ";
  const std::string out = quote_word(word);
  const bool special = out == word && (word.find('=') != std::string_view::npos ||
                                       kReserved.find(" " + out + " ") != std::string_view::npos);
  return special ? "'" + out + "'" : out;
}

std::string_view operator_of(Redirect::Kind kind) {
  switch (kind) {
    case Redirect::Kind::kRead:
      return "<";
    case Redirect::Kind::kWrite:
      return ">";
    case Redirect::Kind::kAppend:
      return ">>";
    case Redirect::Kind::kReadWrite:
      return "<>";
    case Redirect::Kind::kDuplicate:
      return ">&";
    case Redirect::Kind::kHereDocument:
      return "<<";
    case Redirect::Kind::kHereString:
      return "<<<";
  }
  return ">";
}

}  // namespace

std::string_view base_name(std::string_view program) {
  return program.substr(program.rfind('/') + 1);
}

std::string quote_word(std::string_view word) {
  if (needs_ansi(word)) {
    return ansi_quote(word);
  }
  if (!word.empty() && word.find_first_not_of(kSafe) == std::string_view::npos) {
    return std::string(word);
  }
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string render(const SimpleCommand& command) {
  std::string out;
  std::string documents;
  const auto add = [&out](std::string_view piece) {
    if (!out.empty()) {
      out += ' ';
    }
    out += piece;
  };
  for (std::size_t i = 0; i < command.assignments.size(); ++i) {
    const std::string& assignment = command.assignments[i];
    const std::size_t equals = assignment.find('=');
    add(i < command.assignment_spellings.size()
            ? command.assignment_spellings[i]
            : assignment.substr(0, equals + 1) + quote_word(assignment.substr(equals + 1)));
  }
  for (std::size_t i = 0; i < command.argv.size(); ++i) {
    const bool program = i == 0 && command.kinds[0] == WordKind::kStatic;
    add(program ? show_program(command.argv[0])
                : show(command.argv[i], command.kinds[i],
                       i < command.spellings.size() ? command.spellings[i] : ""));
  }
  for (const Redirect& redirect : command.redirects) {
    const std::string_view op = redirect.op.empty() ? operator_of(redirect.kind) : redirect.op;
    add(redirect.descriptor + std::string(op));
    const std::string target = show(redirect.target, redirect.word, redirect.spelling);
    if (redirect.kind == Redirect::Kind::kHereDocument) {
      out += redirect.literal && target == redirect.target ? "'" + target + "'" : target;
      documents += "\n" + redirect.text + redirect.target;
    } else {
      out += (target.starts_with('<') || target.starts_with('>') ? " " : "") + target;
    }
  }
  return out + documents;
}

}  // namespace oap::shell
