#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "hosts/reply.hpp"
#include "platform/settings.hpp"

namespace oap::security {
class SecretScanner;
}

namespace oap::platform {

/// Governs another agent program's tool calls: the same guards in the same order, the same secret
/// scan and the same audit as for our own calls; only running the tool is the host's. Opens no
/// store, server or model. Used from one thread.
class HostGuard {
 public:
  /// With an executor the audit's disk is awaited there, and calls may wait side by side; without
  /// one it is blocked for. kConfiguration, kDataLoss, kUnavailable (the audit cannot be opened).
  static Result<std::unique_ptr<HostGuard>> open(Settings settings,
                                                 std::optional<Executor> executor = std::nullopt);
  ~HostGuard();

  /// Decides a kBefore event; the decision is on disk in the audit when this returns. An Error
  /// means that it could not be decided or audited: the caller denies.
  Task<Result<hosts::Verdict>> judge(hosts::Host host, hosts::Event event);
  /// A call that is denied for what is no rule of its own; audited.
  Task<Result<void>> refuse(hosts::Host host, hosts::Event event, std::string rule,
                            std::string reason);
  /// The response of a kAfter event without its secrets, where it has any; audited.
  Task<Result<std::optional<json::Value>>> clean(hosts::Host host, hosts::Event event);
  /// The prompt without its secrets; audited.
  Task<Result<std::string>> clean_prompt(hosts::Host host, hosts::Event event);
  /// The words for the host that answer its event. Whatever goes wrong is a denial.
  Task<hosts::Reply> answer(hosts::Host host, hosts::Event event);

  const security::SecretScanner& scanner() const;
  const Settings& settings() const;

 private:
  struct Parts;
  explicit HostGuard(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// One event from the host's words to the words for the host. Whatever goes wrong is a denial.
/// `options.folder` is where the project is looked for: "" is the current one.
hosts::Reply answer_host_event(hosts::Host host, const std::string& text,
                               const SettingsOptions& options);

/// What could not be decided (`event` null: not even read) is a denial, and as far as there is an
/// audit it is in there. Blocks.
hosts::Reply refuse_host_event(hosts::Host host, const hosts::Event* event, SettingsOptions options,
                               const std::string& why);

}  // namespace oap::platform
