#include <algorithm>
#include <array>
#include <optional>

#include "shell/name_set.hpp"
#include "shell/wrapping.hpp"
#include "text/strings.hpp"

namespace oap::shell {
namespace {

/// Options whose value is a command, a program or a file of code: the one table of them. Long names
/// in full; they count however abbreviated. Sources: the programs' manuals.
struct ProgramOptions {
  std::string_view programs;
  std::string_view letters;  ///< short options, anywhere in a group
  std::string_view longs;    ///< " --open-files-in-pager -wrapper "
  std::string_view exempt;   ///< options of their own that are also an abbreviation
  /// False: the option is no hazard by itself (`ssh -o`, `psql -c`); its value is read all the
  /// same.
  bool hazard = true;
};
constexpr ProgramOptions kOptions[] = {
    {" git ", "",
     " --open-files-in-pager --exec --upload-pack --receive-pack --ext-diff --textconv --filters "
     "--extcmd --template --config-env --sendmail-cmd --to-cmd --cc-cmd --edit-description ",
     " --text --filter --cc --exec-path "},
    {" tar gtar bsdtar ", "",
     " --to-command --use-compress-program --info-script --new-volume-script --rsh-command "
     "--rmt-command --checkpoint-action ",
     " --checkpoint "},
    {" split gsplit ", "", " --filter ", ""},
    {" sort gsort ", "", " --compress-program ", ""},
    {" zip ", "", " --unzip-command ", ""},
    {" install ginstall ", "", " --strip-program ", " --strip "},
    {" npm pnpm yarn npx bun ", "",
     " --script-shell --node-options --userconfig --globalconfig --shell --init-module "
     "--viewer --editor --browser ",
     ""},
    {" strace ", "E", " --env ", ""},
    {" gcc g++ cc c++ clang clang++ cpp ld gfortran ", "",
     " -wrapper -fplugin -plugin -specs --specs --prefix ", ""},
    {" ag ack ack-grep ", "", " --pager --ackrc ", ""},
    {" rg ripgrep ", "", " --pre --hostname-bin ", ""},
    {" man ", "PH", " --pager --html --preprocessor ", ""},
    {" mypy dmypy ", "", " --python-executable --config-file ", ""},
    {" eslint ", "", " --plugin --rulesdir --resolve-plugins-relative-to --parser ", ""},
    {" kubectl oc helm ", "", " --kubeconfig --post-renderer ", ""},
    {" mongosh mongo ", "", " --eval --file ", ""},
    {" nroff groff troff ", "U", "", ""},
    {" prettier ", "", " --plugin --plugin-search-dir --config ", ""},
    {" openssl ", "", " engine -engine -engine_impl -provider -provider-path ", ""},
    {" ctest ", "",
     " -S -SP --script --script-new-process --build-and-test --test-command --build-makeprogram ",
     ""},
    {" cmake ", "", " --toolchain ", ""},
    {" gdb lldb ", "",
     " -ex -iex -x -ix -eval-command --eval-command --init-eval-command --command --init-command "
     "-o -O -s -S -k --one-line --source ",
     ""},
    {" rsync ", "", " --rsh --rsync-path --remote-option ", ""},
    {" svn ", "", " --diff-cmd --diff3-cmd --editor-cmd --config-option --config-dir ", ""},
    {" hg ", "", " --config --ssh --remotecmd ", ""},
    {" cvs ", "e", "", ""},
    {" rpm rpmbuild rpmquery ", "ED", " --eval --define --pipe --rcfile --load ", ""},
    {" dpkg apt apt-get aptitude ", "", " --pre-invoke --post-invoke --status-logger --option ",
     ""},
    {" mutt neomutt ", "eF", "", ""},
    {" mail mailx s-nail Mail ", "EXS", "", ""},
    {" gpg gpg2 ", "",
     " --photo-viewer --agent-program --dirmngr-program --pinentry-program --exec-path --options ",
     ""},
    {" gs ghostscript ", "c", "", ""},
    {" pdftex pdflatex latex xelatex lualatex tex luatex etex ", "",
     " -shell-escape --shell-escape -enable-write18 --enable-write18 --lua ", ""},
    {" fzf sk ", "", " --preview --bind ", ""},
    {" meson ", "", " --wrapper ", ""},
    {" pylint ", "", " --load-plugins --init-hook ", ""},
    {" bazel bazelisk ", "", " --run_under --workspace_status_command ", ""},
    {" just ", "cf", " --command --shell --chooser --justfile ", ""},
    {" bat batcat delta ", "", " --pager ", ""},
    {" fd fdfind ", "xX", " --exec --exec-batch ", ""},
    {" wget ", "", " --use-askpass --execute ", ""},
    {" tcpdump ", "z", "", ""},
    {" journalctl systemctl ", "", " --pager ", ""},
    {" tar gtar bsdtar ", "IF", "", "", false},
    {" rsync ", "e", "", "", false},
    {" ssh scp sftp ", "oS", "", "", false},
    {" nc ncat netcat ", "ec", " --exec --sh-exec ", "", false},
    {" go ", "", " -exec -toolexec -vettool ", "", false},
    {" fish csh tcsh rc es yash posh elvish xonsh nu ion oil osh ysh tclsh expect pwsh powershell ",
     "c", " --command -Command ", "", false},
    {" hyperfine ", "psc", " --prepare --setup --cleanup --conclude ", "", false},
    {" cargo-watch watchexec nodemon entr ", "xs", " --exec --shell ", "", false},
    {" xterm gnome-terminal konsole ", "e", " --command ", "", false},
    {" nix-shell ", "", " --run --command ", "", false},
    {" sqlite3 psql mysql mariadb ", "ce", " --command -cmd --execute ", "", false},
    {" dc ", "e", " --expression ", "", false},
};

/// Verbs behind which another program's words stand.
struct ProgramVerbs {
  std::string_view programs;
  std::string_view verbs;
};
constexpr ProgramVerbs kVerbs[] = {
    {" ip ", " exec "},
    {" gh ", " alias extension "},
    {" meson ", " devenv "},
    {" bazel bazelisk ", " run "},
    {" rr ", " record "},
    {" libtool glibtool ", " --mode=execute --mode=compile --mode=link --mode=install "},
    {" adb ", " shell exec-out exec-in "},
    {" sops ", " exec-env exec-file "},
    {" teller infisical devbox ", " run sh shell "},
    {" salt salt-call salt-ssh ", " cmd.run cmd.shell cmd.script cmd.run_all cmd.exec_code "},
    {" xdotool ", " exec "},
    {" cmake ", " -E "},
};

/// Where an option's value begins; a place behind the end where there is none.
struct Value {
  std::size_t word = 0;
  std::size_t from = 0;
  bool hazard = true;  ///< as its row says
};

bool is_long_option(const ProgramOptions& row, std::string_view name) {
  const std::vector<std::string_view> exempt = text::split_words(row.exempt);
  if (std::find(exempt.begin(), exempt.end(), name) != exempt.end()) {
    return false;
  }
  const std::vector<std::string_view> full = text::split_words(row.longs);
  return std::any_of(full.begin(), full.end(), [&](std::string_view one) {
    return one == name || (name.size() > 2 && name.starts_with("--") && one.starts_with(name));
  });
}

std::optional<Value> option_value(const ProgramOptions& row, const SimpleCommand& command,
                                  std::size_t i) {
  const std::string_view word = command.argv[i];
  const std::size_t equals = word.find('=');
  if (is_long_option(row, word.substr(0, equals))) {
    return equals == std::string_view::npos ? Value{i + 1, 0} : Value{i, equals + 1};
  }
  if (word.size() < 2 || word[0] != '-' || word[1] == '-' || row.letters.empty()) {
    return std::nullopt;
  }
  const std::size_t letter = word.find_first_of(row.letters, 1);
  if (letter == std::string_view::npos) {
    return std::nullopt;
  }
  return letter + 1 < word.size() ? Value{i, letter + 1} : Value{i + 1, 0};
}

/// Forms that no table holds: `zip -TT…`, `strace -o '|…'`, `gcc -Wl,-plugin,…`, `convert '|…'`.
std::optional<Value> special_value(std::string_view program, const SimpleCommand& command,
                                   std::size_t i) {
  const std::string_view word = command.argv[i];
  const auto behind = [&](std::size_t at) {
    return at < word.size() ? Value{i, at} : Value{i + 1, 0};
  };
  if (program == "zip" && word.starts_with('-') && !word.starts_with("--") &&
      word.find("TT") != std::string_view::npos) {
    return behind(word.find("TT") + 2);
  }
  if (program == "strace" && word.starts_with("-o")) {
    const Value value = behind(2);
    const bool given = value.word < command.argv.size();
    const std::string_view file =
        given ? std::string_view(command.argv[value.word]).substr(value.from) : "";
    return file.starts_with('|') || file.starts_with('!') ? std::optional(value) : std::nullopt;
  }
  const bool linked =
      word.starts_with("-Wl,") || word.starts_with("-Wa,") || word.starts_with("-Wp,");
  if (linked && (word.find("-plugin") != std::string_view::npos ||
                 word.find(",@") != std::string_view::npos)) {
    return behind(word.rfind(',') + 1);
  }
  static const NameSet kImages(" convert magick identify mogrify compare composite montage ");
  if (kImages.contains(program) && (word.find('|') != std::string_view::npos ||
                                    word.starts_with("msl:") || word.starts_with("ephemeral:"))) {
    return Value{i, 0};
  }
  if (program == "eslint" && (word == "-f" || word == "--format") && i + 1 < command.argv.size() &&
      command.argv[i + 1].find_first_of("/.") != std::string::npos) {
    return Value{i + 1, 0};
  }
  return std::nullopt;
}

/// `prettier --config .prettierrc`: the file of settings that is taken anyway, and holds no code.
bool is_usual_setting(std::string_view program, const SimpleCommand& command, const Value& value) {
  static const NameSet kUsual(
      " pyproject.toml mypy.ini .mypy.ini setup.cfg .prettierrc .prettierrc.json .prettierrc.yaml "
      ".prettierrc.yml .prettierrc.toml ");
  if ((program != "prettier" && program != "mypy") || value.word >= command.argv.size()) {
    return false;
  }
  const std::string_view file = std::string_view(command.argv[value.word]).substr(value.from);
  return command.kinds[value.word] == WordKind::kStatic && !file.starts_with('/') &&
         file.find("..") == std::string_view::npos && kUsual.contains(base_name(file));
}

/// What the table and the special forms give for the word at `i`; of hazards only where asked.
std::vector<Value> program_values(const SimpleCommand& command, std::size_t i, bool hazards) {
  static const RowsByName<ProgramOptions> kByProgram(kOptions);
  const std::string_view program = base_name(command.argv.front());
  std::vector<Value> out;
  for (const ProgramOptions* row : kByProgram.of(program)) {
    if (hazards && !row->hazard) {
      continue;
    }
    auto value = option_value(*row, command, i);
    if (!value || is_usual_setting(program, command, *value)) {
      continue;
    }
    value->hazard = row->hazard;
    out.push_back(*value);
    if (!row->hazard && value->word == i) {
      out.push_back({i + 1, 0, false});  // the letter may be the last of another's value
    }
  }
  if (const auto special = special_value(program, command, i)) {
    out.push_back(*special);
  }
  return out;
}

/// The place behind the verb; 0 where there is none.
std::size_t behind_verb(const SimpleCommand& command) {
  static const RowsByName<ProgramVerbs> kByProgram(kVerbs);
  for (const ProgramVerbs* row : kByProgram.of(base_name(command.argv.front()))) {
    const std::vector<std::string_view> verbs = text::split_words(row->verbs);
    for (std::size_t i = 1; i < command.argv.size(); ++i) {
      if (std::find(verbs.begin(), verbs.end(), command.argv[i]) != verbs.end()) {
        return i + 1;
      }
    }
  }
  return 0;
}

bool is_remote(std::string_view word) {
  if (word.starts_with("ssh://") || word.starts_with("git+ssh://") ||
      word.starts_with("ssh+git://") || word.starts_with("svn+ssh://") ||
      word.starts_with("sftp://")) {
    return true;
  }
  const std::size_t colon = word.find(':');
  return colon != std::string_view::npos && colon > 0 && !word.starts_with('-') &&
         word.find('/') > colon && word.substr(colon).find("://") != 0 &&
         !word.substr(colon).starts_with("::");
}

/// Text in make's language, or in that of a shell that is not read.
void guess_foreign(const Wrapping& w) {
  static const NameSet kBuilders(" make gmake bmake cmake ");
  static const NameSet kShells(
      " fish csh tcsh rc es nu ion oil osh ysh xonsh elvish zsh rzsh zsh5 pwsh powershell ");
  const bool builds = kBuilders.contains(w.program);
  if (!builds && !kShells.contains(w.program)) {
    return;
  }
  for (std::size_t i = 1; i < w.size(); ++i) {
    const std::string& word = w.word(i);
    const bool evaluated = word.find('$') != std::string::npos ||
                           word.find("!=") != std::string::npos ||
                           word.find("SHELL") != std::string::npos;
    const std::string_view text =
        std::string_view(word).substr(builds && word.find("SHELL=") == 0 ? 6 : 0);
    if (builds ? evaluated : word.find(' ') != std::string::npos) {
      guess_mentioned(w, text);
    }
  }
}

}  // namespace

bool has_program_option(const SimpleCommand& command) {
  for (std::size_t i = 1; i < command.argv.size(); ++i) {
    if (!program_values(command, i, true).empty()) {
      return true;
    }
  }
  return false;
}

bool runs_by_verb(const SimpleCommand& command) { return behind_verb(command) != 0; }

void guess_programs(const Wrapping& w) {
  if (w.findings.guessing > 1) {
    return;
  }
  for (std::size_t i = 1; i < w.size(); ++i) {
    for (const Value& value : program_values(w.command, i, false)) {
      if (value.word >= w.size()) {
        continue;
      }
      const std::string_view text = std::string_view(w.word(value.word)).substr(value.from);
      guess_value(w, text);
      if (value.hazard) {
        guess_mentioned(w, text);
      }
    }
  }
  guess_foreign(w);
  if (const std::size_t from = behind_verb(w.command); from != 0) {
    guess_from(w, from);
  }
  guess_implied(w);
}

void guess_implied(const Wrapping& w) {
  static const NameSet kCopies(" scp rsync sftp sshfs mosh ");
  static const NameSet kConnecting(" fetch pull push clone ls-remote submodule ");
  const bool git = w.program == "git";
  if (!git && !kCopies.contains(w.program) && w.program != "svn" && w.program != "hg") {
    return;
  }
  bool verb = !git;
  int operands = 0;
  for (std::size_t i = 1; i < w.size(); ++i) {
    const bool joined =
        git && (w.word(i).starts_with("--remote=") || w.word(i).starts_with("--repo="));
    const bool place = joined || (git && is_one_of(w.word(i - 1), {"--remote", "--repo"}));
    const std::string word = joined ? w.word(i).substr(w.word(i).find('=') + 1) : w.word(i);
    if (word.starts_with('-') || (word == "add" && w.word(i - 1) == "submodule")) {
      continue;
    }
    if (!verb && !place) {
      verb = kConnecting.contains(word);
      if (word == "stash") {
        return;  // its push is none to another place
      }
      continue;
    }
    const bool counted = !git || operands < 2 || word.find("://") != std::string::npos;
    const bool refs = git && operands > 0 && word.find('@') == std::string::npos &&
                      word.find("://") == std::string::npos && w.word(i - 1)[0] != '-';
    ++operands;
    if (counted && !refs && is_remote(word)) {
      SimpleCommand command;
      const std::size_t scheme = word.find("://");
      const std::string host =
          scheme == std::string::npos
              ? word.substr(0, word.find(':'))
              : word.substr(scheme + 3, word.find('/', scheme + 3) - scheme - 3);
      command.argv = {"ssh", host};
      command.kinds.assign(2, WordKind::kStatic);
      command.wrapper = w.program;
      command.possible = true;
      w.findings.script.commands.push_back(std::move(command));
      return;
    }
  }
}

}  // namespace oap::shell
