#include "permission/inline_code.hpp"

#include <array>

#include <fmt/format.h>

#include "permission/build_calls.hpp"
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

bool git(const Words& words) {
  std::size_t at = 1;
  while (at < words.size() && words[at].starts_with('-')) {
    if (Words::one_of(words[at], {"-c", "--config-env"}) || words[at].starts_with("--exec-path=")) {
      return true;
    }
    at += Words::one_of(words[at], {"-C", "--git-dir", "--work-tree", "--namespace"}) ? 2 : 1;
  }
  if (at >= words.size()) {
    return false;
  }
  const std::string_view verb = words[at];
  if (words.any_prefix({"--upload-p", "--receive-p", "--ext-d", "--exec", "--open-f", "--outp",
                        "--textconv", "--filters", "ext::", "--extc", "--conf", "--templ"}) ||
      Words::one_of(verb, {"filter-branch",
                           "difftool",
                           "mergetool",
                           "instaweb",
                           "send-email",
                           "hook",
                           "for-each-repo",
                           "shell",
                           "daemon",
                           "web--browse",
                           "credential",
                           "submodule--helper",
                           "remote-ext",
                           "upload-archive",
                           "http-backend",
                           "cvsserver",
                           "p4",
                           "svn",
                           "gui",
                           "citool",
                           "maintenance",
                           "fast-import",
                           "merge-index",
                           "merge-one-file"})) {
    return true;
  }
  if (verb == "submodule") {
    return words.any_word({"foreach"});
  }
  if (verb == "bisect") {
    return words.any_word({"run", "visualize", "view"});
  }
  if (verb == "rebase") {
    return words.any_short("xi") || words.any_prefix({"--exe", "--int", "--ed"});
  }
  if (verb == "grep") {
    return words.any_short("O");
  }
  if (verb == "clone" || verb == "init") {
    return words.any_short("uc");
  }
  return verb == "config" &&
         !words.any_word({"--get", "--list", "-l", "--get-all", "--get-regexp", "get", "list"});
}

bool archiver(const Words& words) {
  if (words.is({"tar", "gtar", "bsdtar"})) {
    const bool bundled = words.size() > 1 && !words[1].starts_with('-') &&
                         words[1].find_first_of("IF") != std::string_view::npos;
    return bundled || words.any_short("IFT") ||
           words.any_prefix({"--checkpoint-a", "--to-c", "--use-", "--info-s", "--new-v", "--rs",
                             "--rm", "--files-f"});
  }
  if (words.is({"zip"})) {
    return words.any_word({"-TT"}) || words.any_prefix({"--unzip-c"});
  }
  if (words.is({"rsync"})) {
    return words.any_short("eM") ||
           words.any_prefix({"--rs", "--remote-o", "--daemon", "--config"});
  }
  if (words.is({"scp", "sftp"})) {
    return words.any_short("oSDFb");
  }
  return words.is({"cpio", "pax"}) && words.any_prefix({"--rsh", "--to-"});
}

bool builder(const Words& words) {
  if (words.is({"make", "gmake", "bmake", "ninja"})) {
    return make_may_run(words);
  }
  if (words.is({"go"})) {
    return words.any_prefix(
               {"-exec", "-toolexec", "-vettool", "--exec", "--toolexec", "--vettool"}) ||
           words.any_part("extld");
  }
  if (words.is({"cargo"})) {
    return words.any_prefix({"--config"});
  }
  if (words.is({"gcc", "g++", "cc", "c++", "clang", "clang++", "cpp", "ld", "tcc"})) {
    return words.any_prefix(
        {"-wrapper", "-fplugin", "-plugin", "-specs", "@", "-B", "-Xclang", "-load"});
  }
  if (words.is({"cmake"})) {
    return words.any_word({"-E", "-P", "--open"}) || words.any_prefix({"-P", "-C"});
  }
  return words.is({"apt", "apt-get", "aptitude", "dpkg"}) && words.any_short("oc");
}

/// A database's shell: its own commands, server-side programs, or queries from its input.
bool queries_run_programs(const Words& words) {
  if (words.any_word({"--version", "--help", "-V", "-version"})) {
    return false;
  }
  const bool lite = words.is({"sqlite3"});
  const bool given =
      lite ? words.first_operand() != 0 && words.first_operand() + 1 < words.size()
           : words.any_short("cel") || words.any_prefix({"--command", "--execute", "--list"});
  bool special =
      words.any_dynamic() || words.any_short("f") || words.any_prefix({"-init", "-cmd", "--file"});
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string lower = text::lower_ascii(words[i]);
    for (const std::string_view mark :
         {"\\", ".sh", ".sy", ".once", ".out", ".imp", ".load", ".read", "|", "program", "load_ext",
          "writefile", "readfile", "edit(", "system", "source"}) {
      special = special || lower.find(mark) != std::string::npos;
    }
  }
  return special || !given;
}

