#include "orchestration/mission/evidence.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "orchestration/turn_loop.hpp"
#include "shell/parse.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::orchestration {
namespace {

constexpr std::size_t kCommandBytes = 4'000;

bool is_shell(std::string_view tool) { return tool == "bash" || tool == "run_command"; }

/// The first line that is more than a comment.
std::string first_line(std::string_view text) {
  for (const std::string_view line : text::split_lines(text)) {
    if (const std::string_view bare = text::trim(line); !bare.empty() && bare.front() != '#') {
      return std::string(bare);
    }
  }
  return {};
}

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Whether one of the words of a name is about verifying: "run_tests.sh", "test:unit", "lint".
bool names_verification(std::string_view name) {
  static constexpr std::array<std::string_view, 13> kWords = {
      "test",   "tests", "spec",      "check", "checks", "lint", "build",
      "verify", "vet",   "typecheck", "ci",    "clippy", "tsc"};
  std::string word;
  for (const char c : text::lower_ascii(name) + " ") {
    if (text::is_alpha(c)) {
      word += c;
    } else if (is_one_of(std::exchange(word, {}), kWords)) {
      return true;
    }
  }
  return false;
}

bool verifies(const shell::SimpleCommand& command) {
  static constexpr std::array<std::string_view, 32> kAlways = {
      "pytest", "ctest", "make",       "ninja", "tox",    "nox",     "jest",    "vitest",
      "mypy",   "ruff",  "eslint",     "tsc",   "flake8", "pylint",  "gradle",  "mvn",
      "bazel",  "meson", "rake",       "rspec", "ava",    "phpunit", "pyright", "tap",
      "cmake",  "gmake", "clang-tidy", "prove", "bats",   "mocha",   "behave",  "shellcheck"};
  static constexpr std::array<std::string_view, 11> kByWord = {
      "npm", "npx", "yarn", "pnpm", "bun", "deno", "cargo", "go", "dotnet", "swift", "just"};
  static constexpr std::array<std::string_view, 4> kNever = {"test", "[", "[[", "build-essential"};
  if (command.argv.empty()) {
    return false;
  }
  const std::string_view program = shell::base_name(command.argv.front());
  const auto some_word = [&command](auto predicate) {
    return std::any_of(command.argv.begin() + 1, command.argv.end(), predicate);
  };
  if (is_one_of(program, kByWord)) {
    return some_word([](const std::string& word) {
      return names_verification(word) || is_one_of(word, kAlways);
    });
  }
  if (program.starts_with("python") || program == "node" || program == "uv" ||
      program == "poetry") {
    return some_word([](const std::string& word) {
      return is_one_of(word, kAlways) || word == "unittest" || word == "--test" ||
             names_verification(shell::base_name(word));
    });
  }
  return is_one_of(program, kAlways) ||
         (!is_one_of(program, kNever) && names_verification(program));
}

int exit_code_of(const ToolResult& result) {
  const std::int64_t fallback = result.is_error ? 1 : 0;
  return result.structured
             ? static_cast<int>(json::get_int(*result.structured, "exit_code", fallback))
             : static_cast<int>(fallback);
}

std::int64_t millis(WallTime at) {
  return std::chrono::duration_cast<Millis>(at.time_since_epoch()).count();
}

}  // namespace

json::Object to_json(const Evidence& evidence) {
  return json::Object{{"call_id", evidence.id},
                      {"agent", evidence.agent},
                      {"tool", evidence.tool},
                      {"command", evidence.command},
                      {"kind", evidence.is_command ? "command" : "read"},
                      {"exit_code", evidence.exit_code},
                      {"at", format_time(evidence.at)},
                      {"at_ms", millis(evidence.at)},
                      {"duration_ms", evidence.duration.count()},
                      {"tree", evidence.tree},
                      {"hollow", evidence.hollow}};
}

std::optional<Evidence> evidence_from_json(const json::Value& value) {
  Evidence evidence;
  evidence.id = json::get_string(value, "call_id");
  if (evidence.id.empty()) {
    return std::nullopt;
  }
  evidence.agent = json::get_string(value, "agent");
  evidence.tool = json::get_string(value, "tool");
  evidence.command = json::get_string(value, "command");
  evidence.is_command = json::get_string(value, "kind") == "command";
  evidence.exit_code = static_cast<int>(json::get_int(value, "exit_code", 1));
  evidence.at = WallTime(Millis(json::get_int(value, "at_ms")));
  evidence.duration = Millis(json::get_int(value, "duration_ms"));
  evidence.tree = json::get_string(value, "tree");
  evidence.hollow = json::get_string(value, "hollow");
  return evidence;
}

std::optional<Evidence> evidence_of(const ToolCall& call, const ToolOutcome& outcome, WallTime at) {
  if (!outcome.result || call.server != kBuiltinServer) {
    return std::nullopt;
  }
  Evidence evidence;
  evidence.id = call.id;
  evidence.agent = call.principal.role;
  evidence.tool = call.tool;
  evidence.at = at;
  evidence.duration = outcome.duration;
  if (is_shell(call.tool)) {
    evidence.command = json::get_string(call.arguments, "command");
  } else if (call.tool == "python") {
    evidence.command = "python: " + first_line(json::get_string(call.arguments, "code"));
  } else if (only_reads(call.tool)) {
    evidence.is_command = false;
    evidence.command = json::get_string(call.arguments, "path");
  } else {
    return std::nullopt;
  }
  evidence.command = text::truncate_utf8(text::trim(evidence.command), kCommandBytes);
  evidence.exit_code =
      evidence.is_command ? exit_code_of(*outcome.result) : (outcome.result->is_error ? 1 : 0);
  return evidence;
}

bool is_verification(std::string_view command) {
  const shell::Script script = shell::parse(command);
  return std::any_of(script.commands.begin(), script.commands.end(), verifies);
}

std::string_view bare_command(std::string_view written) {
  const std::string_view command = text::trim(written);
  const bool marked = command.size() > 1 && command.front() == '`' && command.back() == '`';
  return marked ? command.substr(1, command.size() - 2) : command;
}

bool may_edit(const ToolCall& call) {
  return call.server != kBuiltinServer || call.tool == "write_file" || call.tool == "edit_file" ||
         is_shell(call.tool) || call.tool == "python";
}

}  // namespace oap::orchestration
