#include <algorithm>

#include "shell/name_set.hpp"
#include "shell/wrapping.hpp"
#include "text/strings.hpp"

namespace oap::shell {
namespace {

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

void guess_value(const Wrapping& w, std::string_view value) {
  guess_text(w, value);
  for (const std::string_view mark : {"=", "!", ".shell ", ".system ", "shell ", "system "}) {
    if (const std::size_t at = value.find(mark); at != std::string_view::npos) {
      guess_text(w, value.substr(at + mark.size()));
    }
  }
}

void unwrap_options(const Wrapping& w) {
  if (w.program == "tar" && w.size() > 2 && w.word(1).find_first_of("IF") < 8) {
    guess_from(w, 2);
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