/// Options of a remote shell that run something here.
bool connects_through(const Words& words) {
  return words.is({"ssh", "slogin", "autossh", "mosh"}) &&
         (words.any_part("ProxyCommand") || words.any_part("LocalCommand") ||
          words.any_part("HostsCommand") || words.any_part("proxycommand") ||
          words.any_part("localcommand"));
}

/// Our own program, where it changes what may be done.
bool changes_rules(const Words& words) {
  return words.is({"oap"}) && words.any_word({"trust", "set", "approve", "deny", "run", "serve",
                                              "add", "remove", "call", "login"});
}

/// Programs with an option, or a word, that names another program.
bool names_program(const Words& words) {
  if (connects_through(words) || changes_rules(words)) {
    return true;
  }
  if (words.is({"sort"})) {
    return words.any_prefix({"--com"});
  }
  if (words.is({"split", "gsplit"})) {
    return words.any_prefix({"--fi"});
  }
  if (words.is({"rg", "ripgrep"})) {
    return words.any_prefix({"--pre=", "--hostname-bin"}) || words.any_word({"--pre"});
  }
  if (words.is({"man", "less", "more", "most", "apropos", "whatis", "git-help"})) {
    return words.any_short(words.is({"less", "more"}) ? "PHko+" : "PHC") ||
           words.any_prefix({"+", "--htm", "--pa", "--conf", "--lesskey"});
  }
  if (words.is({"help", "info"})) {
    return words.any_short("fo") || words.any_prefix({"--res", "--out", "--fi"});
  }
  if (words.is({"find"})) {
    return words.any_word({"-fls", "-fprint", "-fprint0", "-fprintf"});
  }
  if (words.is({"fd", "fdfind"})) {
    return words.any_short("xX") || words.any_prefix({"--exec"});
  }
  if (words.is({"wget"})) {
    return words.any_short("e") || words.any_prefix({"--use-a", "--exec", "--conf"});
  }
  if (words.is({"curl"})) {
    return words.any_short("K") || words.any_prefix({"--conf", "--lib", "--engine"});
  }
  if (words.is({"nc", "ncat", "netcat"})) {
    return words.any_short("ec") || words.any_prefix({"--exec", "--sh-e", "--lua"});
  }
  if (words.is({"tcpdump"})) {
    return words.any_short("z");
  }
  if (words.is({"dc", "m4", "ftp", "telnet", "gnuplot"})) {
    return !words.any_word({"--version", "--help", "-V"});
  }
  if (words.is({"sqlite3", "psql", "mysql", "mariadb"})) {
    return queries_run_programs(words);
  }
  if (words.is({"ssh-keygen", "ssh-add", "openssl"})) {
    return (words.is({"ssh-keygen"}) && words.any_short("D")) ||
           (words.is({"ssh-add"}) && words.any_short("s"));
  }
  if (words.is({"xsltproc", "latex", "pdflatex", "xelatex", "lualatex", "tex"})) {
    return words.any_prefix({"-shell-escape", "--shell-escape", "-enable-write18", "--lua"});
  }
  if (words.is({"journalctl", "systemctl", "bat", "batcat", "delta"})) {
    return words.any_prefix({"--pager", "--edit"}) || words.any_word({"edit"});
  }
  if (words.is({"screen", "tmux", "gdb", "lldb", "expect"})) {
    return false;
  }
  return words.is({"crontab", "at", "batch", "parallel", "sem"});
}

bool edits(const Words& words) {
  if (words.is({"vi", "vim", "nvim", "view", "vimdiff", "rvim", "gvim", "ex", "emacs",
                "emacsclient", "nano", "pico", "joe", "micro", "kak", "hx", "ed", "red"})) {
    return words.is({"ex", "ed", "red"}) || words.any_short("ceEsSlfu") ||
           words.any_prefix({"+", "--cmd", "--ev", "--ba", "--sc", "--lo", "--fu", "--ex", "--sp"});
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
  if (words.is({"git"}) && git(words)) {
    return says("is given something that can run programs");
  }
  if (archiver(words) || builder(words) || names_program(words) || edits(words)) {
    return says("is given something that can run programs");
  }
  if (takes_dangerous_options(words) && words.glob_may_be_option()) {
    return says("may take a file's name for an option");
  }
  return {};
}

}  // namespace oap::permission
