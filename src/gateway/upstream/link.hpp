#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "mcp/client/client.hpp"
#include "model/tool.hpp"

namespace oap::gateway {

/// What an upstream needs of a connection to its server: the shape of mcp::Client, whose contract
/// holds here too. `close()` before destruction, and destruction after the last call has returned.
class Link {
 public:
  virtual ~Link() = default;
  virtual Task<mcp::Answer<json::Object>> request(std::string method, json::Object params,
                                                  mcp::RequestOptions options) = 0;
  virtual Task<Result<mcp::Listing>> list(std::string method, std::string member,
                                          Deadline deadline) = 0;
  virtual Task<Result<std::vector<ToolSpec>>> list_tools(Deadline deadline) = 0;
  virtual Task<mcp::Answer<ToolResult>> call_tool(ToolCall call, mcp::RequestOptions options) = 0;
  virtual Task<mcp::Answer<json::Object>> watch(std::string uri) = 0;
  virtual Task<void> unwatch(std::string uri) = 0;
  virtual Task<void> set_log_level(std::string level) = 0;

  virtual bool alive() const = 0;
  virtual mcp::Era era() const = 0;
  virtual const mcp::PeerInfo& info() const = 0;
  virtual mcp::LinkFaults faults() const = 0;
  virtual std::size_t open_requests() const = 0;
  virtual std::string stderr_tail() const = 0;
  virtual std::optional<int> pid() const = 0;
  virtual Task<void> close() = 0;
};

/// One connection to a server, and the how-manieth it is. Shared with the calls that run on it.
struct Connection {
  std::unique_ptr<Link> link;
  std::uint64_t generation = 0;
};

/// Starts or contacts a server. Where it fails or is cancelled, nothing of the server is left
/// running; a link that it gives must be closed by whoever asked.
using Connector = std::function<Task<Result<std::unique_ptr<Link>>>(
    Executor executor, mcp::ServerSpec spec, mcp::ClientEvents events)>;

/// Connects with mcp::Client.
Connector mcp_connector();

}  // namespace oap::gateway
