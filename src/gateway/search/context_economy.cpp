#include "gateway/search/context_economy.hpp"

#include <algorithm>

#include "json/print.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

constexpr std::size_t kBytesPerToken = 4;
constexpr std::int64_t kMaxLimit = 20;
constexpr std::size_t kMaxQuery = 1000;

json::Object string_schema(std::string_view description) {
  return {{"type", "string"}, {"description", json::Value(json::String(description))}};
}

json::Object object_schema(json::Object properties, std::string_view required) {
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", json::Array{json::Value(json::String(required))}},
          {"additionalProperties", false}};
}

bool is_always_loaded(const Listed& tool, const EconomyOptions& options) {
  if (tool.builtin) {
    return true;
  }
  const std::string exact = fmt::format("{}__{}", tool.server, tool.name);
  return std::any_of(options.always_load.begin(), options.always_load.end(),
                     [&](const text::Glob& glob) {
                       return glob.matches(tool.public_name) || glob.matches(exact);
                     });
}

Result<void> check_members(const json::Object& arguments, std::string_view tool,
                           std::initializer_list<std::string_view> known) {
  for (const auto& member : arguments) {
    if (std::find(known.begin(), known.end(), std::string_view(member.key())) == known.end()) {
      return fail(Code::kInvalidArgument, "{} has no parameter '{}'", tool,
                  text::escape_visible(text::truncate_utf8(member.key(), 80)));
    }
  }
  return {};
}

}  // namespace

std::size_t estimated_tokens(std::size_t bytes) {
  return bytes / kBytesPerToken + (bytes % kBytesPerToken == 0 ? 0 : 1);
}

Economy decide_economy(std::span<const Listed> tools, const EconomyOptions& options) {
  Economy economy;
  std::size_t bytes = 0;
  for (const Listed& tool : tools) {
    bytes += tool.bytes;
  }
  economy.tokens = estimated_tokens(bytes);
  const bool many = tools.size() > options.max_tools;
  const bool large = economy.tokens > options.max_tokens;
  economy.collapse = options.mode == CollapseMode::kAlways ||
                     (options.mode == CollapseMode::kAuto && (many || large));
  if (economy.collapse) {
    economy.reason =
        options.mode == CollapseMode::kAlways
            ? "tools are set to be found by search"
            : fmt::format("{} tools of about {} tokens are more than {} tools or {} tokens",
                          tools.size(), economy.tokens, options.max_tools, options.max_tokens);
  }
  std::size_t listed_bytes = 0;
  for (std::uint32_t i = 0; i < tools.size(); ++i) {
    if (!economy.collapse || is_always_loaded(tools[i], options)) {
      economy.listed.push_back(i);
      listed_bytes += tools[i].bytes;
    }
  }
  if (economy.listed.size() == tools.size()) {
    economy.collapse = false;
    economy.reason.clear();
  }
  economy.listed_tokens = estimated_tokens(listed_bytes);
  return economy;
}

json::Object search_tools_definition(std::size_t total) {
  json::Object properties{
      {"query", string_schema("What the tool should do, or its name, in a few words.")},
      {"limit", json::Object{{"type", "integer"},
                             {"minimum", 1},
                             {"maximum", kMaxLimit},
                             {"default", 5},
                             {"description", "How many tools to return at most."}}}};
  const std::string about = fmt::format(
      "Finds tools among {} that are not listed here, by name, description and parameters. Returns "
      "their full definitions, best match first. Call what you found with {}.",
      total, kCallTool);
  return {{"name", json::Value(json::String(kSearchTools))},
          {"title", "Search tools"},
          {"description", json::Value(json::String(about))},
          {"inputSchema", object_schema(std::move(properties), "query")},
          {"annotations", json::Object{{"readOnlyHint", true}, {"openWorldHint", false}}}};
}

json::Object call_tool_definition() {
  json::Object properties{
      {"name", string_schema("The tool's name, exactly as search_tools gave it.")},
      {"arguments",
       json::Object{{"type", "object"},
                    {"description", "The tool's arguments, as its inputSchema describes them."}}}};
  const std::string about = fmt::format(
      "Calls one tool that {} found. The same permissions apply as to a tool that is listed.",
      kSearchTools);
  return {{"name", json::Value(json::String(kCallTool))},
          {"title", "Call tool"},
          {"description", json::Value(json::String(about))},
          {"inputSchema", object_schema(std::move(properties), "name")}};
}

Result<SearchRequest> search_request(const json::Object& arguments) {
  OAP_CHECK_OK(check_members(arguments, kSearchTools, {"query", "limit"}));
  const std::string_view query = text::trim(json::get_string(arguments, "query"));
  if (query.empty() || query.size() > kMaxQuery) {
    return fail(Code::kInvalidArgument,
                "{} needs a 'query': a few words of at most {} bytes on what the tool should do",
                kSearchTools, kMaxQuery);
  }
  SearchRequest request{std::string(query)};
  if (const json::Value* const limit = json::find(arguments, "limit")) {
    const std::int64_t asked = json::get_int(arguments, "limit", -1);
    if (!limit->is_number() || asked < 0) {
      return fail(Code::kInvalidArgument, "the 'limit' of {} is a number from 1 to {}",
                  kSearchTools, kMaxLimit);
    }
    request.limit = static_cast<std::size_t>(std::clamp<std::int64_t>(asked, 1, kMaxLimit));
  }
  return request;
}

Result<CallRequest> call_request(json::Object arguments) {
  OAP_CHECK_OK(check_members(arguments, kCallTool, {"name", "arguments"}));
  CallRequest request{std::string(json::get_string(arguments, "name")), {}};
  if (request.name.empty()) {
    return fail(Code::kInvalidArgument, "{} needs the 'name' of a tool, as {} gave it", kCallTool,
                kSearchTools);
  }
  if (request.name == kCallTool || request.name == kSearchTools) {
    return fail(Code::kInvalidArgument, "{} is called directly, not through {}", request.name,
                kCallTool);
  }
  if (json::Value* const given = arguments.if_contains("arguments")) {
    if (!given->is_object()) {
      return fail(Code::kInvalidArgument, "the 'arguments' of {} are an object, not {}", kCallTool,
                  json::type_name(*given));
    }
    request.arguments = std::move(given->get_object());
  }
  return request;
}

json::Object with_public_name(const json::Object& definition, std::string_view public_name) {
  json::Object named = definition;
  named["name"] = json::String(public_name);
  return named;
}

ToolResult search_result(const SearchRequest& request, std::vector<json::Object> found,
                         std::size_t total) {
  std::string text;
  json::Array tools;
  if (found.empty()) {
    text = fmt::format("None of the {} tools matches '{}'. Try other or fewer words.", total,
                       text::escape_visible(text::truncate_utf8(request.query, 200)));
  } else {
    text = fmt::format("{} of {} tools, best match first. Call one with {}.", found.size(), total,
                       kCallTool);
  }
  for (json::Object& definition : found) {
    text += "\n" + json::print(json::Value(definition));
    tools.emplace_back(std::move(definition));
  }
  ToolResult result = ToolResult::text(text);
  result.structured = json::Value(json::Object{{"tools", std::move(tools)}, {"total", total}});
  return result;
}

}  // namespace oap::gateway
