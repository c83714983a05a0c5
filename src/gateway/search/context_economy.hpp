#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"
#include "model/tool.hpp"
#include "text/glob.hpp"

namespace oap::gateway {

// How a long list of tools is kept out of a model's context: two small tools stand for all, one to
// find, one to call. Policy, approval and audit see the tool that is called, never `call_tool`.
// All pure.

inline constexpr std::string_view kSearchTools = "search_tools";
inline constexpr std::string_view kCallTool = "call_tool";

enum class CollapseMode : std::uint8_t { kAuto, kAlways, kNever };

struct EconomyOptions {
  CollapseMode mode = CollapseMode::kAuto;
  std::size_t max_tools = 40;           ///< more than these are collapsed
  std::size_t max_tokens = 10'000;      ///< of all listed definitions, estimated
  std::vector<text::Glob> always_load;  ///< kPlain, over `server__tool` and over public names
};

/// A tool as it would be listed.
struct Listed {
  std::string_view public_name;
  std::string_view server;
  std::string_view name;
  std::size_t bytes = 0;  ///< of its printed definition
  bool builtin = false;   ///< always listed
};

struct Economy {
  bool collapse = false;
  std::vector<std::uint32_t> listed;  ///< places of the tools to list, in the order given
  std::size_t tokens = 0;             ///< estimate for all tools
  std::size_t listed_tokens = 0;      ///< estimate for those in `listed`
  std::string reason;                 ///< a sentence; empty where all are listed
};

/// One token for four bytes of JSON, rounded up: within a third of what tokenizers say of schemas.
std::size_t estimated_tokens(std::size_t bytes);

/// Whether to collapse, and what stays listed. The same tools always give the same answer, whoever
/// asks, so that prompts stay cacheable.
Economy decide_economy(std::span<const Listed> tools, const EconomyOptions& options);

/// The MCP Tool objects of `search_tools` and `call_tool`. `total` tools are told of.
json::Object search_tools_definition(std::size_t total);
json::Object call_tool_definition();

struct SearchRequest {
  std::string query;
  std::size_t limit = 5;
};
/// kInvalidArgument, a sentence for the model, where the arguments are not {query, limit?}; limits
/// are cut to 1…20.
Result<SearchRequest> search_request(const json::Object& arguments);

struct CallRequest {
  std::string name;  ///< a public name
  json::Object arguments;
};
/// kInvalidArgument where the arguments are not {name, arguments?}, also where `name` is one of the
/// two tools themselves. Arguments that are a string of JSON, as some models send, are refused.
Result<CallRequest> call_request(json::Object arguments);

/// The definition under its public name, otherwise untouched.
json::Object with_public_name(const json::Object& definition, std::string_view public_name);

/// What `search_tools` answers: the definitions found (public names, best first) as structured
/// content `{tools, total}` and as text that a model reads.
ToolResult search_result(const SearchRequest& request, std::vector<json::Object> found,
                         std::size_t total);

}  // namespace oap::gateway
