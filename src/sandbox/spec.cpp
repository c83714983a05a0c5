#include "sandbox/spec.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "os/env.hpp"
#include "sandbox/report.hpp"

namespace oap::sandbox {
namespace {

constexpr std::array<std::string_view, 8> kWords{"fs",  "net", "pid",  "seccomp",
                                                 "mem", "cpu", "pids", "disk"};
constexpr const char* kProxy = "http://127.0.0.1:3128";
constexpr const char* kSocks = "socks5h://127.0.0.1:3128";
constexpr std::string_view kDefaultPath = "/usr/local/bin:/usr/bin:/bin";

std::array<std::pair<std::string_view, Layer>, 8> layers(const Isolation& isolation) {
  return {{{"fs", isolation.fs},
           {"net", isolation.net},
           {"pid", isolation.pid},
           {"seccomp", isolation.seccomp},
           {"mem", isolation.mem},
           {"cpu", isolation.cpu},
           {"pids", isolation.pids},
           {"disk", isolation.disk}}};
}

}  // namespace

std::string_view to_string(Layer layer) {
  switch (layer) {
    case Layer::kNone:
      return "none";
    case Layer::kDegraded:
      return "degraded";
    case Layer::kEnforced:
      return "enforced";
  }
  return "none";
}

std::string_view to_string(Kind kind) { return kWords[static_cast<std::size_t>(kind)]; }

Result<std::vector<Kind>> parse_kinds(std::string_view text) {
  std::vector<Kind> kinds;
  for (std::size_t at = 0; at <= text.size() && !text.empty();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = end + 1;
    const auto found = std::find(kWords.begin(), kWords.end(), word);
    if (found == kWords.end()) {
      return fail(
          Code::kInvalidArgument,
          "'{}' is no kind of isolation; there are fs, net, pid, seccomp, mem, cpu, pids and "
          "disk",
          word);
    }
    kinds.push_back(static_cast<Kind>(found - kWords.begin()));
  }
  return kinds;
}

Layer Isolation::of(Kind kind) const {
  return layers(*this)[static_cast<std::size_t>(kind)].second;
}

std::string to_string(const Isolation& isolation) {
  std::string text;
  for (const auto& [name, layer] : layers(isolation)) {
    text += text.empty() ? "" : " ";
    text += name;
    text += '=';
    text += to_string(layer);
  }
  return text;
}

json::Object to_json(const Isolation& isolation) {
  json::Object object;
  for (const auto& [name, layer] : layers(isolation)) {
    const std::string_view word = to_string(layer);
    object[boost::json::string_view(name.data(), name.size())] =
        boost::json::string_view(word.data(), word.size());
  }
  return object;
}

std::map<std::string, std::string> child_environment(const Spec& spec) {
  std::map<std::string, std::string> environment{{"HOME", os::home_dir()},
                                                 {"PATH", std::string(kDefaultPath)}};
  for (const char* name : {"PATH", "LANG", "LC_ALL", "TERM", "TMPDIR", "USER"}) {
    if (auto value = os::env(name); value && !value->empty()) {
      environment[name] = *std::move(value);
    }
  }
  if (environment.count("USER") == 0) {
    environment["USER"] = os::user_name();
  }
  if (spec.profile != Profile::kOwn) {
    environment["TMPDIR"] = "/tmp";
  }
  if (spec.through_proxy) {
    for (const char* name : {"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"}) {
      environment[name] = kProxy;
    }
    environment["ALL_PROXY"] = environment["all_proxy"] = kSocks;
    environment["NO_PROXY"] = environment["no_proxy"] = "localhost,127.0.0.1,::1";
  }
  for (const auto& [name, value] : spec.env) {
    environment[name] = value;
  }
  return environment;
}

}  // namespace oap::sandbox
