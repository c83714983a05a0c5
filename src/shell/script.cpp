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

std::string show(std::string_view word, WordKind kind) {
  const bool as_written = kind != WordKind::kStatic;
  return as_written && !needs_ansi(word) ? std::string(word) : quote_word(word);
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
  const auto add = [&out](std::string_view piece) {
    if (!out.empty()) {
      out += ' ';
    }
    out += piece;
  };
  for (const std::string& assignment : command.assignments) {
    const std::size_t equals = assignment.find('=');
    add(assignment.substr(0, equals + 1) + quote_word(assignment.substr(equals + 1)));
  }
  for (std::size_t i = 0; i < command.argv.size(); ++i) {
    add(show(command.argv[i], command.kinds[i]));
  }
  for (const Redirect& redirect : command.redirects) {
    add(operator_of(redirect.kind));
    out += show(redirect.target, redirect.word);
  }
  return out;
}

}  // namespace oap::shell
