#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "model/tool.hpp"

namespace oap::gateway {

/// A tool server behind the gateway. Implementations start what they need at the first call and
/// survive its death: the next call starts it again. Used from one executor, by many calls at once.
class Upstream {
 public:
  virtual ~Upstream() = default;
  virtual std::string_view name() const = 0;
  virtual Task<Result<std::vector<ToolSpec>>> list_tools(Deadline deadline) = 0;
  /// The call's deadline holds. kUnavailable where the server cannot be had or died in the call.
  virtual Task<Result<ToolResult>> call(ToolCall call) = 0;
  virtual Task<void> close() = 0;
};

/// All upstreams by name. Owns them. Filled by the composition root.
class UpstreamSet {
 public:
  void add(std::unique_ptr<Upstream> upstream);
  /// kNotFound "Unknown MCP server: x (did you mean 'y'?)" where there is none of that name.
  Result<Upstream*> find(std::string_view name) const;
  std::vector<Upstream*> all() const;
  std::vector<std::string> names() const;
  Task<void> close();

 private:
  std::map<std::string, std::unique_ptr<Upstream>, std::less<>> upstreams_;
};

}  // namespace oap::gateway
