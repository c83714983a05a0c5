#include "permission/inline_code.hpp"

#include <array>

#include <fmt/format.h>

#include "permission/build_calls.hpp"
#include "permission/git_calls.hpp"
#include "permission/given_programs.hpp"
#include "permission/words.hpp"
#include "shell/name_set.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

/// How an interpreter takes its arguments. Sources: the programs' manuals.
struct Interpreter {
  std::string_view programs;  ///< " perl raku "; a name may be followed by a version
  std::string_view code;      ///< short options that are, or take, code
  std::string_view values;    ///< short options whose value may be the next word
  std::string_view longs;     ///< long options that take code or load it, also abbreviated
};
constexpr Interpreter kInterpreters[] = {
    {" python pypy ipython bpython ptpython micropython jython graalpy ", "c", "WXQ", ""},
    {" perl raku ", "eEMmdx", "ICF", ""},
    {" ruby jruby truffleruby irb ", "er", "IECKTx", " --require "},
    {" node nodejs tsx ts-node electron qjs ", "epr", "C",
     " --eval --print --require --import --loader --experimental-loader --experimental-default "},
    {" php hhvm ", "rBREdaFz", "cSt", " --run --process --define --interactive "},
    {" lua luajit luau texlua ", "el", "", ""},
    {" tclsh wish expect jimsh ", "c", "", ""},
    {" R Rscript ", "e", "gf", ""},
    {" julia ", "eEL", "CJHptO", " --eval --print --load "},
    {" guile ", "cel", "Ls", ""},
    {" pwsh powershell ", "cCeEf", "", " --command -Command -EncodedCommand -enc "},
    {" osascript ", "e", "l", ""},
    {" groovy scala kotlin jshell clojure clj bb nbb racket elixir iex erl swift ghci ghc runghc "
     "runhaskell "
     "ocaml ocamlfind sbcl clisp ecl octave gnuplot crystal nim dart gforth gosh csi gsi "
     "chibi-scheme mit-scheme "
     "scheme guile3 maxima sage j bqn apl factor io janet fennel hy tcc ",
     "erxqlk", "", " --eval --execute --run --main --load -eval --expr "},
};

/// "python3.11" is python; "pythonic" is not.
bool is_version_of(std::string_view program, std::string_view name) {
  return program.starts_with(name) &&
         program.substr(name.size()).find_first_not_of("0123456789.-") == std::string_view::npos;
}

const Interpreter* interpreter_of(std::string_view program) {
  static const shell::RowsByName<Interpreter> kByName(kInterpreters);
  const std::size_t end = program.find_last_not_of("0123456789.-");
  for (const std::string_view name : {program, program.substr(0, end + 1)}) {
    if (const auto& rows = kByName.of(name); !rows.empty()) {
      return rows.front();
    }
  }
  return nullptr;
}

bool is_input(std::string_view word) {
  return word == "-" || word.starts_with("/dev/stdin") || word.starts_with("/dev/fd/") ||
         (word.starts_with("/proc/") && word.find("/fd/") != std::string_view::npos);
}

/// `python -m MODULE`: modules that run code given in words, read it from the input, or install.
bool is_code_module(std::string_view module) {
  return Words::one_of(
      module, {"timeit",  "code",     "idlelib", "pdb",   "IPython", "ptpython",   "bpython",
               "trace",   "cProfile", "profile", "runpy", "pip",     "ensurepip",  "easy_install",
               "asyncio", "this_",    "site",    "venv_", "zipapp_", "webbrowser", "pty"});
}

/// One option; true where it is code, `takes_next` where its value is the next word.
bool option_is_code(const Interpreter& one, std::string_view word, bool& takes_next) {
  if (word.starts_with("--")) {
    const std::string_view name = word.substr(0, word.find('='));
    return name.size() > 3 && one.longs.find(" " + std::string(name)) != std::string_view::npos;
  }
  if (word.size() > 2 && Words::listed(one.longs, word)) {
    return true;
  }
  for (std::size_t i = 1; i < word.size(); ++i) {
    if (one.code.find(word[i]) != std::string_view::npos) {
      return true;
    }
    if (one.values.find(word[i]) != std::string_view::npos) {
      takes_next = i + 1 == word.size();
      return false;
    }
  }
  return false;
}

