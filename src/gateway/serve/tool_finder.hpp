#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/search/context_economy.hpp"
#include "gateway/search/index.hpp"
#include "model/tool.hpp"

namespace oap::gateway {

/// Which of a principal's tools are listed, and how the others are found. Keeps its index until the
/// tools are others. Belongs to the executor's thread.
class ToolFinder {
 public:
  explicit ToolFinder(EconomyOptions options) : options_(std::move(options)) {}

  /// The definitions for tools/list: all of them, or those that are always loaded together with
  /// search_tools and call_tool.
  json::Array listed(std::vector<ToolSpec> tools) const;
  /// Whether search_tools and call_tool are offered for these tools.
  bool is_collapsed(const std::vector<ToolSpec>& tools) const;
  /// Answers search_tools. `version` changes whenever `tools` may have.
  ToolResult search(const json::Object& arguments, const std::vector<ToolSpec>& tools,
                    const std::string& version);

 private:
  Economy decide(const std::vector<ToolSpec>& tools) const;

  EconomyOptions options_;
  SearchIndex index_;
  std::string indexed_;
};

}  // namespace oap::gateway
