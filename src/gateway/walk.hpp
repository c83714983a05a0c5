#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "gateway/call_link.hpp"
#include "hooks/registry.hpp"
#include "model/tool.hpp"

namespace oap::gateway {

/// One call on its way through the gateway: what is known of it so far.
struct Walk {
  ToolCall call;
  CallLink link;
  ToolOutcome outcome;
  hooks::BeforeOutcome judged;
  std::string approver;
  json::Array after_trail;
  SteadyTime started;
  std::shared_ptr<const std::string> shown_arguments;  ///< redacted, for the audit
  std::string shown_resource;                          ///< likewise
  std::string revision;                                ///< of the policy that judged
  bool own_deadline = false;
  Millis asked{0};  // that a person took to answer: no time of the call
  bool rewritten = false;
  bool resolved = false;
  bool judged_once = false;
  bool effect_possible = false;
};

void deny(Walk& walk, std::string rule, std::string reason, bool unanswered = false);

hooks::Context context_of(const ToolCall& call, const std::string& workspace);

}  // namespace oap::gateway
