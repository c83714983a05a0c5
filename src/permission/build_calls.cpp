#include "permission/build_calls.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "permission/inline_code.hpp"
#include "shell/name_set.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

bool is_input(std::string_view file) {
  return file == "-" || file.find("/dev/stdin") != std::string_view::npos ||
         file.find("/dev/fd/") != std::string_view::npos ||
         (file.find("/proc/") != std::string_view::npos &&
          file.find("/fd/") != std::string_view::npos);
}

bool abbreviates(std::string_view name, std::initializer_list<std::string_view> options) {
  return name.size() > 2 &&
         std::any_of(options.begin(), options.end(),
                     [&](std::string_view option) { return option.starts_with(name); });
}

/// One long option of awk: true where it may bring a program; `takes_next` where the next word is
/// its value.
bool awk_long_option(std::string_view word, bool& takes_next) {
  const std::size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  if (abbreviates(name, {"--assign", "--field-separator"}) && name != "--f" && name != "--fi") {
    takes_next = equals == std::string_view::npos;
    return false;
  }
  return !abbreviates(
      name, {"--version", "--help", "--posix", "--traditional", "--re-interval", "--sandbox",
             "--csv", "--characters-as-bytes", "--bignum", "--non-decimal-data", "--optimize",
             "--no-optimize", "--use-lc-numeric", "--copyright", "--gen-pot", "--lint"});
}

/// One group of short options of awk, likewise.
bool awk_short_options(std::string_view word, bool& takes_next) {
  for (std::size_t i = 1; i < word.size(); ++i) {
    if (word[i] == 'F' || word[i] == 'v') {
      takes_next = i + 1 == word.size();
      return false;
    }
    if (word[i] == 'L') {
      return false;
    }
    if (std::string_view("bcChgIkMnNOPrsStV").find(word[i]) == std::string_view::npos) {
      return true;
    }
  }
  return false;
}

/// `NAME=value`, `NAME:=value`, `NAME!=command` as make reads it: true where it evaluates.
bool assignment_runs(std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return false;
  }
  std::string_view name = word.substr(0, equals);
  if (name.ends_with('!')) {
    return true;
  }
  while (!name.empty() && std::string_view(":?+ ").find(name.back()) != std::string_view::npos) {
    name.remove_suffix(1);
  }
  const bool tool =
      Words::one_of(name, {"CC", "CXX", "CPP", "LD", "AR", "AS", "RANLIB", "STRIP", "NM", "INSTALL",
                           "PYTHON", "NODE", "GO", "CARGO", "LEX", "YACC"});
  const std::string_view first = word.substr(equals + 1, word.find(' ', equals) - equals - 1);
  if (tool &&
      (word.substr(equals).find('/') != std::string_view::npos ||
       Words::one_of(first, {"sh", "bash", "dash", "zsh", "env", "eval", "exec", "sudo"}))) {
    return true;
  }
  return Words::one_of(name, {"SHELL", ".SHELLFLAGS", "MAKEFLAGS", "GNUMAKEFLAGS", "MAKEFILES",
                              "MAKE", "MAKESHELL"}) ||
         word.find_first_of("$`;|&()<>") != std::string_view::npos;
}

/// Where the value of one of make's options with a value begins in a group; 0 for others.
std::size_t make_value(std::string_view word, char& letter) {
  for (std::size_t i = 1; i < word.size(); ++i) {
    if (std::string_view("CfIoWEjlOD").find(word[i]) != std::string_view::npos) {
      letter = word[i];
      return i + 1;
    }
  }
  return 0;
}

bool reads_other_language(const Words& words) {
  return words.is({"fish", "csh", "tcsh", "rc", "es", "nu", "ion", "oil", "osh", "ysh", "xonsh",
                   "elvish", "zsh", "rzsh", "zsh5", "pwsh", "powershell"}) &&
         !words.any_word({"--version", "--help", "-v"});
}

