#pragma once

#include <functional>

#include "approval/approver.hpp"
#include "mcp/client/client.hpp"
#include "model/tool.hpp"

namespace oap::gateway {

/// What connects one walk with whoever made the call. Everything in it may be empty.
struct CallLink {
  mcp::RequestOptions request;             ///< progress, questions and the like, for the upstream
  approval::Approver* approver = nullptr;  ///< borrowed; instead of the gateway's own
};

/// What a person watching a run is told of one call while it walks.
struct Progress {
  enum class Kind { kStarted, kApproval, kFinished } kind;
  const ToolCall& call;
  const approval::Request* approval = nullptr;
  const approval::Answer* answer = nullptr;
  const ToolOutcome* outcome = nullptr;
  double risk_score = 0;  ///< kFinished: what the guards gave
};
using ProgressObserver = std::function<void(const Progress&)>;

}  // namespace oap::gateway
