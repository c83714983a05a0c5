#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async/runtime.hpp"
#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"
#include "sandbox/protected_names.hpp"
#include "sandbox/run.hpp"
#include "sandbox/testing/process.hpp"
#include "sandbox/testing/world.hpp"

namespace oap::sandbox {
namespace {

using os::testing::TempDir;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::World;

constexpr std::uint64_t kMega = 1u << 20;
constexpr Millis kLongest{30'000};

struct Row {
  std::string name;
  std::string worlds;
  std::map<std::string, std::string> options;
  std::string attempt;
  int line = 0;
  bool has(const std::string& option) const { return options.count(option) != 0; }
};

std::vector<Row> rows() {
  std::ifstream file(OAP_SOURCE_DIR "/src/sandbox/cases/escape.case");
  std::vector<Row> rows;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    Row row;
    row.line = number;
    std::array<std::string*, 3> parts{&row.name, &row.worlds, nullptr};
    std::string options;
    parts[2] = &options;
    for (std::string* part : parts) {
      const std::size_t bar = line.find('|');
      *part = line.substr(0, bar);
      line.erase(0, bar + 1);
      part->erase(part->find_last_not_of(' ') + 1);
      part->erase(0, std::min(part->find_first_not_of(' '), part->size()));
    }
    row.attempt = line.substr(1);
    std::istringstream words(options);
    for (std::string word; words >> word;) {
      const std::size_t equal = std::min(word.find('='), word.size());
      row.options[word.substr(0, equal)] = word.substr(std::min(equal + 1, word.size()));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string python(std::string code) {
  for (std::size_t at = 0; (at = code.find("\\n", at)) != std::string::npos;) {
    const bool escaped = at > 0 && code[at - 1] == '\\';
    code.replace(escaped ? at - 1 : at, escaped ? 3 : 2, escaped ? "\\n" : "\n");
    at += 1;
  }
  return "import os, sys, ctypes, socket, platform\n"
         "globals().update({k: os.environ[k] for k in "
         "('OUTSIDE', 'STATE', 'HOME', 'HOSTPID', 'HOSTPORT', 'ABSTRACT', 'WORK')})\n"
         "NR = dict(ptrace=(101, 117), process_vm_readv=(310, 270), pidfd_open=(434, 434), "
         "pidfd_getfd=(438, 438), renameat2=(316, 276), clone=(56, 220), clone3=(435, 435), "
         "setns=(308, 268), fsopen=(430, 430), open_tree=(428, 428), pivot_root=(155, 41), "
         "chroot=(161, 51), open_by_handle_at=(304, 265), bpf=(321, 280), perf_event_open=(298, "
         "241), userfaultfd=(323, 282), io_uring_setup=(425, 425), keyctl=(250, 219), "
         "add_key=(248, "
         "217), kexec_load=(246, 104), finit_module=(313, 273), init_module=(175, 105), "
         "delete_module=(176, 106), reboot=(169, 142), swapon=(167, 224), acct=(163, 89), "
         "settimeofday=(164, 170), syslog=(103, 116), ioctl=(16, 29), seccomp=(317, 277), "
         "socket=(41, 198), shmget=(29, 194), fallocate=(285, 47))\n"
         "def nr(n): return n if isinstance(n, int) else NR[n][platform.machine() != 'x86_64']\n"
         "libc = ctypes.CDLL(None, use_errno=True)\n"
         "libc.syscall.restype = ctypes.c_long\n"
         "def call(n, *a):\n"
         "    a = [x if isinstance(x, bytes) else ctypes.c_long(x) for x in a]\n"
         "    r = libc.syscall(ctypes.c_long(nr(n)), *a)\n"
         "    return r if r >= 0 else -ctypes.get_errno()\n"
         "def opens(p):\n"
         "    try: open(p, 'r+b', buffering=0); return True\n"
         "    except OSError: return False\n" +
         code;
}

/// A git repository with one commit, made once.
const TempDir& repository() {
  static const TempDir dir;
  static const bool made = [] {
    async::Runtime runtime;
    Spec spec;
    spec.argv = {
        "/bin/bash", "-c",
        "git init -q -b main work && cd work && echo tracked > tracked && git add tracked && "
        "git -c user.name=n -c user.email=e@x commit -qm first && echo > .git/hooks/there"};
    spec.cwd = dir.path();
    spec.profile = Profile::kOwn;
    const auto output = runtime.run(run(runtime.executor(), spec, {}));
    return output && output->exit_code == 0;
  }();
  EXPECT_TRUE(made);
  return dir;
}

/// A host with things worth stealing, for one attempt.
class Host {
 public:
  Host() {
    for (const char* secret :
         {".ssh/id_rsa", ".aws/credentials", ".netrc", ".npmrc", ".docker/config.json",
          ".config/gh/hosts.yml", ".cargo/credentials.toml", ".bash_history", "notes.txt",
          ".bashrc", ".config/oap/config.yaml"}) {
      base_.write(std::string("home/") + secret, "HOMESECRET\n");
    }
    base_.write("home/.cargo/tool", "tool\n");
    base_.write("home/.cache/there", "");
    base_.write("home/.npm/there", "");
    base_.write("outside/secret", "OUTSIDESECRET\n");
    base_.write("outside/plain", "plain\n");
    base_.write("state/oap.db", "STATESECRET\n");
    std::filesystem::copy(repository() / "work", path("work"),
                          std::filesystem::copy_options::recursive);
    base_.write("work/.opencode/config.yaml", "# settings\n");
    base_.write("work/linked-agents/x", "linked\n");
    base_.write("work/.vscode/settings.json", "{}\n");
    base_.write("work/my.code-workspace", "{}\n");
    base_.write("work/conf/deep/mcp.json", "{}\n");
    base_.write("work/.gemini", "a file\n");
    base_.write("home/.gitconfig", "[user]\n\tname = Somebody\n[http]\n\textraheader = TOKEN\n");
    ::symlink("linked-agents", (base_ / "work/.agents").c_str());
    ::symlink("deep/mcp.json", (base_ / "work/conf/link").c_str());
    ::symlink("conf/link", (base_ / "work/.amazonq").c_str());
    ::symlink("gone-target", (base_ / "work/.kiro").c_str());
    ::link((base_ / "work/.gemini").c_str(), (base_ / "work/hard-gemini").c_str());
    ::symlink("../outside", (base_ / "work/out-link").c_str());
    marker_ = "/tmp/oap-" + std::to_string(::getpid()) + "-host-marker";
    std::ofstream(marker_) << "host";
    listen_all();
  }
  ~Host() {
    ::unlink(marker_.c_str());
    if (process_ > 0) {
      ::kill(process_, SIGKILL);
      ::waitpid(process_, nullptr, 0);
    }
    for (const int fd : {tcp_, abstract_, server_}) {
      ::close(fd);
    }
  }

  std::string path(const std::string& name) const {
    return name.empty() ? base_.path() : base_ / name;
  }

  void give_to(unsigned uid) const {
    give(base_.path(), uid);
    ::lchown(base_.path().c_str(), uid, uid);
  }

  /// A process of this user, with a secret in its environment.
  void start_process(bool ordinary) {
    process_ = ::fork();
    if (process_ == 0) {
      if (ordinary && !testing::become_ordinary()) {
        ::_exit(126);
      }
      const char* const argv[] = {"oap-host-marker", "1000", nullptr};
      const char* const environment[] = {"OAP_SECRET=hunter2", nullptr};
      ::execve("/usr/bin/sleep", const_cast<char* const*>(argv),
               const_cast<char* const*>(environment));
      ::_exit(127);
    }
  }

  std::map<std::string, std::string> variables() const {
    return {{"BASE", base_.path()},
            {"WORK", path("work")},
            {"OUTSIDE", path("outside")},
            {"STATE", path("state")},
            {"HOSTPID", std::to_string(process_)},
            {"HOSTPORT", std::to_string(port_)},
            {"ABSTRACT", name_},
            {"OAP_MARK", base_.path()}};
  }

  bool process_lives() const { return testing::runs(process_); }

  /// Everything that no attempt may change, as text.
  std::string snapshot(bool protected_too) const {
    std::string text;
    for (const char* part : {"home", "outside", "state"}) {
      describe(path(part), text);
    }
    if (protected_too) {
      for (const ProtectedName& each : protected_names()) {
        if (!each.open) {
          describe(path("work/" + each.name), text);
        }
      }
      for (const char* each : {"linked-agents", "my.code-workspace", "conf"}) {
        describe(path(std::string("work/") + each), text);
      }
    }
    return text;
  }

 private:
  static void give(const std::string& directory, unsigned uid) {
    for (const std::string& name : os::list_dir(directory).value_or(std::vector<std::string>())) {
      const std::string each = directory + "/" + name;
      ::lchown(each.c_str(), uid, uid);
      struct stat info{};
      if (::lstat(each.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
        give(each, uid);
      }
    }
  }

  static void describe(const std::string& each, std::string& text) {
    struct stat info{};
    if (::lstat(each.c_str(), &info) != 0) {
      return;
    }
    text += each + " " + std::to_string(info.st_mode) + " " + std::to_string(info.st_nlink) + " " +
            std::to_string(info.st_mtime);
    if (S_ISREG(info.st_mode)) {
      text += " " + os::read_file(each).value_or("?");
    }
    text += "\n";
    if (S_ISDIR(info.st_mode)) {
      for (const std::string& name : os::list_dir(each).value_or(std::vector<std::string>())) {
        describe(each + "/" + name, text);
      }
    }
  }

  void listen_all() {
    tcp_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(tcp_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(tcp_, 5);
    socklen_t size = sizeof address;
    ::getsockname(tcp_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    name_ = "oap-test-" + std::to_string(::getpid());
    abstract_ = listen_unix(name_, true);
    server_ = listen_unix(path("outside/server.sock"), false);
  }

  static int listen_unix(const std::string& name, bool abstract) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path + (abstract ? 1 : 0), sizeof address.sun_path - 2);
    ::bind(fd, reinterpret_cast<sockaddr*>(&address),
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + 1));
    ::listen(fd, 5);
    return fd;
  }

  TempDir base_;
  std::string marker_;
  std::string name_;
  pid_t process_ = -1;
  int port_ = 0;
  int tcp_ = -1;
  int abstract_ = -1;
  int server_ = -1;
};

Spec spec_of(const Row& row, const Host& host) {
  const bool is_python = row.attempt.starts_with("py: ");
  Spec spec;
  const std::string script = is_python ? "/usr/bin/python3 -c \"$CODE\"; echo; echo done"
                                       : row.attempt + "\necho; echo done";
  spec.argv = {"/bin/bash", "--noprofile", "--norc", "-c", script};
  spec.env = host.variables();
  spec.env["PATH"] = "/usr/local/bin:/usr/bin:/bin";
  if (is_python) {
    spec.env["CODE"] = python(row.attempt.substr(4));
  }
  spec.cwd = host.path("work");
  spec.profile = row.has("service") ? Profile::kService : Profile::kTool;
  spec.limits.network = row.has("net");
  const auto number = [&row](const char* name) { return std::stoull(row.options.at(name)); };
  if (row.has("memory")) {
    spec.limits.memory_bytes = number("memory") * kMega;
  }
  if (row.has("pids")) {
    spec.limits.processes = static_cast<std::uint32_t>(number("pids"));
  }
  if (row.has("disk")) {
    spec.limits.disk_bytes = number("disk") * kMega;
  }
  if (row.has("write")) {
    spec.writable = {host.path("work/" + row.options.at("write"))};
  }
  return spec;
}

/// In a process of its own, as that user and in that world: what it printed and how it ended.
std::string attempt(const Row& row, Host& host, World world, bool ordinary) {
  const auto prepare = [&] {
    ::setenv("HOME", host.path("home").c_str(), 1);
    ::setenv("OPENCODE_DATA_PATH", host.path("state").c_str(), 1);
    ::setenv("OAP_SECRET", "hunter2", 1);
    [[maybe_unused]] const int leaked = ::open("/etc/hostname", O_RDONLY);  // not close-on-exec
  };
  const auto work = [&] {
    async::Runtime runtime;
    RunOptions options;
    options.deadline = Deadline::after(kLongest);
    const auto output = runtime.run(run(runtime.executor(), spec_of(row, host), options));
    std::string text = output ? output->out + "\n--\n" + output->err + "\n--\n" + output->note +
                                    "\nsignal " + std::to_string(output->signal) +
                                    (output->timed_out ? " timeout" : "") + "\n" +
                                    to_string(output->isolation)
                              : "not started: " + output.error().to_string();
    return text;
  };
  return testing::in_world(world, ordinary, prepare, work);
}

bool was_held(const std::string& text) {
  for (const char* sign : {"signal 9", "signal 31", "File size limit", "it was killed",
                           "MemoryError", "Cannot allocate", "Killed", "cannot fork"}) {
    if (text.find(sign) != std::string::npos) {
      return true;
    }
  }
  return false;
}

void check(const Row& row, World world, bool ordinary) {
  Host host;
  if (row.has("write")) {
    EXPECT_TRUE(os::make_dirs(host.path("work/" + row.options.at("write"))));
  }
  if (row.has("group")) {
    ::chmod(host.path("work").c_str(), 02775);
  }
  if (ordinary) {
    host.give_to(testing::kOrdinaryUid);
  }
  host.start_process(ordinary);
  const bool whole = world == World::kFull && !row.has("write");
  const std::string before = host.snapshot(whole);
  const std::string text = attempt(row, host, world, ordinary);
  EXPECT_EQ(host.snapshot(whole), before) << text;
  EXPECT_THAT(text, Not(HasSubstr("ESCAPED")));
  EXPECT_THAT(text, Not(HasSubstr("timeout")));
  if (row.has("out")) {
    EXPECT_THAT(text, HasSubstr(row.options.at("out") + "\n"));
  }
  if (row.has("killed")) {
    EXPECT_TRUE(was_held(text)) << text;
  } else {
    EXPECT_THAT(text, HasSubstr("done\n"));
  }
  EXPECT_TRUE(host.process_lives()) << text;
  EXPECT_THAT(testing::marked(host.path("")), ::testing::IsEmpty()) << text;
}

struct Ground {
  const char* name;
  World world;
  const char* word;
  bool ordinary;
};

constexpr Ground kGrounds[] = {{"AllLayers", World::kFull, "full", false},
                               {"AllLayersOrdinaryUser", World::kFull, "full", true},
                               {"NoNamespaces", World::kBare, "bare", false},
                               {"NoNamespacesOrdinaryUser", World::kBare, "bare", true},
                               {"Nothing", World::kNothing, "nothing", false},
                               {"NothingOrdinaryUser", World::kNothing, "nothing", true}};
constexpr std::size_t kParts = 8;

/// The launcher of an instrumented build uses so much memory itself that a limit on it says
/// nothing.
constexpr bool kInstrumented =
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    true;
#else
    false;
#endif
#else
    false;
#endif

/// A part of the rows on one ground, so that parts run beside each other.
class Escape : public ::testing::TestWithParam<std::tuple<Ground, std::size_t>> {};

TEST_P(Escape, IsHeld) {
  const auto& [ground, part] = GetParam();
  if (ground.ordinary && ::geteuid() != 0) {
    GTEST_SKIP() << "only root can become another user; the rows run as this one already";
  }
  if (kInstrumented && part != 0) {
    GTEST_SKIP() << "the plain build runs every row; this slow one an eighth of them";
  }
  const bool root = ::geteuid() == 0 && !ground.ordinary;
  std::size_t count = 0;
  for (const Row& row : rows()) {
    if ((" " + row.worlds + " ").find(" " + std::string(ground.word) + " ") == std::string::npos ||
        (row.has("root") && !root) || (row.has("user") && root) || count++ % kParts != part ||
        (kInstrumented && row.has("memory"))) {
      continue;
    }
    SCOPED_TRACE("escape.case:" + std::to_string(row.line) + " " + row.name);
    check(row, ground.world, ground.ordinary);
  }
  EXPECT_GT(count, 0U);
}

INSTANTIATE_TEST_SUITE_P(Grounds, Escape,
                         ::testing::Combine(::testing::ValuesIn(kGrounds),
                                            ::testing::Range(std::size_t{0}, kParts)),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param).name) +
                                  std::to_string(std::get<1>(info.param));
                         });

}  // namespace
}  // namespace oap::sandbox
