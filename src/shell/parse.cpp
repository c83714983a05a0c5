#include "shell/parse.hpp"

#include <algorithm>

#include "shell/parser.hpp"
#include "shell/wrapping.hpp"
#include "text/strings.hpp"

namespace oap::shell {

void Findings::doubt(std::string_view note) {
  if (script.complete && guessing == 0) {
    script.complete = false;
    script.note = note;
  }
}

void Findings::stop(std::string_view note) {
  if (script.complete) {
    script.complete = false;
    script.note = note;
  }
  script.over_limit = true;
  stopped = true;
}

void Findings::spend(std::size_t bytes) {
  work += bytes;
  if (work > 12 * kMaxSourceBytes) {
    stop("the script is too intricate");
  }
}

void parse_into(std::string_view source, Findings& findings, int depth,
                const std::string& wrapper) {
  if (depth >= kMaxDepth) {
    findings.stop("the script is nested too deeply");
    return;
  }
  Parser(source, findings, depth, wrapper).parse_all();
}

namespace {

/// What is printed may go to a shell that takes its input for commands.
void guess_piped(Findings& findings) {
  if (!findings.reads_input) {
    return;
  }
  const std::vector<SimpleCommand> commands = findings.script.commands;
  for (const SimpleCommand& command : commands) {
    if (!command.argv.empty() && (command.argv[0] == "echo" || command.argv[0] == "printf")) {
      const Wrapping wrapping{command, command.argv[0], findings, 1};
      guess_from(wrapping, 1);
    }
  }
}

}  // namespace

Script parse(std::string_view source) {
  Findings findings;
  if (source.size() > kMaxSourceBytes) {
    findings.doubt("the script is longer than 64 KB");
    findings.script.over_limit = true;
    source = source.substr(0, kMaxSourceBytes);
  }
  if (source.find('\0') != std::string_view::npos) {
    findings.doubt("the script holds a NUL byte");
  }
  parse_into(source, findings, 0, "");
  guess_piped(findings);
  for (const std::string& name : findings.evaluated) {
    if (findings.others.contains(name)) {
      findings.doubt("arithmetic evaluates the variable " + name);
    }
  }
  return std::move(findings.script);
}

}  // namespace oap::shell
