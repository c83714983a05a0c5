#include <cstdlib>

#include <fmt/format.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "async/runtime.hpp"
#include "audit/removal.hpp"
#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "cli/version.hpp"
#include "gateway/trust/pin_store.hpp"
#include "llm/factory.hpp"
#include "net/http_client.hpp"
#include "net/url.hpp"
#include "os/file.hpp"
#include "platform/audit_sink.hpp"
#include "platform/hook_table.hpp"
#include "platform/models.hpp"
#include "platform/platform.hpp"
#include "platform/security_settings.hpp"
#include "sandbox/run.hpp"
#include "store/check.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

constexpr Millis kAnswerTime{3'000};

enum class State { kGood, kMissing, kBroken };

struct Finding {
  std::string area;
  std::string name;
  State state = State::kGood;
  std::string detail;
};

std::string_view to_string(State state) {
  switch (state) {
    case State::kGood:
      return "ok";
    case State::kMissing:
      return "missing";
    case State::kBroken:
      return "broken";
  }
  return "broken";
}

std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  for (const std::string_view dir : text::split(path != nullptr ? path : "/usr/bin:/bin", ':')) {
    const std::string file = std::string(dir) + "/" + name;
    if (access(file.c_str(), X_OK) == 0) {
      return file;
    }
  }
  return {};
}

void check_programs(std::vector<Finding>& findings) {
  for (const auto& [name, what] : {std::pair{"bash", "the bash tool"},
                                   {"python3", "the python tool"},
                                   {"git", "finding the project, version control"}}) {
    const std::string file = find_program(name);
    findings.push_back({"program", name, file.empty() ? State::kMissing : State::kGood,
                        file.empty() ? std::string("needed for ") + what : file});
  }
}

int landlock_abi() {
  return static_cast<int>(
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION));
}

/// What a kind of isolation comes to here, for a person.
std::string_view meaning(sandbox::Kind kind, sandbox::Layer layer) {
  using sandbox::Kind;
  using sandbox::Layer;
  const bool enforced = layer == Layer::kEnforced;
  if (layer == Layer::kNone) {
    return "nothing holds a program back";
  }
  switch (kind) {
    case Kind::kFs:
      return enforced ? "a root of its own; protected names cannot be made"
                      : "no root of its own: protected names in the workspace are open";
    case Kind::kNet:
      return enforced ? "a network of its own" : "Internet sockets are refused";
    case Kind::kPid:
      return enforced ? "sees and reaches only its own processes"
                      : "sees other processes, cannot signal them";
    case Kind::kSeccomp:
      return enforced ? "filtered system calls, no capabilities" : "filtered system calls";
    case Kind::kMem:
      return enforced ? "control group" : "watched every 50 ms";
    case Kind::kCpu:
      return enforced ? "control group" : "niceness only";
    case Kind::kPids:
      return enforced ? "refused by the kernel" : "watched every 50 ms";
    case Kind::kDisk:
      return "scratch space is limited, the workspace is watched every 50 ms";
  }
  return "";
}