/// `cmake -DCMAKE_C_COMPILER=x`: programs that the build will run.
bool cmake_names_program(const Words& words) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    const bool joined = words[i].starts_with("-D") && words[i].size() > 2;
    const bool apart = i > 1 && words[i - 1] == "-D";
    if (!joined && !apart) {
      continue;
    }
    const std::string_view name =
        words[i].substr(joined ? 2 : 0, words[i].find_first_of(":=") - (joined ? 2 : 0));
    for (const std::string_view part :
         {"_COMPILER", "_LAUNCHER", "TOOLCHAIN_FILE", "_PROGRAM", "_COMMAND", "_LINKER",
          "_EMULATOR", "_EXECUTABLE", "RULE_LAUNCH", "PROJECT_INCLUDE",
          "_PROJECT_TOP_LEVEL_INCLUDES", "CMAKE_AR", "CMAKE_RANLIB", "MODULE_PATH", "_CLANG_TIDY",
          "_CPPCHECK", "_CPPLINT", "_INCLUDE_WHAT_YOU_USE"}) {
      if (name.ends_with(part) || (part.ends_with('_') && name.find(part) != name.npos) ||
          (part == "PROJECT_INCLUDE" && name.find(part) != std::string_view::npos) ||
          (part == "RULE_LAUNCH" && name.find(part) != std::string_view::npos)) {
        return true;
      }
    }
  }
  return false;
}

bool cmake_passes_to_make(const Words& words) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "--") {
      return make_may_run(words, i + 1);
    }
  }
  return false;
}

/// `git fetch helper::address` runs git-remote-helper.
bool names_remote_helper(const Words& words) {
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::size_t colons = words[i].find("::");
    if (colons != std::string_view::npos && colons > 0 &&
        std::all_of(
            words[i].begin(), words[i].begin() + static_cast<std::ptrdiff_t>(colons), [](char c) {
              return text::is_alpha(c) || text::is_digit(c) || c == '-' || c == '+' || c == '.';
            })) {
      return words.any_word({"fetch", "pull", "push", "clone", "ls-remote", "remote", "submodule"});
    }
  }
  return false;
}

}  // namespace

bool awk_may_run(const Words& words) {
  if (words.any_dynamic()) {
    return true;
  }
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--") {
      return i + 1 < words.size() && !is_plain_awk(words[i + 1]);
    }
    if (word.size() < 2 || word[0] != '-') {
      return !is_plain_awk(word);
    }
    bool takes_next = false;
    if (word[1] == '-' ? awk_long_option(word, takes_next) : awk_short_options(word, takes_next)) {
      return true;
    }
    i += takes_next ? 1 : 0;
  }
  return false;
}

bool make_may_run(const Words& words, std::size_t from) {
  for (std::size_t i = from; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (!word.starts_with('-') || word == "-") {
      if (assignment_runs(word)) {
        return true;
      }
      continue;
    }
    if (word.starts_with("--")) {
      const std::size_t equals = word.find('=');
      const std::string_view name = word.substr(0, equals);
      const bool file = abbreviates(name, {"--file", "--makefile"});
      const std::string_view value = equals != std::string_view::npos ? word.substr(equals + 1)
                                     : i + 1 < words.size()           ? words[i + 1]
                                                                      : std::string_view();
      if (abbreviates(name, {"--eval"}) || (file && is_input(value))) {
        return true;
      }
      continue;
    }
    char letter = ' ';
    const std::size_t at = make_value(word, letter);
    if (at == 0) {
      continue;
    }
    const bool apart = at == word.size();
    const std::string_view value =
        !apart ? word.substr(at) : (i + 1 < words.size() ? words[i + 1] : std::string_view());
    if (letter == 'E' || (letter == 'f' && is_input(value))) {
      return true;
    }
    i += apart && std::string_view("CfIoW").find(letter) != std::string_view::npos ? 1 : 0;
  }
  return false;
}

std::string program_hazard(const shell::SimpleCommand& command) {
  const Words words(command);
  if (reads_other_language(words)) {
    return fmt::format("{} reads a language that is not looked at", words.program());
  }
  const bool cmake =
      words.is({"cmake"}) && (cmake_names_program(words) || cmake_passes_to_make(words));
  if (cmake || shell::has_program_option(command) || shell::runs_by_verb(command) ||
      (words.is({"git"}) && names_remote_helper(words))) {
    return fmt::format("{} is given something that can run programs", words.program());
  }
  return {};
}

bool takes_verb(std::string_view program) {
  static const shell::NameSet kNames(
      " git hg svn gh npm npx yarn pnpm bun cargo go pip pip3 poetry uv docker podman kubectl helm "
      "terraform systemctl apt apt-get aws gcloud az ");
  return kNames.contains(program);
}

