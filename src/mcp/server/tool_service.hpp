#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/schema.hpp"
#include "mcp/server/service.hpp"
#include "mcp/tool.hpp"

namespace oap::mcp {

struct ServerIdentity {
  std::string name = "oap";
  std::string title;
  std::string instructions;
};

/// A Service of a fixed list of tools: tools/list and tools/call. Arguments are checked against the
/// tool's inputSchema before the tool sees them; what does not fit is a result with isError.
/// Belongs to the executor's thread. Source: MCP 2025-11-25 and 2026-07-28, server/tools.
class ToolService final : public Service {
 public:
  ToolService(Executor executor, std::vector<std::unique_ptr<Tool>> tools, ServerIdentity identity);

  Task<Face> face(Caller caller) override;
  Task<Answer<json::Object>> handle(std::string method, json::Object params,
                                    Exchange& exchange) override;
  Task<Answer<json::Object>> watch(std::string uri, Caller caller) override;
  Task<void> unwatch(std::string uri, Caller caller) override;
  const std::vector<MirroredParam>* mirrored(std::string_view tool, const Caller& caller) override;
  Feed& feed() override { return feed_; }

 private:
  struct Offered {
    std::unique_ptr<Tool> tool;
    std::optional<json::Schema> schema;  ///< compiled at the first call
    std::vector<MirroredParam> mirrored;
  };

  Answer<json::Object> list(const json::Object& params) const;
  Task<Answer<json::Object>> call(json::Object params, Exchange& exchange);
  Task<ToolResult> run(Offered& offered, json::Object arguments, CallContext context);
  static std::optional<ToolResult> check(Offered& offered, const json::Object& arguments);

  Executor executor_;
  ServerIdentity identity_;
  std::vector<std::string> order_;
  std::map<std::string, Offered, std::less<>> tools_;
  Feed feed_;
};

}  // namespace oap::mcp
