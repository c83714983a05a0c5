#include "cli/hook_daemon.hpp"

#include <array>

#include <unistd.h>

#include "api/daemon_client.hpp"
#include "api/wire.hpp"
#include "os/env.hpp"
#include "platform/daemon_place.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

constexpr Millis kPatience{5'000};
constexpr std::size_t kMostEvent = 12U << 20U;
constexpr std::int64_t kDenied = 2;

std::string current_folder() {
  std::array<char, 4'096> buffer{};
  return ::getcwd(buffer.data(), buffer.size()) == nullptr ? "" : buffer.data();
}

}  // namespace

std::optional<hosts::Reply> ask_daemon_about(hosts::Host host, const std::string& event) {
  const auto place = platform::daemon_place(os::env);
  if (!place || ::access(place->socket.c_str(), W_OK) != 0) {
    return std::nullopt;
  }
  const std::string folder = current_folder();
  if (folder.empty() || event.size() > kMostEvent || !text::is_valid_utf8(event)) {
    return std::nullopt;
  }
  json::Object env;
  for (const std::string_view name : api::kHookEnvironment) {
    if (const auto value = os::env(name)) {
      env[name] = *value;
    }
  }
  const json::Object params{{"host", hosts::name_of(host)},
                            {"directory", folder},
                            {"stdin", event},
                            {"env", std::move(env)}};
  const auto answer =
      api::ask_daemon(place->socket, "hook/event", params, Deadline::after(kPatience));
  const std::int64_t exit = answer ? json::get_int(*answer, "exit", -1) : -1;
  if (exit != 0 && exit != kDenied) {
    return std::nullopt;
  }
  return hosts::Reply{static_cast<int>(exit), std::string(json::get_string(*answer, "stdout")),
                      std::string(json::get_string(*answer, "stderr"))};
}

}  // namespace oap::cli
