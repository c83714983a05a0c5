#pragma once

#include <memory>
#include <optional>
#include <string>

#include "async/task.hpp"
#include "hosts/reply.hpp"
#include "platform/settings.hpp"

namespace oap::platform {

/// Governs another agent program's tool calls: the same guards in the same order, the same secret
/// scan and the same audit as for our own calls; only running the tool is the host's. Opens no
/// store, server or model. Used from one thread.
class HostGuard {
 public:
  /// kConfiguration, kDataLoss, kUnavailable (the audit cannot be opened).
  static Result<std::unique_ptr<HostGuard>> open(Settings settings);
  ~HostGuard();

  /// Decides a kBefore event; the decision is on disk in the audit when this returns. An Error
  /// means that it could not be decided or audited: the caller denies.
  Task<Result<hosts::Verdict>> judge(hosts::Host host, hosts::Event event);
  /// The response of a kAfter event without its secrets, where it has any; audited.
  Result<std::optional<json::Value>> clean(hosts::Host host, const hosts::Event& event);
  /// What to tell the person who wrote the prompt; audited.
  Result<std::string> note_prompt(hosts::Host host, const hosts::Event& event);

 private:
  struct Parts;
  explicit HostGuard(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// One event from the host's words to the words for the host. Whatever goes wrong is a denial.
/// `folder` is where the project is looked for: "" is the current one.
hosts::Reply answer_host_event(hosts::Host host, const std::string& text,
                               const SettingsOptions& options);

}  // namespace oap::platform
