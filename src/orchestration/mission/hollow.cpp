#include "orchestration/mission/hollow.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "json/parse.hpp"
#include "orchestration/mission/evidence.hpp"
#include "orchestration/mission/test_summary.hpp"
#include "shell/parse.hpp"
#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 10> kIdle = {"true", ":",     "exit",   "return", "sleep",
                                                    "set",  "shopt", "export", "cd",     "wait"};
constexpr std::array<std::string_view, 2> kTalk = {"echo", "printf"};

/// Nothing in it does anything. `talks`: it says something, at most.
bool is_idle(std::string_view source, bool& talks) {
  const shell::Script script = shell::parse(source);
  if (!script.functions.empty()) {
    return false;
  }
  for (const shell::SimpleCommand& command : script.commands) {
    if (command.argv.empty()) {
      continue;
    }
    const std::string_view program = shell::base_name(command.argv.front());
    talks = talks || is_one_of(program, kTalk);
    if (!command.redirects.empty() || (!is_one_of(program, kIdle) && !is_one_of(program, kTalk))) {
      return false;
    }
  }
  return true;
}

const std::string* first_operand(const shell::SimpleCommand& command) {
  const auto found = std::find_if(command.argv.begin() + 1, command.argv.end(),
                                  [](const std::string& word) { return !word.starts_with('-'); });
  return found == command.argv.end() ? nullptr : &*found;
}

/// The recipe of a target that needs no other; nothing where it is not so simple.
std::optional<std::string> recipe_of(std::string_view makefile, std::string_view target) {
  std::optional<std::string> recipe;
  for (const std::string_view line : text::split_lines(makefile)) {
    if (recipe && line.starts_with('\t')) {
      std::string_view body = line.substr(1);
      while (!body.empty() && (body[0] == '@' || body[0] == '-' || body[0] == '+')) {
        body.remove_prefix(1);
      }
      *recipe += std::string(body) + "\n";
      continue;
    }
    if (recipe && !text::trim(line).empty()) {
      break;
    }
    const std::size_t colon = line.find(':');
    const bool is_rule = colon != std::string_view::npos && colon > 0 && line[0] != '\t' &&
                         line[0] != '#' && line[0] != '.' && line.substr(colon, 2) != ":=";
    if (is_rule && (target.empty() || text::trim(line.substr(0, colon)) == target)) {
      const std::string_view needs = line.substr(colon + 1);
      if (!text::trim(needs).empty()) {
        return std::nullopt;
      }
      recipe = "";
    }
  }
  return recipe;
}

std::optional<std::string> make_recipe(const shell::SimpleCommand& command, const ReadText& read) {
  const bool is_plain = std::none_of(command.argv.begin() + 1, command.argv.end(),
                                     [](const std::string& word) { return word.starts_with('-'); });
  const std::string* const target = first_operand(command);
  if (!is_plain || command.argv.size() > 2) {
    return std::nullopt;
  }
  for (const char* name : {"GNUmakefile", "makefile", "Makefile"}) {
    if (const auto text = read(name)) {
      return recipe_of(*text, target != nullptr ? std::string_view(*target) : "");
    }
  }
  return std::nullopt;
}

std::optional<std::string> package_script(const shell::SimpleCommand& command,
                                          const ReadText& read) {
  std::string name;
  for (std::size_t i = 1; i < command.argv.size() && name.empty(); ++i) {
    const std::string& word = command.argv[i];
    name = word.starts_with('-') || word == "run" || word == "run-script" ? "" : word;
  }
  const auto text = read("package.json");
  const auto package = text ? json::parse(*text) : fail(Code::kNotFound, "");
  const json::Value* const scripts = package ? json::find(*package, "scripts") : nullptr;
  const json::Value* const found =
      scripts != nullptr ? json::find(*scripts, name == "t" ? "test" : name) : nullptr;
  return found != nullptr && found->is_string()
             ? std::optional<std::string>(json::view(found->get_string()))
             : std::nullopt;
}

/// What stands behind a command in files of the workspace, where that is shell.
std::optional<std::string> script_behind(const shell::SimpleCommand& command,
                                         const ReadText& read) {
  static constexpr std::array<std::string_view, 4> kShells = {"bash", "sh", "dash", "zsh"};
  static constexpr std::array<std::string_view, 4> kPackage = {"npm", "yarn", "pnpm", "bun"};
  const std::string& word = command.argv.front();
  const std::string_view program = shell::base_name(word);
  if (program == "make" || program == "gmake") {
    return make_recipe(command, read);
  }
  if (is_one_of(program, kPackage)) {
    return package_script(command, read);
  }
  if (is_one_of(program, kShells)) {
    const std::string* const file = first_operand(command);
    const bool has_options = command.argv.size() > 1 && command.argv[1].starts_with('-');
    return file != nullptr && !has_options ? read(*file) : std::nullopt;
  }
  if (word.find('/') == std::string::npos) {
    return std::nullopt;
  }
  auto text = read(word);
  const std::string_view first = text ? std::string_view(*text).substr(0, text->find('\n')) : "";
  return first.starts_with("#!") && first.ends_with("sh") ? text : std::nullopt;
}

