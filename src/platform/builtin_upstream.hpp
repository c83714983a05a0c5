#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "gateway/upstream/forwarding_upstream.hpp"
#include "security/role_matrix.hpp"

namespace oap::platform {

/// Built-in tools that run inside this program, by name: those that work on what it holds, not on
/// files.
using LocalTools =
    std::map<std::string, std::function<Task<ToolResult>(ToolCall call)>, std::less<>>;

/// The built-in server as one upstream: its own process for work on files and commands, and the
/// local tools. What is no local tool's is passed on unchanged, but that of callers who may only
/// look it is said that what their programs change does not stay.
class BuiltinUpstream final : public gateway::ForwardingUpstream {
 public:
  BuiltinUpstream(std::unique_ptr<gateway::Upstream> server, LocalTools local,
                  security::RoleMatrix roles)
      : ForwardingUpstream(std::move(server)), local_(std::move(local)), roles_(std::move(roles)) {}

  Task<mcp::Answer<ToolResult>> call(ToolCall call, mcp::RequestOptions options) override;

 private:
  LocalTools local_;
  security::RoleMatrix roles_;
};

}  // namespace oap::platform
