#pragma once

#include "gateway/upstream/upstream.hpp"

namespace oap::gateway::testing {

/// Tools of a server that take any object.
inline std::vector<ToolSpec> plain_specs(const std::string& server,
                                         const std::vector<std::string>& tools) {
  std::vector<ToolSpec> specs;
  for (const std::string& tool : tools) {
    ToolSpec spec;
    spec.server = server;
    spec.name = tool;
    spec.input_schema = json::Object{{"type", "object"}};
    spec.definition = {{"name", tool}, {"inputSchema", spec.input_schema}};
    specs.push_back(std::move(spec));
  }
  return specs;
}

/// An upstream that has nothing and can do nothing: tests override what they are about.
class QuietUpstream : public Upstream {
 public:
  Task<Result<mcp::PeerInfo>> start(Deadline /*deadline*/) override { co_return mcp::PeerInfo{}; }
  Task<Result<std::vector<ToolSpec>>> list_tools(Deadline /*deadline*/) override {
    co_return std::vector<ToolSpec>{};
  }
  Task<Result<mcp::Listing>> list(ListKind /*kind*/, Deadline /*deadline*/) override {
    co_return mcp::Listing{};
  }
  Task<mcp::Answer<ToolResult>> call(ToolCall /*call*/, mcp::RequestOptions /*options*/) override {
    co_return mcp::failed(Error(Code::kUnimplemented, "no tools here"));
  }
  Task<mcp::Answer<json::Object>> request(std::string /*method*/, json::Object /*params*/,
                                          mcp::RequestOptions /*options*/) override {
    co_return mcp::failed(Error(Code::kUnimplemented, "nothing here"));
  }
  Task<mcp::Answer<json::Object>> watch(std::string /*uri*/) override { co_return json::Object{}; }
  Task<void> unwatch(std::string /*uri*/) override { co_return; }
  Task<void> set_log_level(std::string /*level*/) override { co_return; }
  std::optional<mcp::PeerInfo> info() const override { return std::nullopt; }
  Health health() const override { return {}; }
  void on_change(OnListChanged lists, OnResourceUpdated /*resource*/) override {
    list_changed = std::move(lists);
  }
  Task<void> close() override { co_return; }

  OnListChanged list_changed;
};

}  // namespace oap::gateway::testing