/// Where a `cd` leads, as a path without dots; "" where that is not known.
std::string resolved(std::string_view folder, std::string_view to) {
  if (to.find_first_of("$`*?~") != std::string_view::npos) {
    return to.starts_with('~') ? "/~" : std::string();
  }
  const std::string whole =
      to.starts_with('/') ? std::string(to) : fmt::format("{}/{}", folder, to);
  std::vector<std::string_view> parts;
  for (const std::string_view part : text::split(whole, '/')) {
    if (part == ".." && !parts.empty()) {
      parts.pop_back();
    } else if (!part.empty() && part != "." && part != "..") {
      parts.push_back(part);
    }
  }
  std::string path;
  for (const std::string_view part : parts) {
    path += fmt::format("/{}", part);
  }
  return path.empty() ? "/" : path;
}

bool is_within(std::string_view path, std::string_view folder) {
  return path == folder ||
         (path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/');
}

/// Every command that is more than talk is a script that does nothing.
std::string idle_reason(std::string_view command, std::string_view folder, const ReadText& read) {
  std::string named;
  std::string at(folder);
  const ReadText read_there = [&](const std::string& path) {
    return read(path.starts_with('/') || at == folder ? path : at + "/" + path);
  };
  for (const shell::SimpleCommand& one : shell::parse(command).commands) {
    bool talks = false;
    const bool counts = !one.argv.empty() && !one.possible;
    const std::string_view program = counts ? shell::base_name(one.argv.front()) : ":";
    if (program == "cd") {
      const std::string* const to = first_operand(one);
      at = to != nullptr ? resolved(at, *to) : "/~";
    }
    if (is_one_of(program, kIdle) || is_one_of(program, kTalk)) {
      continue;
    }
    const auto script = script_behind(one, read_there);
    if (!script || !is_idle(*script, talks) || (talks && !is_verification(command))) {
      return "";
    }
    named = shell::render(one);
  }
  return named.empty() ? "" : fmt::format("`{}` runs nothing that could fail", named);
}

bool is_dynamic(std::string_view word) { return word.find_first_of("$`") != std::string::npos; }

/// What a command in `at`, which is outside, has to do with the folder: it names something in it.
bool names_folder(const shell::SimpleCommand& command, std::string_view at,
                  std::string_view folder) {
  return std::any_of(command.argv.begin(), command.argv.end(), [&](const std::string& word) {
    return is_dynamic(word) || text::contains(word, folder) ||
           (text::contains(word, "/") && is_within(resolved(at, word), folder));
  });
}

/// It verifies by its name, and what it is told to look at is outside.
bool verifies_other(const shell::SimpleCommand& command, std::string_view folder) {
  static constexpr std::array<std::string_view, 8> kWhere = {
      "-C", "-s", "-S", "--start-directory", "--rootdir", "--prefix", "--manifest-path", "--cwd"};
  if (!is_verification(shell::render(command))) {
    return false;
  }
  bool other = false;
  for (std::size_t i = 1; i < command.argv.size(); ++i) {
    const std::string& word = command.argv[i];
    const std::string& last = command.argv[i - 1];
    const bool is_value = last.starts_with('-') && !is_one_of(last, kWhere);
    if (word.starts_with('-') || is_value) {
      continue;
    }
    const bool is_away = (word.starts_with('/') || word.starts_with("..") || word[0] == '~') &&
                         !is_dynamic(word) && !is_within(resolved(folder, word), folder);
    if (!is_away && word.find_first_of("/.$`*") != std::string::npos) {
      return false;
    }
    other = other || is_away;
  }
  return other;
}

/// Everything that could fail is about something else.
std::string elsewhere_reason(std::string_view command, std::string_view folder) {
  std::string at(folder);
  bool any = false;
  for (const shell::SimpleCommand& one : shell::parse(command).commands) {
    if (one.argv.empty() || one.possible) {
      continue;
    }
    const std::string_view program = shell::base_name(one.argv.front());
    if (program == "cd" || program == "pushd") {
      const std::string* const to = first_operand(one);
      at = to != nullptr ? resolved(at, *to) : "/~";
      if (at.empty()) {
        return "";
      }
    } else if (!is_one_of(program, kIdle) && !is_one_of(program, kTalk)) {
      const bool away = !is_within(at, folder);
      if (away ? names_folder(one, at, folder) : !verifies_other(one, folder)) {
        return "";
      }
      any = true;
    }
  }
  return any ? "it works outside of the workspace" : "";
}

}  // namespace

std::string why_hollow(std::string_view command, std::string_view output, std::string_view folder,
                       const ReadText& read) {
  if (is_verification(command) && ran_no_test(output)) {
    return "no test ran";
  }
  if (std::string idle = idle_reason(command, folder, read); !idle.empty()) {
    return idle;
  }
  return elsewhere_reason(command, folder);
}

}  // namespace oap::orchestration
