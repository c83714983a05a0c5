#include "permission/build_calls.hpp"
#include "permission/given_programs.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

/// `-fuse-ld=./x`: a linker by its place.
bool names_linker(const Words& words) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i].starts_with("-fuse-ld=") && words[i].find('/') != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

bool has_path_value(const Words& words, std::string_view option) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    const bool apart = i > 1 && words[i - 1] == option;
    if ((apart || words[i].starts_with(option)) && words[i].find('/') != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

/// Settings of pytest that load nothing and name no files.
bool is_plain_setting(std::string_view setting) {
  const std::string_view name = setting.substr(0, setting.find('='));
  return name.starts_with("log_") || name.starts_with("junit_") || name.starts_with("asyncio_") ||
         Words::one_of(name, {"xfail_strict", "console_output_style", "timeout",
                              "verbosity_assertions", "truncation_limit_lines"});
}

/// pytest's options that load plugins or take its settings from elsewhere.
bool pytest_may_run(const Words& words) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const std::string_view next = i + 1 < words.size() ? words[i + 1] : std::string_view();
    const std::size_t equals = word.find('=');
    if (word.starts_with("--")) {
      const std::string_view name = word.substr(0, equals);
      const std::string_view value =
          equals == std::string_view::npos ? next : word.substr(equals + 1);
      if ((name == "--override-ini" && !is_plain_setting(value)) || name == "--config-file" ||
          Words::one_of(name, {"--pdbcls", "--pyargs", "--tx"})) {
        return true;
      }
      continue;
    }
    if (word.starts_with('@')) {
      return true;
    }
    if (word.size() < 2 || word[0] != '-') {
      continue;
    }
    const std::size_t letter = word.find_first_of("pockmnrW", 1);
    if (letter == std::string_view::npos) {
      continue;
    }
    const std::string_view value = letter + 1 < word.size() ? word.substr(letter + 1) : next;
    if (word[letter] == 'c' || (word[letter] == 'p' && !value.starts_with("no:")) ||
        (word[letter] == 'W' && value.find('.') != std::string_view::npos) ||
        (word[letter] == 'o' && !is_plain_setting(value))) {
      return true;
    }
    i += letter + 1 < word.size() ? 0 : 1;
  }
  return false;
}

}  // namespace

bool builds_with_program(const Words& words) {
  if (words.is({"make", "gmake", "bmake", "ninja"})) {
    return make_may_run(words);
  }
  if (words.is({"go"})) {
    return words.any_prefix(
               {"-exec", "-toolexec", "-vettool", "--exec", "--toolexec", "--vettool"}) ||
           words.any_prefix({"-overlay", "--overlay", "-modfile", "--modfile", "-gccgoflags",
                             "--gccgoflags", "-compiler=gccgo", "--compiler=gccgo"}) ||
           words.any_part("extld") ||
           (words.size() > 1 && words[1] == "env" && words.any_word({"-w"}));
  }
  if (words.is({"cargo"})) {
    return words.any_prefix({"--config"});
  }
  if (words.is({"gcc", "g++", "cc", "c++", "clang", "clang++", "cpp", "ld", "tcc", "gfortran"})) {
    return words.any_prefix({"-wrapper", "-fplugin", "-plugin", "-specs", "--specs", "@", "-B",
                             "-Xclang", "-load", "-fpass-plugin", "-iplugindir", "--ld-path",
                             "--config", "-ccc-", "--gcc-toolchain"}) ||
           names_linker(words);
  }
  if (words.is({"rustc"})) {
    return words.any_part("linker=") || words.any_part("codegen-backend") ||
           words.any_part(".so") || words.any_prefix({"@"});
  }
  if (words.is({"java", "javaw"})) {
    return words.any_prefix({"-javaagent", "-agentpath", "-agentlib", "-Xrun", "@"});
  }
  if (words.is({"pytest", "py.test"})) {
    return pytest_may_run(words);
  }
  if (words.is({"pandoc"})) {
    return words.any_short("FL") || words.any_prefix({"--filt", "--lua"}) ||
           has_path_value(words, "--pdf-engine");
  }
  if (words.is({"latexmk"})) {
    return words.any_word({"-e", "-r"}) ||
           words.any_prefix({"-pdflatex=", "-latex=", "-xelatex=", "-lualatex=", "-usepretex"});
  }
  if (words.is({"cmake"})) {
    return words.any_word({"-E", "-P", "--open"}) || words.any_prefix({"-P", "-C"});
  }
  return words.is({"apt", "apt-get", "aptitude", "dpkg"}) && words.any_short("oc");
}

}  // namespace oap::permission
