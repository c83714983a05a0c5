#include "gateway/upstream/tool_table.hpp"

#include <random>
#include <utility>

#include <fmt/format.h>

namespace oap::gateway {

std::shared_ptr<ToolState> ToolTable::get(const std::string& name, SteadyTime now) {
  const auto known = tools_.find(name);
  if (known != tools_.end()) {
    return known->second;
  }
  if (tools_.size() >= kMost) {
    std::erase_if(tools_, [now](const auto& entry) {
      return entry.second.use_count() == 1 &&
             entry.second->breaker.state(now) == async::Breaker::State::kClosed;
    });
  }
  const std::string full_name = fmt::format("tool '{}' of MCP server '{}'", name, server_);
  async::Breaker::Options breaker = breaker_;
  breaker.name = full_name;
  breaker.seed = std::random_device{}();
  const auto own = options_.find(name);
  auto tool =
      std::make_shared<ToolState>(ToolState{name,
                                            async::Breaker(std::move(breaker)),
                                            own == options_.end() ? ToolOptions{} : own->second,
                                            {},
                                            0});
  if (tool->options.max_concurrent > 0) {
    tool->bulkhead.emplace(async::Bulkhead::Options{.name = full_name,
                                                    .max_concurrent = tool->options.max_concurrent,
                                                    .max_waiting = max_waiting_});
  }
  tools_.emplace(name, tool);
  return tool;
}

std::map<std::string, std::string> ToolTable::open_breakers(SteadyTime now) const {
  std::map<std::string, std::string> open;
  for (const auto& [name, tool] : tools_) {
    const async::Breaker::State state = tool->breaker.state(now);
    if (state != async::Breaker::State::kClosed) {
      open.emplace(name, to_string(state));
    }
  }
  return open;
}

}  // namespace oap::gateway
