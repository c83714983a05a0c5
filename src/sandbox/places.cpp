#include "sandbox/places.hpp"

#include <algorithm>
#include <sstream>
#include <string_view>

#include <sys/stat.h>

#include "os/env.hpp"
#include "os/file.hpp"
#include "sandbox/host_paths.hpp"

namespace oap::sandbox {
namespace {

constexpr const char* kSecretsAtHome[] = {
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".kube",
    ".docker",
    ".oci",
    ".config/gcloud",
    ".config/gh",
    ".config/hub",
    ".config/glab-cli",
    ".config/op",
    ".config/doctl",
    ".config/rclone",
    ".config/sops",
    ".config/oap",
    ".config/opencode",
    ".config/github-copilot",
    ".config/google-chrome",
    ".config/chromium",
    ".config/git/credentials",
    ".config/containers/auth.json",
    ".local/state/oap",
    ".local/share/opencode",
    ".local/share/keyrings",
    ".local/share/kwalletd",
    ".mozilla",
    ".password-store",
    ".netrc",
    ".git-credentials",
    ".npmrc",
    ".yarnrc.yml",
    ".pypirc",
    ".config/pip/pip.conf",
    ".pip/pip.conf",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".gem/credentials",
    ".m2/settings.xml",
    ".m2/settings-security.xml",
    ".gradle/gradle.properties",
    ".terraform.d",
    ".terraformrc",
    ".vault-token",
    ".s3cfg",
    ".boto",
    ".my.cnf",
    ".pgpass",
    ".claude",
    ".claude.json",
    ".codex",
    ".gemini",
    ".bash_history",
    ".zsh_history",
    ".python_history",
    ".node_repl_history",
    ".psql_history",
    ".mysql_history",
    ".sqlite_history",
    ".lesshst",
    ".Xauthority",
    ".ICEauthority",
    ".aliyun",
    ".bluemix",
    ".boto3",
    ".bundle/config",
    ".cache/huggingface/token",
    ".circleci",
    ".composer/auth.json",
    ".config/composer/auth.json",
    ".config/configstore",
    ".config/doppler",
    ".config/heroku",
    ".config/linode-cli",
    ".config/ngrok",
    ".config/scw",
    ".config/solana",
    ".config/stripe",
    ".config/fish/fish_variables",
    ".databrickscfg",
    ".doppler",
    ".fly",
    ".huggingface",
    ".irb_history",
    ".ivy2/.credentials",
    ".kaggle",
    ".local/share/fish/fish_history",
    ".minikube",
    ".ngrok2",
    ".nuget/NuGet/NuGet.Config",
    ".rediscli_history",
    ".sbt/.credentials",
    ".snowsql",
    ".thunderbird",
    ".viminfo",
    ".zhistory",
};

/// Sockets and stores outside of home: who can talk to them rules the host.
constexpr const char* kSecretsElsewhere[] = {
    "/run/docker.sock",  "/run/containerd",  "/run/podman",          "/run/crio",
    "/run/user",         "/run/dbus",        "/run/systemd/private", "/run/secrets",
    "/run/snapd.socket", "/run/libvirt",     "/run/lxd.socket",      "/run/screen",
    "/run/tmux",         "/etc/shadow",      "/etc/gshadow",         "/etc/sudoers",
    "/etc/sudoers.d",    "/etc/ssl/private", "/etc/krb5.keytab",     "/etc/kubernetes",
    "/var/lib/docker",   "/var/lib/kubelet", "/var/run/secrets",     "/var/spool/cron",
};

}  // namespace

const std::vector<std::string>& system_directories() {
  static const std::vector<std::string> kDirectories{"/usr",   "/bin",   "/sbin",   "/lib",
                                                     "/lib32", "/lib64", "/libx32", "/etc",
                                                     "/opt",   "/nix",   "/snap",   "/gnu"};
  return kDirectories;
}

const std::vector<std::string>& home_readables() {
  static const std::vector<std::string> kPlaces{".nvm",
                                                ".pyenv",
                                                ".rbenv",
                                                ".jenv",
                                                ".asdf",
                                                ".sdkman",
                                                ".volta",
                                                ".fnm",
                                                ".rustup",
                                                ".cargo",
                                                ".bun",
                                                ".deno",
                                                "go",
                                                ".goenv",
                                                ".local/bin",
                                                ".local/lib",
                                                ".local/share/uv",
                                                ".local/share/mise",
                                                ".local/share/pnpm",
                                                ".local/share/fnm",
                                                ".local/pipx",
                                                ".local/share/pipx",
                                                ".opam",
                                                ".ghcup",
                                                ".dotnet",
                                                ".m2/repository",
                                                ".config/git/ignore",
                                                ".config/git/attributes",
                                                ".tool-versions"};
  return kPlaces;
}

const std::vector<std::string>& home_caches() {
  static const std::vector<std::string> kCaches{".cache", ".npm"};
  return kCaches;
}

const std::vector<std::string>& service_caches() {
  static const std::vector<std::string> kCaches{
      ".local/share/uv", ".local/share/pnpm", ".bun/install/cache", ".yarn",  ".deno",
      "go/pkg",          ".m2/repository",    ".gradle/caches",     ".nuget", ".cargo/registry"};
  return kCaches;
}

std::vector<std::string> other_homes(const std::string& home) {
  constexpr std::size_t kMost = 256;
  std::vector<std::string> homes;
  const auto add = [&](const std::string& path) {
    if (path.size() > 1 && path.starts_with('/') && path != home && homes.size() < kMost &&
        std::find(homes.begin(), homes.end(), path) == homes.end() && kind_of(path) == S_IFDIR) {
      homes.push_back(path);
    }
  };
  add("/root");
  for (const std::string& name : os::list_dir("/home").value_or(std::vector<std::string>())) {
    add("/home/" + name);
  }
  std::istringstream lines(os::read_file("/etc/passwd").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t end = line.rfind(':');
    const std::size_t begin = end == std::string::npos ? end : line.rfind(':', end - 1);
    if (begin != std::string::npos) {
      add(line.substr(begin + 1, end - begin - 1));
    }
  }
  return homes;
}

std::vector<std::string> secrets_in_home(const std::string& home) {
  std::vector<std::string> places;
  for (const char* name : kSecretsAtHome) {
    places.push_back(home + "/" + name);
  }
  return places;
}

std::vector<std::string> credential_places(const std::string& home) {
  std::vector<std::string> places = secrets_in_home(home);
  places.insert(places.end(), std::begin(kSecretsElsewhere), std::end(kSecretsElsewhere));
  const auto add = [&places](const char* variable, const char* below) {
    if (const auto value = os::env(variable); value && value->starts_with('/')) {
      places.push_back(*value + below);
    }
  };
  add("OPENCODE_DATA_PATH", "");
  add("XDG_STATE_HOME", "/oap");
  add("XDG_CONFIG_HOME", "/oap");
  add("SSH_AUTH_SOCK", "");
  add("GNUPGHOME", "");
  add("AWS_SHARED_CREDENTIALS_FILE", "");
  add("AWS_CONFIG_FILE", "");
  add("GOOGLE_APPLICATION_CREDENTIALS", "");
  add("KUBECONFIG", "");
  add("CLOUDSDK_CONFIG", "");
  add("DOCKER_CONFIG", "");
  add("NPM_CONFIG_USERCONFIG", "");
  return places;
}

}  // namespace oap::sandbox
