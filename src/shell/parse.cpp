#include "shell/parse.hpp"

#include <algorithm>

#include <fmt/format.h>

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
  if (work > 12 * most) {
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

/// Reads the whole source; `known` values are put in.
Findings gather(std::string_view source, const KnownValues* known, bool documents,
                std::size_t most = kMaxSourceBytes) {
  Findings findings;
  findings.most = most;
  findings.guesses_documents = documents;
  findings.known = known;
  if (source.size() > most) {
    findings.doubt(fmt::format("the script is longer than {} KB", most >> 10U));
    findings.script.over_limit = true;
    source = source.substr(0, most);
  }
  if (source.find('\0') != std::string_view::npos) {
    findings.doubt("the script holds a NUL byte");
  }
  parse_into(source, findings, 0, "");
  if (findings.reads_code && source.find_first_of("|<") != std::string_view::npos) {
    findings.doubt("a program takes its input for code");
  }
  guess_inputs(findings);
  return findings;
}

Script finish(Findings findings) {
  for (const std::string& name : findings.evaluated) {
    if (findings.others.contains(name)) {
      findings.doubt("arithmetic evaluates the variable " + name);
    }
  }
  for (const std::string& name : findings.numbers) {
    const auto& set = findings.script.variables;
    if (!findings.others.contains(name) && std::find(set.begin(), set.end(), name) == set.end()) {
      findings.script.numbers.push_back(name);
    }
  }
  return std::move(findings.script);
}

}  // namespace

Script parse(std::string_view source, std::size_t most) {
  return finish(gather(source, nullptr, false, most));
}

Script parse_with_values(std::string_view source) {
  Findings findings = gather(source, nullptr, true);
  const KnownValues known = known_values(findings, source);
  if (known.empty()) {
    return finish(std::move(findings));
  }
  Findings with_values = gather(source, &known, true);
  return finish(with_values.stopped ? std::move(findings) : std::move(with_values));
}

}  // namespace oap::shell
