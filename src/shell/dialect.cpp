#include <iterator>

#include "shell/wrapping.hpp"
#include "text/strings.hpp"

namespace oap::shell {
namespace {

/// What other shells than bash read otherwise: `((` is two subshells to dash, `[[` a program.
constexpr std::string_view kForms[] = {"((",     "[[",     "<(",   ">(", "$'",  "$\"", "&>",
                                       "|&",     "<<<",    "$[",   ";&", ">&",  "{",   "function",
                                       "coproc", "select", "time", "!",  "${ ", "${|"};

/// Each form and what a plain shell makes of it.
struct Reading {
  std::string_view bash;
  std::string_view plain;
};
constexpr Reading kReadings[] = {{"((", "( ("},  {"[[ ", ": "}, {"&>", "& >"},
                                 {"|&", "| & "}, {"$'", "'"},   {"$[", "$ ["},
                                 {"${ ", "; "},  {"${|", "; "}, {"time ", "/usr/bin/time "}};

}  // namespace

std::string plain_reading(std::string_view text) {
  std::string out(text);
  for (const Reading& one : kReadings) {
    out = text::replace_all(out, one.bash, one.plain);
  }
  return out;
}

void note_plain_shell(const Wrapping& w, std::string_view text) {
  for (const std::string_view form : kForms) {
    const bool brace = form == "{" && text.find(',') == std::string_view::npos &&
                       text.find("..") == std::string_view::npos;
    const bool number = form == ">&" && text.find(">&1") != std::string_view::npos;
    if (text.find(form) != std::string_view::npos && !brace && !number) {
      w.findings.doubt(w.program + " may read this text otherwise than bash does");
      guess_text(w, plain_reading(text));
      return;
    }
  }
}

void note_dialect(const Wrapping& w, std::string_view text) {
  const bool bash = is_one_of(w.program, {"bash", "rbash", "bash-static", "bash5"});
  bool posix = false;
  for (std::size_t i = 1; bash && i < w.size(); ++i) {
    posix = posix || w.word(i) == "--posix" || w.word(i) == "posix";
  }
  if (!bash || posix) {
    note_plain_shell(w, text);
  }
}

}  // namespace oap::shell
