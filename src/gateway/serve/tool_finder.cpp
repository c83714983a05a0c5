#include "gateway/serve/tool_finder.hpp"

#include <algorithm>

#include "gateway/serve/relay.hpp"
#include "json/print.hpp"

namespace oap::gateway {

Economy ToolFinder::decide(const std::vector<ToolSpec>& tools) const {
  std::vector<std::string> names;
  names.reserve(tools.size());
  std::vector<Listed> listed;
  listed.reserve(tools.size());
  const bool sizes_matter =
      options_.mode == CollapseMode::kAuto && tools.size() <= options_.max_tools;
  for (const ToolSpec& tool : tools) {
    names.push_back(tool.public_name());
    const std::size_t bytes =
        sizes_matter ? json::print(json::Value(tool.definition)).size() : std::size_t{0};
    listed.push_back({names.back(), tool.server, tool.name, bytes, tool.server == kBuiltinServer});
  }
  return decide_economy(listed, options_);
}

bool ToolFinder::is_collapsed(const std::vector<ToolSpec>& tools) const {
  return decide(tools).collapse;
}

json::Array ToolFinder::listed(std::vector<ToolSpec> tools) const {
  const Economy economy = decide(tools);
  json::Array out;
  if (!economy.collapse) {
    out.reserve(tools.size());
    for (ToolSpec& tool : tools) {
      out.emplace_back(public_definition(std::move(tool)));
    }
    return out;
  }
  out.emplace_back(search_tools_definition(tools.size()));
  out.emplace_back(call_tool_definition());
  for (const std::uint32_t place : economy.listed) {
    out.emplace_back(public_definition(std::move(tools[place])));
  }
  return out;
}

ToolResult ToolFinder::search(const json::Object& arguments, const std::vector<ToolSpec>& tools,
                              const std::string& version) {
  const auto request = search_request(arguments);
  if (!request) {
    return ToolResult::text(request.error().message(), true);
  }
  if (indexed_ != version) {
    std::vector<Searchable> searchable;
    searchable.reserve(tools.size());
    for (const ToolSpec& tool : tools) {
      searchable.push_back({tool.public_name(), tool.server, tool.name, &tool.definition});
    }
    index_ = SearchIndex(searchable);
    indexed_ = version;
  }
  std::vector<json::Object> found;
  for (const Hit& hit : index_.search(request->query, request->limit)) {
    if (hit.tool >= tools.size()) {
      continue;
    }
    ToolSpec copy = tools[hit.tool];
    found.push_back(public_definition(std::move(copy)));
  }
  return search_result(*request, std::move(found), tools.size());
}

}  // namespace oap::gateway
