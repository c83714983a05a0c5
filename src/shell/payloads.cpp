#include <algorithm>

#include "shell/name_set.hpp"
#include "shell/wrapping.hpp"
#include "text/strings.hpp"

namespace oap::shell {
namespace {

/// Options whose value is a command. Long names stand for every longer one as well, as GNU programs
/// take abbreviations. Sources: the manuals of the programs.
struct TextOptions {
  std::string_view programs;  ///< " tar gtar "
  std::string_view letters;   ///< short options, alone or last of a group
  std::string_view longs;     ///< " --to-c --use- "
};
constexpr TextOptions kTextOptions[] = {
    {" tar gtar bsdtar ", "IF", " --to-c --use- --info-s --new-v --rsh --rmt --checkpoint-a "},
    {" sort ", "", " --com "},
    {" split ", "", " --fi "},
    {" rg ", "", " --pre --hostname-bin "},
    {" man ", "PH", "  --pa --ht "},
    {" rsync ", "e", " --rs --rsync-p "},
    {" scp sftp ", "S", ""},
    {" zip ", "", " -TT --unzip-command "},
    {" wget ", "", " --use-a "},
    {" nc ncat netcat ", "ec", " --exec --sh-exec "},
    {" tcpdump ", "z", ""},
    {" go ", "", " -exec -toolexec -vettool "},
    {" gcc g++ cc c++ clang clang++ ", "", " -wrapper "},
    {" ssh scp sftp ", "o", ""},
    {" git ", "",
     " --upload-p --receive-p --ext-d --extc --exec --open-f --sendmail-c --to-c --cc-c "},
    {" gdb lldb ", "", " -ex --eval-command -o --one-line "},
    {" fish csh tcsh rc es yash posh elvish xonsh nu ion oil osh ysh tclsh expect pwsh powershell ",
     "c", " --command -Command "},
    {" hyperfine ", "psc", " --prepare --setup --cleanup --conclude "},
    {" cargo-watch watchexec nodemon entr ", "xs", " --exec --shell "},
    {" xterm gnome-terminal konsole ", "e", " --command "},
    {" nix-shell ", "", " --run --command "},
    {" sqlite3 psql mysql mariadb ", "ce", " --command -cmd --execute "},
    {" dc ", "e", " --expression "},
    {" m4 ", "", ""},
};

bool is_long_of(std::string_view prefixes, std::string_view name) {
  for (const std::string_view prefix : text::split_words(prefixes)) {
    if (name.starts_with(prefix)) {
      return true;
    }
  }
  return false;
}

/// Command lines hide behind marks in values: exec=…, ProxyCommand=…, !…, .shell …, \! …
void guess_value(const Wrapping& w, std::string_view value) {
  guess_text(w, value);
  for (const std::string_view mark : {"=", "!", ".shell ", ".system ", "shell ", "system "}) {
    if (const std::size_t at = value.find(mark); at != std::string_view::npos) {
      guess_text(w, value.substr(at + mark.size()));
    }
  }
}

void unwrap_option(const Wrapping& w, const TextOptions& options, std::size_t i) {
  const std::string_view word = w.word(i);
  const std::size_t equals = word.find('=');
  if (word.size() > 2 && is_long_of(options.longs, word.substr(0, equals))) {
    if (equals != std::string_view::npos) {
      guess_value(w, word.substr(equals + 1));
    } else if (i + 1 < w.size()) {
      guess_value(w, w.word(i + 1));
    }
    return;
  }
  const std::size_t letter = word.size() > 1 && word[1] != '-'
                                 ? word.find_first_of(options.letters, 1)
                                 : std::string::npos;
  if (options.letters.empty() || letter == std::string_view::npos) {
    return;
  }
  if (letter + 1 < word.size()) {
    guess_value(w, word.substr(letter + 1));
  }
  if (i + 1 < w.size()) {
    guess_value(w, w.word(i + 1));
  }
}

/// `docker run image cmd`, `kubectl exec pod -- cmd`: behind the verb.
void unwrap_container(const Wrapping& w) {
  for (std::size_t i = 1; i < w.size() && i < 8; ++i) {
    if (is_one_of(w.word(i), {"run", "exec", "create", "debug"})) {
      guess_from(w, i + 2);
      return;
    }
  }
}

/// `poetry run cmd`, `cargo watch -x cmd`, `npm exec cmd`: a verb, then the command.
bool unwrap_runner(const Wrapping& w) {
  static const NameSet kRunners(
      " npm pnpm yarn bun poetry pipenv uv pdm hatch rye bundle rbenv pyenv nodenv asdf mise rtx "
      "conda "
      "mamba micromamba direnv rustup volta corepack nix flatpak snap toolbox distrobox dotenv "
      "vagrant "
      "multipass lxc machinectl heroku fly gcloud aws-vault op doppler chamber cargo go deno tox "
      "nox "
      "swift dotnet gradle mvn ansible ");
  if (!kRunners.contains(w.program)) {
    return false;
  }
  for (std::size_t i = 1; i < w.size() && i < 6; ++i) {
    if (is_one_of(w.word(i), {"run", "exec", "x", "dlx", "shell", "develop", "enter", "watch",
                              "ssh", "with-env", "-a"})) {
      guess_from(w, i + 1);
      return true;
    }
  }
  return false;
}

/// sed's e command and the e flag of s: what stands behind, and what is put in.
void guess_sed(const Wrapping& w) {
  for (std::size_t i = 1; i < w.size(); ++i) {
    const std::string_view script = w.word(i);
    for (std::size_t at = 0; at < script.size() && at < 64; ++at) {
      const char before = at == 0 ? ' ' : script[at - 1];
      if (script[at] == 'e' && !is_name_start(before) && before != '\\' && before != '-') {
        guess_text(w, script.substr(at + 1));
      }
    }
    if (script.size() > 4 && script.find('s') < script.size() - 1) {
      const char delimiter = script[script.find('s') + 1];
      const std::vector<std::string_view> parts = text::split(script, delimiter);
      const bool executes = parts.size() > 3 && parts.back().find('e') != std::string_view::npos;
      if (executes) {
        guess_text(w, parts[parts.size() - 2]);
      }
    }
  }
}

void guess_editor(const Wrapping& w) {
  for (std::size_t i = 1; i < w.size(); ++i) {
    guess_value(w, w.word(i));
  }
}

}  // namespace

void unwrap_options(const Wrapping& w) {
  static const RowsByName<TextOptions> kByProgram(kTextOptions);
  for (const TextOptions* options : kByProgram.of(w.program)) {
    for (std::size_t i = 1; i < w.size(); ++i) {
      if (w.word(i).starts_with('-')) {
        unwrap_option(w, *options, i);
      }
    }
    if (w.program == "tar" && w.size() > 2 && w.word(1).find_first_of("IF") < 8) {
      guess_from(w, 2);
    }
  }
  if (is_one_of(w.program, {"docker", "podman", "nerdctl", "kubectl", "oc", "crictl", "ctr",
                            "docker-compose", "podman-compose"})) {
    unwrap_container(w);
  } else if (is_one_of(w.program, {"sed", "gsed"})) {
    guess_sed(w);
  } else if (is_one_of(w.program, {"vi", "vim", "nvim", "view", "ex", "ed", "less", "more", "dc",
                                   "sqlite3", "psql", "mysql", "ftp"})) {
    guess_editor(w);
  } else if (is_one_of(w.program, {"fd", "fdfind"})) {
    for (std::size_t i = 1; i < w.size(); ++i) {
      if (is_one_of(w.word(i), {"-x", "-X", "--exec", "--exec-batch"})) {
        guess_from(w, i + 1);
        return;
      }
    }
  } else if (is_one_of(w.program, {"make", "gmake", "bmake"})) {
    for (std::size_t i = 1; i < w.size(); ++i) {
      const std::size_t equals = w.word(i).find('=');
      if (equals != std::string::npos) {
        guess_text(w, std::string_view(w.word(i)).substr(equals + 1));
      }
    }
  } else {
    unwrap_runner(w);
  }
}

void unwrap_git(const Wrapping& w) {
  std::size_t at = 1;
  for (; at < w.size() && w.word(at).starts_with('-'); ++at) {
    if (is_one_of(w.word(at), {"-c", "--config-env"}) && at + 1 < w.size()) {
      const std::string_view setting = w.word(++at);
      const std::size_t equals = setting.find('=');
      const std::string_view value =
          equals == std::string_view::npos ? std::string_view() : setting.substr(equals + 1);
      guess_value(w, value);
      if (text::starts_with_ci(setting, "alias.") && !value.starts_with('!')) {
        guess_text(w, "git " + std::string(value));
      }
    } else if (is_one_of(w.word(at), {"-C", "--git-dir", "--work-tree", "--namespace"})) {
      ++at;
    }
  }
  if (at >= w.size()) {
    return;
  }
  const std::string& verb = w.word(at);
  const auto behind = [&](std::string_view word) {
    for (std::size_t i = at + 1; i < w.size(); ++i) {
      if (w.word(i) == word) {
        return i + 1;
      }
    }
    return w.size();
  };
  if (verb == "submodule") {
    std::size_t from = behind("foreach");
    from += from < w.size() && is_one_of(w.word(from), {"--recursive", "--quiet", "-q"}) ? 1U : 0U;
    if (from < w.size()) {
      guess_text(w, w.word(from));
      guess_from(w, from);
    }
  } else if (verb == "bisect") {
    guess_from(w, behind("run"));
  } else if (is_one_of(verb, {"rebase", "filter-branch", "difftool", "grep", "clone", "config",
                              "remote", "fetch", "pull", "ls-remote", "hook", "for-each-repo",
                              "submodule--helper", "mergetool", "send-email", "archive"})) {
    for (std::size_t i = at + 1; i < w.size(); ++i) {
      const std::string_view word = w.word(i);
      guess_value(w, word.starts_with("ext::") ? word.substr(5) : word);
      guess_text(w, word.starts_with("-") && word.size() > 2 ? word.substr(2) : std::string_view());
    }
  }
}

}  // namespace oap::shell
