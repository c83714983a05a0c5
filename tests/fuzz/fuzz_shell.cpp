#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "shell/parse.hpp"

/// Any bytes are parsed without a crash, and what was found is well formed: a kind for each word,
/// and a rendering that parses to a command of as many words.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const oap::shell::Script script =
      oap::shell::parse({reinterpret_cast<const char*>(data), size});  // NOLINT
  for (const oap::shell::SimpleCommand& command : script.commands) {
    bool fixed = !command.dynamic && command.redirects.empty() && command.assignments.empty();
    if (command.argv.size() != command.kinds.size()) {
      std::abort();
    }
    for (const oap::shell::WordKind kind : command.kinds) {
      fixed = fixed && kind == oap::shell::WordKind::kStatic;
    }
    if (!fixed || command.argv.empty() || command.argv.front().find('=') != std::string::npos) {
      continue;
    }
    std::string quoted;
    for (const std::string& word : command.argv) {
      quoted += oap::shell::quote_word(word) + " ";
    }
    const oap::shell::Script again = oap::shell::parse("command -- " + quoted);
    if (again.commands.empty() || again.commands.front().argv.size() != command.argv.size() + 2) {
      std::abort();
    }
  }
  if (!script.complete && script.note.empty()) {
    std::abort();
  }
  return 0;
}
