#include "audit/emergency.hpp"

#include "audit/keyring.hpp"
#include "audit/side_file.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "json/print.hpp"

namespace oap::audit {
namespace {

WallTime now(const Log::Options& options) {
  return options.clock == nullptr ? system_clock().wall() : options.clock->wall();
}

std::string line_of(const Log::Options& options, const Body& body, const Error& why) {
  std::string event = body.text;
  event.insert(body.seq_at, "0");
  if (!options.encryption_keys.empty()) {
    const auto keys = parse_keys(options.encryption_keys);
    const auto token = keys ? crypto::fernet_seal(keys->front(), event, now(options))
                            : Result<std::string>(fail(keys.error()));
    event = json::quote(token.value_or(""));
  }
  return fmt::format("{{\"audit_failure\":{},\"event\":{}}}\n", json::quote(why.to_string()),
                     event);
}

}  // namespace

void save_emergency(const Log::Options& options, const std::string& event_type, const Body& body,
                    const Error& why) {
  log::error("audit", "an event could not be recorded",
             {{"event_type", event_type}, {"reason", why.to_string()}});
  if (options.emergency_file.empty()) {
    return;
  }
  const std::string line = line_of(options, body, why);
  auto file = open_side_file(options.workspace, options.emergency_file);
  auto saved = file ? append_all(file->get(), line, options.emergency_file)
                    : Result<void>(fail(std::move(file).error()));
  if (!saved) {
    log::error("audit", "nor could it be written to the emergency file",
               {{"reason", saved.error().to_string()}});
  }
}

void save_emergency(const Log::Options& options, const Event& event, const Error& why) {
  save_emergency(options, event.event_type,
                 encode(event, {new_id("evt_"), format_time(now(options))}), why);
}

}  // namespace oap::audit