bool works_from_directory(std::string_view program) {
  static const shell::NameSet kNames(
      " make gmake bmake ninja cmake ctest meson git hg svn npm npx yarn pnpm bun bunx deno node "
      "nodejs tsx ts-node cargo rustc go pytest tox nox mypy ruff black pylint flake8 eslint "
      "prettier tsc jest vitest mocha webpack vite rollup esbuild gulp grunt gradle gradlew mvn "
      "ant "
      "sbt dotnet bundle rake rails rspec pip pip3 poetry pipenv uv pdm hatch just task bazel "
      "bazelisk docker docker-compose podman composer php mix swift stack cabal dune scons waf "
      "xcodebuild msbuild lerna nx turbo cypress playwright direnv mise asdf pre-commit ansible "
      "ansible-playbook terraform vagrant helm kustomize skaffold tilt ");
  const std::string_view base = program.substr(0, program.find_last_not_of("0123456789.-") + 1);
  return kNames.contains(program) ||
         Words::one_of(base, {"python", "pypy", "perl", "ruby", "lua", "php", "node"});
}

std::vector<std::string> work_places(const shell::SimpleCommand& command) {
  struct Options {
    std::string_view programs;
    std::string_view letters;
    std::string_view longs;
  };
  static constexpr Options kOptions[] = {
      {" make gmake bmake ", "CfI", " --directory --file --makefile --include-dir "},
      {" ninja ", "Cf", ""},
      {" cmake ", "SBC", " --build --install --preset-file "},
      {" ctest ", "", " --test-dir "},
      {" tsc ", "p", " --project --build "},
      {" cargo ", "C", " --manifest-path --config --path "},
      {" just ", "fd", " --justfile --working-directory "},
      {" meson ", "C", " --native-file --cross-file "},
      {" go ", "C", " -modfile -overlay "},
      {" pytest py.test ", "c", " --rootdir --confcutdir --config-file "},
      {" npm pnpm yarn bun ", "C", " --prefix --dir --cwd "},
      {" eslint stylelint ", "c", " --config "},
      {" jest ", "c",
       " --config --rootDir --globalSetup --globalTeardown --testRunner --transform "},
      {" mocha ", "r", " --require --config --file "},
      {" vitest vite webpack rollup ", "c", " --config --root "},
      {" pylint ", "", " --rcfile "},
      {" flake8 tox ", "c", " --config "},
      {" nox ", "f", " --noxfile "},
      {" rspec ", "rI", " --require "},
      {" rake ", "fI", " --rakefile "},
      {" phpunit ", "c", " --bootstrap --configuration "},
      {" mvn ", "fsgt", " --file --settings --global-settings --toolchains "},
      {" gradle gradlew ", "bIpc", " --init-script --build-file --project-dir --include-build "},
      {" java ", "", " -cp -classpath --class-path -jar --module-path "},
      {" task ", "td", " --taskfile --dir "},
      {" pre-commit ", "c", " --config "},
      {" bazel bazelisk ", "", " --bazelrc "},
      {" terraform ", "", " -chdir -plugin-dir "},
      {" unittest ", "st", " --start-directory --top-level-directory "},
  };
  static const shell::RowsByName<Options> kByProgram(kOptions);
  std::vector<std::string> out;
  const Words words(command);
  for (const Options* row : kByProgram.of(words.program())) {
    for (std::size_t i = 1; i < words.size(); ++i) {
      const std::string_view word = words[i];
      const std::size_t equals = word.find('=');
      std::size_t at = std::string_view::npos;
      if (word.size() > 2 && word[0] == '-') {
        const std::string_view name = word.substr(0, equals);
        for (const std::string_view full : text::split_words(row->longs)) {
          if (full == name ||
              (name.starts_with("--") && name.size() > 3 && full.starts_with(name))) {
            at = equals == std::string_view::npos ? word.size() : equals + 1;
          }
        }
      }
      if (at == std::string_view::npos && word.size() > 1 && word[0] == '-' && word[1] != '-') {
        const std::size_t letter = word.find_first_of(row->letters, 1);
        at = letter == std::string_view::npos ? letter : letter + 1;
      }
      if (at == std::string_view::npos) {
        continue;
      }
      if (at < word.size()) {
        out.emplace_back(word.substr(at));
      } else if (i + 1 < words.size()) {
        out.emplace_back(words[i + 1]);
      }
    }
  }
  for (std::size_t i = 1; words.is({"pytest", "py.test"}) && i < words.size(); ++i) {
    if (!words[i].starts_with('-') && words[i].find('/') != std::string_view::npos) {
      out.emplace_back(words[i].substr(0, words[i].find("::")));
    }
  }
  return out;
}

}  // namespace oap::permission
