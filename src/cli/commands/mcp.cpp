#include <fmt/format.h>

#include "async/runtime.hpp"
#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "cli/session_setup.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "orchestration/report.hpp"
#include "platform/platform.hpp"

namespace oap::cli {
namespace {

constexpr Millis kListDeadline{10'000};

Task<int> list_servers(platform::Platform& platform, bool as_json) {
  json::Array servers;
  std::string text;
  for (gateway::Upstream* upstream : platform.upstreams().all()) {
    const auto tools = co_await upstream->list_tools(Deadline::after(kListDeadline));
    const std::string name(upstream->name());
    json::Object item{{"name", name}, {"ok", tools.has_value()}};
    if (tools) {
      item["tools"] = tools->size();
      text += fmt::format("{:<24} ready   {} tools\n", name, tools->size());
    } else {
      item["error"] = tools.error().to_string();
      text += fmt::format("{:<24} failed  {}\n", name, tools.error().to_string());
    }
    servers.push_back(std::move(item));
  }
  if (as_json) {
    print_json(json::Object{{"servers", std::move(servers)}});
  } else {
    print(text);
  }
  co_return 0;
}

Task<int> list_tools(platform::Platform& platform, std::string server, bool as_json) {
  if (!server.empty()) {
    if (const auto found = platform.upstreams().find(server); !found) {
      co_return report(found.error(), as_json);
    }
  }
  const auto tools = co_await platform.catalog().all(Deadline::after(kListDeadline));
  json::Array list;
  std::string text;
  for (const ToolSpec& tool : tools) {
    if (!server.empty() && tool.server != server) {
      continue;
    }
    list.push_back(json::Object{{"name", tool.public_name()},
                                {"server", tool.server},
                                {"tool", tool.name},
                                {"description", tool.description},
                                {"input_schema", tool.input_schema}});
    text += fmt::format("{:<32} {}\n", tool.public_name(),
                        tool.description.substr(0, tool.description.find('\n')));
  }
  json::Object missing;
  for (const auto& [name, why] : platform.catalog().unavailable()) {
    missing[name] = why;
    print_error(name + ": " + why);
  }
  if (as_json) {
    print_json(json::Object{{"tools", std::move(list)}, {"unavailable", std::move(missing)}});
  } else {
    print(text);
  }
  co_return !server.empty() && platform.catalog().unavailable().contains(server)
      ? exit_code(Code::kUnavailable)
      : 0;
}

int finish_call(const ToolOutcome& outcome, bool as_json) {
  if (outcome.denial) {
    return report(orchestration::denial_error(*outcome.denial), as_json);
  }
  if (outcome.error) {
    return report(*outcome.error, as_json);
  }
  const ToolResult& result = *outcome.result;
  if (as_json) {
    json::Object out{{"success", !result.is_error},
                     {"content", result.content},
                     {"output", result.joined_text()},
                     {"is_error", result.is_error}};
    if (result.structured) {
      out["structured_content"] = *result.structured;
    }
    print_json(out);
  } else {
    std::string text = result.joined_text();
    if (!text.ends_with('\n')) {
      text += '\n';
    }
    print(text);
  }
  return result.is_error ? 1 : 0;
}

Task<int> call(platform::Platform& platform, McpArgs args, bool as_json) {
  json::Object arguments;
  if (!args.arguments.empty()) {
    auto parsed = json::parse_object(args.arguments);
    if (!parsed) {
      co_return report(Error(Code::kUsage, "the arguments: " + parsed.error().message()), as_json);
    }
    arguments = *std::move(parsed);
  }
  const ToolOutcome outcome =
      co_await platform.call_tool(args.server, args.tool, std::move(arguments));
  co_return finish_call(outcome, as_json);
}

Task<int> dispatch(platform::Platform& platform, McpArgs args, bool as_json) {
  int code = 0;
  switch (args.action) {
    case McpArgs::Action::kList:
      code = co_await list_servers(platform, as_json);
      break;
    case McpArgs::Action::kTools:
      code = co_await list_tools(platform, args.server, as_json);
      break;
    case McpArgs::Action::kCall:
      code = co_await call(platform, args, as_json);
      break;
  }
  co_await platform.close();
  co_return code;
}

}  // namespace

int mcp_command(const Common& common, const McpArgs& args) {
  async::Runtime runtime;
  SessionSetup setup(runtime, common, {args.yes, "", ""});
  auto platform = setup.open();
  if (!platform) {
    return report(platform.error(), common.json);
  }
  return setup.run(dispatch(**platform, args, common.json));
}

}  // namespace oap::cli
