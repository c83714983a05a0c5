#include "shell/wrappers.hpp"

#include <algorithm>

#include "shell/name_set.hpp"
#include "shell/word.hpp"

namespace oap::shell {
namespace {

// Sources: the manuals of coreutils 9, util-linux 2.38, sudo 1.9, findutils 4.9, bash 5.2.
constexpr WrapperForm kForms[] = {
    {"env", "i0v", "uCSa",
     " --ignore-environment --null --debug --default-signal --ignore-signal --block-signal "
     "--list-signal-handling ",
     " --unset --chdir --split-string --argv0 ", 0, true},
    {"sudo", "ABbEeHiKklNnPSsVv", "CDghpRrtTUu",
     " --askpass --background --bell --edit --set-home --login --reset-timestamp "
     "--remove-timestamp --list --no-update --non-interactive --preserve-groups --preserve-env "
     "--stdin --shell --version --validate ",
     " --close-from --chdir --group --host --prompt --chroot --role --type --command-timeout "
     "--other-user --user ",
     0, true},
    {"doas", "Lns", "aCu", "", "", 0, false},
    {"nohup", "", "", "", "", 0, false},
    {"timeout", "vfp", "ks", " --preserve-status --foreground --verbose ",
     " --kill-after --signal ", 1, false},
    {"nice", "0123456789", "n", "", " --adjustment ", 0, false},
    {"stdbuf", "", "ioe", "", " --input --output --error ", 0, false},
    {"setsid", "cfw", "", " --ctty --fork --wait ", "", 0, false},
    {"ionice", "t", "cn", " --ignore ", " --class --classdata ", 0, false},
    {"chrt", "abdfior", "TPD",
     " --all-tasks --batch --deadline --fifo --idle --other --rr --reset-on-fork ",
     " --sched-runtime --sched-period --sched-deadline ", 1, false},
    {"taskset", "ac", "", " --all-tasks --cpu-list ", "", 1, false},
    {"time", "apqvV", "fo", " --append --portability --quiet --verbose ", " --format --output ", 0,
     false},
    {"command", "p", "", "", "", 0, false},
    {"builtin", "", "", "", "", 0, false},
    {"exec", "cl", "a", "", "", 0, false},
    {"xargs", "0oprtx", "adEILnPs",
     " --null --no-run-if-empty --verbose --interactive --exit --open-tty --show-limits --replace "
     "--eof --max-lines ",
     " --arg-file --delimiter --max-args --max-procs --max-chars --process-slot-var ", 0, false},
    {"chroot", "", "", " --skip-chdir ", " --userspec --groups ", 1, false},
    {"unshare", "mupinUCTfrc", "RwSG",
     " --mount --uts --ipc --net --pid --user --cgroup --time --fork --map-root-user "
     "--map-current-user --mount-proc --keep-caps --kill-child --map-auto ",
     " --root --wd --setuid --setgid --propagation --setgroups --map-user --map-group ", 0, false},
    {"fakeroot", "hv", "", "", "", 0, false},
    {"strace", "ACDFfhikqrtTvVwxyYzZ", "abeEIoOpPsSuX", "", "", 0, true},
    {"ltrace", "CfhiLrStTV", "aADeFlnopsuwx", "", "", 0, false},
    {"setpriv", "d", "",
     " --no-new-privs --clear-groups --keep-groups --init-groups --reset-env --dump ",
     " --reuid --regid --ruid --euid --rgid --egid --groups --inh-caps --bounding-set "
     "--ambient-caps --securebits --pdeathsig --selinux-label --apparmor-profile ",
     0, false},
    {"systemd-run", "dqrtPSG", "pEuHM",
     " --user --system --scope --wait --pty --pipe --quiet --no-block --collect --same-dir --shell "
     "--no-ask-password --remain-after-exit --send-sighup ",
     " --unit --property --description --slice --uid --gid --nice --working-directory --setenv "
     "--service-type --host --machine ",
     0, false},
    {"busybox", "", "", "", "", 0, false},
    {"busybox.static", "", "", "", "", 0, false},
    {"toybox", "", "", "", "", 0, false},
    {"nsenter", "amupinUCTFZre", "tSGW",
     " --all --mount --uts --ipc --net --pid --cgroup --user --time --no-fork --follow-context "
     "--preserve-credentials --root --wd ",
     " --target --setuid --setgid --wdns ", 0, false},
    {"pkexec", "", "", " --disable-internal-agent --keep-cwd ", " --user ", 0, false},
    {"prlimit", "", "", "", "", 0, false},
    {"cgexec", "", "g", " --sticky ", "", 0, false},
    {"choom", "", "np", "", " --adjust --pid ", 0, false},
    {"unbuffer", "p", "", "", "", 0, false},
    {"eatmydata", "", "", "", "", 0, false},
    {"proxychains", "q", "f", "", "", 0, false},
    {"proxychains4", "q", "f", "", "", 0, false},
    {"torsocks", "", "", "", "", 0, false},
    {"uname26", "", "", "", "", 0, false},
    {"linux32", "", "", "", "", 0, false},
    {"linux64", "", "", "", "", 0, false},
    {"ccache", "", "", "", "", 0, false},
    {"distcc", "", "", "", "", 0, false},
    {"flock", "enosux", "wE",
     " --exclusive --shared --nonblock --nb --unlock --close --no-fork --verbose ",
     " --wait --timeout --conflict-exit-code ", 1, false},
    {"watch", "bcdegprtwx", "nq",
     " --beep --color --no-color --differences --errexit --chgexit --precise --no-rerun --no-title "
     "--no-wrap --exec ",
     " --interval --equexit ", 0, false},
};

bool listed(std::string_view names, std::string_view name) {
  return names.find(" " + std::string(name) + " ") != std::string_view::npos;
}

enum class Option { kFlag, kTakesNext, kUnknown };

Option classify_long(const WrapperForm& form, std::string_view word) {
  const std::string_view name = word.substr(0, word.find('='));
  const bool attached = name.size() != word.size();
  if (listed(form.long_values, name)) {
    return attached ? Option::kFlag : Option::kTakesNext;
  }
  return listed(form.long_flags, name) ? Option::kFlag : Option::kUnknown;
}

Option classify_short(const WrapperForm& form, std::string_view word) {
  for (std::size_t i = 1; i < word.size(); ++i) {
    if (form.with_value.find(word[i]) != std::string_view::npos) {
      return i + 1 == word.size() ? Option::kTakesNext : Option::kFlag;
    }
    // xargs has options with an optional attached value.
    if (form.name == "xargs" && std::string_view("eil").find(word[i]) != std::string_view::npos) {
      return Option::kFlag;
    }
    if (form.flags.find(word[i]) == std::string_view::npos) {
      return Option::kUnknown;
    }
  }
  return Option::kFlag;
}

bool is_assignment(std::string_view word) { return word.find('=') != std::string_view::npos; }

}  // namespace

bool is_shell(std::string_view program) {
  static constexpr std::string_view kShells[] = {
      "bash",       "sh",    "dash",  "zsh",  "ksh",         "ash",   "rbash", "mksh",
      "lksh",       "ksh93", "rksh",  "rzsh", "bash-static", "yash",  "posh",  "hush",
      "sh.distrib", "mrsh",  "loksh", "oksh", "pdksh",       "dtksh", "zsh5",  "bash5"};
  return std::find(std::begin(kShells), std::end(kShells), program) != std::end(kShells);
}

bool takes_code(std::string_view program) {
  static constexpr std::string_view kFamilies[] = {"python", "pypy", "perl", "ruby",
                                                   "php",    "lua",  "tclsh"};
  static const NameSet kNames(
      " node nodejs deno bun tsx ts-node R Rscript osascript pwsh groovy scala irb guile julia awk "
      "gawk "
      "mawk nawk original-awk emacs emacsclient vim nvim vi ex elixir erl iex raku perl6 jshell "
      "ghc "
      "runghc ocaml sbcl clisp racket octave gnuplot m4 expect make gmake wish ipython ipython3 "
      "jupyter swift kotlin clojure crystal nim gdb lldb maxima sage sqlite3 psql mysql ");
  return kNames.contains(program) ||
         std::any_of(std::begin(kFamilies), std::end(kFamilies),
                     [&](std::string_view family) { return program.starts_with(family); });
}

bool runs_operands(std::string_view program) {
  static const NameSet kNames(
      " chrt setarch linux32 linux64 i386 x86_64 uname26 nsenter prlimit numactl pkexec ssh rsh "
      "mosh slogin "
      "sshpass dbus-run-session dbus-launch start-stop-daemon perf proxychains proxychains4 "
      "torsocks "
      "torify tsocks tini dumb-init npx pnpx bunx uvx pipx gdb lldb valgrind xvfb-run catchsegv "
      "firejail "
      "bwrap capsh cgexec chpst daemonize expect screen tmux zellij dtach abduco run-parts entr "
      "unbuffer "
      "rlwrap newgrp sg faketime eatmydata trickle cset runcon softlimit setlock schedtool socat "
      "docker "
      "podman nerdctl ed red xonsh elvish nu watchexec hyperfine xterm gnome-terminal "
      "konsole choom envdir envuidgid setuidgid s6-setuidgid multilog runit sv dotenv "
      "kubectl oc vagrant ansible lxc multipass crictl ctr systemd-inhibit systemd-nspawn "
      "machinectl "
      "pssh pdsh clush parallel-ssh sshfs autossh mpirun mpiexec srun torify nq tsp doit watchman "
      "gosu su-exec fixuid setuser qemu-x86_64 qemu-aarch64 wine box64 fakechroot proot "
      "debootstrap pbuilder schroot sbuild dchroot mock nix-shell guix flatpak-spawn host-spawn "
      "chronic ifne mispipe pee unison ccache distcc "
      "ssh-agent cpulimit uclampset coresched systemd-cat logsave aa-exec pseudo xinit startx "
      "x-terminal-emulator lckdo zrun multitime timelimit daemon cross-env cross-env-shell env-cmd "
      "concurrently onchange chokidar nyc c8 kcov bear icecc sccache scan-build intercept-build "
      "checkinstall operf heaptrack bpftrace gtimeout gnice genv gxargs gstdbuf gnohup caffeinate "
      "dsh xvfb ts-node-dev nodemon pm2 forever supervisor dosbox ");
  return kNames.contains(program) || program.starts_with("ld-linux") ||
         program.starts_with("ld-musl") || program.starts_with("ld.so") ||
         program.starts_with("ld-2.");
}

bool is_command_runner(std::string_view program) {
  static const NameSet kOthers(
      " eval source . exec trap alias su runuser script flock parallel at batch crontab find xargs "
      "env "
      "fish csh tcsh rc es ");
  const bool builds = program == "make" || program == "gmake";
  return is_shell(program) || (takes_code(program) && !builds) || runs_operands(program) ||
         wrapper_form(program) != nullptr || kOthers.contains(program);
}

const WrapperForm* wrapper_form(std::string_view program) {
  for (const WrapperForm& form : kForms) {
    if (form.name == program) {
      return &form;
    }
  }
  return nullptr;
}

WrappedAt find_wrapped(const WrapperForm& form, const SimpleCommand& command) {
  WrappedAt found;
  std::size_t at = 1;
  const std::vector<std::string>& argv = command.argv;
  for (; at < argv.size(); ++at) {
    const std::string& word = argv[at];
    if (command.kinds[at] == WordKind::kDynamic) {
      found.doubt = "an option of " + std::string(form.name) + " is not known before it runs";
      break;
    }
    if (word == "--") {
      ++at;
      break;
    }
    if (word.size() < 2 || word[0] != '-') {
      if (word == "-" && form.name == "env") {
        continue;
      }
      break;
    }
    const Option option = word[1] == '-' ? classify_long(form, word) : classify_short(form, word);
    if (option == Option::kUnknown) {
      found.doubt = "an unknown option of " + std::string(form.name) + ": " + word;
    } else if (option == Option::kTakesNext) {
      ++at;
    }
  }
  while (form.assignments && at < argv.size() && is_assignment(argv[at])) {
    found.assignments.push_back(argv[at++]);
  }
  at += static_cast<std::size_t>(form.positionals);
  found.index = std::min(at, argv.size());
  return found;
}

}  // namespace oap::shell