bool interprets(const Words& words, const Interpreter& one) {
  bool options = true;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (Words::one_of(word, {"--version", "--help", "-V", "-v", "--check", "-h", "--test"})) {
      return false;
    }
    if (word == "-m" && is_version_of(words.program(), "python")) {
      const bool pip = i + 1 < words.size() && words[i + 1] == "pip";
      return pip ? words.any_word({"install", "download", "wheel", "uninstall"})
                 : i + 1 >= words.size() || is_code_module(words[i + 1]);
    }
    if (options && word == "--") {
      options = false;
      continue;
    }
    if (!options || !word.starts_with('-') || word == "-") {
      return is_input(word);
    }
    bool takes_next = false;
    if (option_is_code(one, word, takes_next)) {
      return true;
    }
    i += takes_next ? 1 : 0;
  }
  return true;
}

bool sed(const Words& words) {
  if (words.any_dynamic() || words.any_prefix({"--fi", "--exp", "--line"})) {
    return true;
  }
  bool script = true;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word.size() > 1 && word[0] == '-' && word[1] != '-') {
      const std::size_t at = word.find_first_of("efl", 1);
      if (at == std::string_view::npos || word.find('i', 1) < at) {
        continue;
      }
      if (word[at] != 'e') {
        return true;
      }
      script = false;
      const std::string_view attached = word.substr(at + 1);
      const std::string_view text =
          !attached.empty() ? attached : (i + 1 < words.size() ? words[++i] : std::string_view());
      if (!is_plain_sed(text)) {
        return true;
      }
    } else if (script && !word.starts_with("--")) {
      script = false;
      if (!is_plain_sed(word)) {
        return true;
      }
    }
  }
  return false;
}

/// Programs for which a file's name that looks like an option is dangerous.
bool takes_dangerous_options(const Words& words) {
  return words.is({"tar",  "gtar", "bsdtar", "zip",    "rsync",   "find", "fd",     "fdfind",
                   "git",  "rg",   "man",    "awk",    "gawk",    "mawk", "sed",    "perl",
                   "ruby", "node", "php",    "python", "python3", "lua",  "less",   "make",
                   "go",   "gcc",  "g++",    "clang",  "vim",     "vi",   "split",  "sort",
                   "curl", "wget", "ssh",    "scp",    "7z",      "cpio", "docker", "npx",
                   "env",  "sudo", "chroot", "nc",     "tcpdump"});
}

}  // namespace

bool is_interpreter(std::string_view program) { return interpreter_of(program) != nullptr; }

std::optional<shell::SimpleCommand> module_call(const shell::SimpleCommand& command) {
  const Words words(command);
  if (!is_version_of(words.program(), "python") && !is_version_of(words.program(), "pypy")) {
    return std::nullopt;
  }
  std::size_t at = 1;
  while (at < words.size() && words[at].starts_with('-') && !words[at].starts_with("-m")) {
    at += Words::one_of(words[at], {"-W", "-X", "-Q"}) ? 2 : 1;
  }
  if (at >= words.size() || !words[at].starts_with("-m")) {
    return std::nullopt;
  }
  const std::size_t module = at + (words[at].size() == 2 ? 1 : 0);
  if (module >= words.size() || command.kinds[module] != shell::WordKind::kStatic) {
    return std::nullopt;
  }
  shell::SimpleCommand out = command;
  const auto behind = static_cast<std::ptrdiff_t>(module);
  out.argv.erase(out.argv.begin(), out.argv.begin() + behind);
  out.kinds.erase(out.kinds.begin(), out.kinds.begin() + behind);
  if (module == at) {
    out.argv.front().erase(0, 2);
  }
  return out;
}

std::string inline_code(const shell::SimpleCommand& command) {
  const Words words(command);
  const auto says = [&](std::string_view what) {
    return fmt::format("{} {}", words.program(), what);
  };
  if (const Interpreter* one = interpreter_of(words.program())) {
    const bool subcommand =
        words.is({"swift", "dart", "crystal", "nim", "ocamlfind"}) && words.first_operand() != 0;
    if (!subcommand && interprets(words, *one)) {
      return says("runs code given in the command line");
    }
  }
  if (words.is({"deno", "bun"})) {
    if (words.any_word({"eval", "repl", "x", "-"}) || words.any_short("ep") || words.size() == 1) {
      return says("runs code given in the command line");
    }
  }
  if (words.is({"awk", "gawk", "mawk", "nawk", "original-awk", "goawk"}) && awk_may_run(words)) {
    return says("may run commands or write files from its program");
  }
  if (words.is({"sed", "gsed", "ssed"}) && sed(words)) {
    return says("may run commands or write files from its script");
  }
  if (words.is({"git"}) && git_may_run(words)) {
    return says("is given something that can run programs");
  }
  if (is_given_program(words)) {
    return says("is given something that can run programs");
  }
  if (takes_dangerous_options(words) && words.glob_may_be_option()) {
    return says("may take a file's name for an option");
  }
  return {};
}

}  // namespace oap::permission
