#include "sandbox/spec.hpp"

#include <array>
#include <utility>

#include "os/env.hpp"
#include "sandbox/report.hpp"

namespace oap::sandbox {
namespace {

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
  std::map<std::string, std::string> environment{
      {"HOME", os::home_dir()}, {"PATH", std::string(kDefaultPath)}, {"USER", os::user_name()}};
  for (const char* name : {"PATH", "LANG", "LC_ALL", "TERM", "TMPDIR", "USER"}) {
    if (auto value = os::env(name); value && !value->empty()) {
      environment[name] = *std::move(value);
    }
  }
  for (const auto& [name, value] : spec.env) {
    environment[name] = value;
  }
  return environment;
}

}  // namespace oap::sandbox