Task<void> check_sandbox(Executor executor, std::string workspace, std::vector<Finding>& findings) {
  sandbox::Spec spec;
  spec.argv = {"true"};
  spec.cwd = std::move(workspace);
  spec.limits.network = false;
  spec.limits.memory_bytes = 256U << 20U;
  spec.limits.cpu_percent = 50;
  spec.limits.disk_bytes = 64U << 20U;
  spec.limits.processes = 64;
  sandbox::RunOptions options;
  options.deadline = Deadline::after(Millis(10'000));
  const auto output = co_await sandbox::run(executor, spec, options);
  if (!output) {
    findings.push_back({"sandbox", "launcher", State::kBroken, output.error().to_string()});
    co_return;
  }
  std::string detail = fmt::format("a child ran in {} ms", output->duration.count());
  if (!output->weakness.empty()) {
    detail += "; it had no root and namespaces of its own (" + output->weakness + ")";
  }
  findings.push_back({"sandbox", "launcher", State::kGood, detail});
  for (const sandbox::Kind kind : sandbox::kKinds) {
    const sandbox::Layer layer = output->isolation.of(kind);
    const bool none = layer == sandbox::Layer::kNone;
    findings.push_back({"sandbox", std::string(sandbox::to_string(kind)),
                        none ? State::kMissing : State::kGood,
                        fmt::format("{}: {}", sandbox::to_string(layer), meaning(kind, layer))});
  }
  const int abi = landlock_abi();
  findings.push_back({"kernel", "landlock", abi > 0 ? State::kGood : State::kMissing,
                      abi > 0 ? fmt::format("ABI {}", abi) : "not in this kernel"});
}

/// One that is found need not start where the sandbox hides what it needs (pyenv's in the home).
Task<void> check_python(Executor executor, std::string workspace, std::vector<Finding>& findings) {
  if (find_program("python3").empty()) {
    co_return;
  }
  sandbox::Spec spec;
  spec.argv = {"python3", "-c", "pass"};
  spec.cwd = std::move(workspace);
  spec.limits.network = false;
  spec.discard = true;
  sandbox::RunOptions options;
  options.deadline = Deadline::after(Millis(10'000));
  const auto output = co_await sandbox::run(executor, spec, options);
  Finding finding{"sandbox", "python3", State::kGood, "starts"};
  if (!output || output->exit_code != 0) {
    finding.state = State::kBroken;
    const std::string why =
        !output ? output.error().to_string()
                : fmt::format("it ended with {}: {}", output->exit_code,
                              text::escape_visible(text::trim(output->err).substr(0, 300)));
    finding.detail = fmt::format(
        "{} does not start in the sandbox ({}); install the system's python3 and put it first in "
        "PATH",
        find_program("python3"), why);
  }
  findings.push_back(std::move(finding));
}

bool is_local(const std::string& base_url) {
  const auto url = net::parse_url(base_url);
  return url && net::is_loopback(url->host);
}

Task<void> check_provider(net::HttpClient& http, llm::ProviderSettings settings,
                          std::vector<Finding>& findings) {
  Finding finding{"provider", settings.name, State::kGood, ""};
  net::HttpRequest request;
  request.url = settings.base_url + "/models";
  request.headers = settings.headers;
  if (!settings.api_key.empty()) {
    request.headers.push_back({"authorization", "Bearer " + settings.api_key});
    request.headers.push_back({"x-api-key", settings.api_key});
  }
  request.deadline = Deadline::after(kAnswerTime);
  const auto answer = co_await http.send(std::move(request));
  if (!answer) {
    finding.state = State::kBroken;
    finding.detail = answer.error().to_string();
  } else if (answer->status == 401 || answer->status == 403) {
    finding.state = State::kBroken;
    finding.detail = fmt::format("refused the key (HTTP {})", answer->status);
  } else {
    finding.detail = fmt::format("answers (HTTP {})", answer->status);
  }
  findings.push_back(std::move(finding));
}

Task<void> check_providers(Executor executor, const platform::Settings& settings,
                           std::vector<Finding>& findings) {
  net::HttpClient http(executor);
  for (const llm::ProviderSettings& provider :
       platform::provider_settings(settings.config, settings.env)) {
    if (provider.api_key.empty() && !is_local(provider.base_url)) {
      findings.push_back({"provider", provider.name, State::kMissing,
                          "no key in the environment or the configuration"});
      continue;
    }
    co_await check_provider(http, provider, findings);
  }
  findings.push_back({"provider", "offline", State::kGood, "plain orders, no model"});
}

Finding of(std::string area, std::string name, const Result<void>& result, std::string good) {
  return {std::move(area), std::move(name), result ? State::kGood : State::kBroken,
          result ? std::move(good) : result.error().to_string()};
}

/// Room for a block, shown by writing one.
Result<void> written(const std::string& dir) {
  constexpr std::size_t kBlockBytes = 64U << 10U;
  const std::string file = fmt::format("{}/doctor-{}", dir, getpid());
  auto done = os::write_file_atomic(file, std::string(kBlockBytes, '\xa5'), 0600);
  (void)::unlink(file.c_str());
  if (!done && done.error().code() == Code::kResourceExhausted) {
    return fail(Code::kResourceExhausted, "{}; make room, or set OPENCODE_DATA_PATH",
                done.error().message());
  }
  return done;
}

/// What every run opens. A file that is not there yet is made by the first run.
void check_state_files(const platform::Settings& settings, std::vector<Finding>& findings) {
  const std::string& dir = settings.paths.state_dir;
  if (os::exists(dir + "/oap.db")) {
    findings.push_back(of("state", "oap.db", store::check(dir + "/oap.db"), "whole"));
  }
  if (os::exists(dir + "/redaction.key")) {
    const auto key = platform::redaction_key(settings);
    findings.push_back(
        of("state", "redaction.key", key ? Result<void>() : fail(key.error()), "whole"));
  }
  if (os::exists(dir + "/pins.json")) {
    const auto pins = gateway::PinStore(dir).read();
    findings.push_back(
        of("state", "pins.json", pins ? Result<void>() : fail(pins.error()), "whole"));
  }
}

void check_state(const platform::Settings& settings, std::vector<Finding>& findings) {
  const std::string& dir = settings.paths.state_dir;
  const auto made = config::create_state_dir(settings.paths);
  findings.push_back(of("state", dir, made ? written(dir) : made, "writable"));
  if (made) {
    check_state_files(settings, findings);
  }
  const std::string notice = platform::trust_notice(settings);
  findings.push_back({"workspace", settings.paths.workspace, State::kGood,
                      settings.config.trusted ? "trusted"
                      : notice.empty()        ? "not trusted; nothing is withheld"
                                              : notice});
}

void check_audit(const platform::Settings& settings, std::vector<Finding>& findings) {
  const std::string dir = platform::audit_dir(settings);
  Finding finding{"audit", dir, State::kGood, "begins with the first event"};
  if (!settings.config.security.audit.enabled) {
    finding.detail = "switched off";
  } else if (const auto gone = audit::what_became_of(dir); !gone || !gone->empty()) {
    finding.state = State::kBroken;
    finding.detail = gone ? *gone : gone.error().to_string();
  } else if (os::exists(dir)) {
    const auto log = platform::open_audit_log(settings);
    finding.state = log ? State::kGood : State::kBroken;
    finding.detail = log ? "can be written" : log.error().to_string();
  }
  findings.push_back(std::move(finding));
  const std::string emergency = settings.paths.workspace + "/.opencode/emergency_audit.log";
  if (os::exists(emergency)) {
    findings.push_back({"audit", emergency, State::kBroken,
                        "holds events that could not be recorded; read it, then move it away"});
  }
}

/// The hooks in their running order, point by point.
void check_hooks(const platform::Settings& settings, std::vector<Finding>& findings) {
  auto policy = platform::compile_policy(settings);
  if (!policy) {
    findings.push_back({"config", "permissions", State::kBroken, policy.error().to_string()});
    return;
  }
  const permission::Engine engine(*std::move(policy));
  const security::SecretScanner scanner({}, "");
  hooks::Registry registry;
  const security::SecurityPolicy security_policy({}, scanner);
  platform::SessionHookParts session;
  orchestration::MissionDesk desk;
  platform::register_hooks(registry, {engine, scanner, security_policy, session, desk});
  const json::Object points = registry.describe();
  for (const auto& point : points) {
    std::string names;
    for (const json::Value& name : point.value().as_array()) {
      names += (names.empty() ? "" : " → ") + std::string(json::view(name.get_string()));
    }
    findings.push_back({"hooks", std::string(point.key()), State::kGood, names});
  }
}

int show(const std::vector<Finding>& findings, bool as_json) {
  bool good = true;
  json::Array list;
  std::string text = std::string(version()) + "\n";
  for (const Finding& finding : findings) {
    good = good && finding.state != State::kBroken;
    list.push_back(json::Object{{"area", finding.area},
                                {"name", finding.name},
                                {"state", to_string(finding.state)},
                                {"detail", finding.detail}});
    text += fmt::format("{:<10} {:<24} {:<8} {}\n", finding.area, finding.name,
                        to_string(finding.state), finding.detail);
  }
  if (as_json) {
    print_json(json::Object{{"ok", good}, {"findings", std::move(list)}});
  } else {
    print(text);
  }
  return good ? 0 : 1;
}

}  // namespace

int doctor_command(const Common& common, const DoctorArgs& /*args*/) {
  std::vector<Finding> findings;
  check_programs(findings);
  const auto settings = platform::load_settings(settings_options(common));
  if (!settings) {
    findings.push_back({"config", "files", State::kBroken, settings.error().to_string()});
    return show(findings, common.json);
  }
  findings.push_back({"config", "files", State::kGood,
                      settings->config.files.empty()
                          ? "none; the defaults hold"
                          : fmt::format("{}", fmt::join(settings->config.files, ", "))});
  check_state(*settings, findings);
  check_audit(*settings, findings);
  check_hooks(*settings, findings);
  async::Runtime runtime;
  runtime.run(check_sandbox(runtime.executor(), settings->paths.workspace, findings));
  runtime.run(check_python(runtime.executor(), settings->paths.workspace, findings));
  runtime.run(check_providers(runtime.executor(), *settings, findings));
  return show(findings, common.json);
}

}  // namespace oap::cli
