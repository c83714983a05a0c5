#include <fmt/format.h>
#include <unistd.h>

#include "cli/commands/mcp_views.hpp"
#include "cli/output.hpp"
#include "cli/questions.hpp"
#include "cli/terminal.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "mcp/era.hpp"
#include "orchestration/report.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

/// Nothing where there are none; kUsage where they are no JSON object.
Result<json::Object> arguments_of(const McpArgs& args) {
  if (args.arguments.empty()) {
    return json::Object{};
  }
  auto parsed = json::parse_object(args.arguments);
  if (!parsed) {
    return fail(Code::kUsage, "the arguments: {}", parsed.error().message());
  }
  return parsed;
}

void show_progress(const json::Object& params) {
  std::string line = "  " + json::print(*json::find(params, "progress"));
  if (const json::Value* const total = json::find(params, "total")) {
    line += "/" + json::print(*total);
  }
  const std::string_view message = json::get_string(params, "message");
  print_message(line + " " + text::escape_visible(message) + "\n", false);
}

gateway::CallLink link_of(Questions& questions, const std::string& server) {
  gateway::CallLink link;
  link.request.ask = questions.handler(server);
  link.request.owner = "command";
  link.request.capabilities = questions.capabilities();
  if (stderr_is_terminal()) {
    link.request.on_progress = [](const json::Object& params) {
      if (json::find(params, "progress") != nullptr) {
        show_progress(params);
      }
    };
  }
  return link;
}

/// What a server wants to be visited first (MCP 2025-11-25, error -32042).
void tell_urls(const ToolOutcome& outcome) {
  if (!outcome.peer_error ||
      json::get_int(*outcome.peer_error, "code") != mcp::kUrlElicitationRequired) {
    return;
  }
  const json::Value* const data = json::find(*outcome.peer_error, "data");
  const json::Array* const asked =
      data != nullptr ? json::find_array(*data, "elicitations") : nullptr;
  if (asked == nullptr) {
    return;
  }
  for (const json::Value& each : *asked) {
    print_error(
        fmt::format("the server wants you to visit this page first, if you trust it: {}\n"
                    "  {}",
                    text::escape_visible(json::get_string(each, "message")),
                    text::escape_visible(json::get_string(each, "url"))));
  }
}

/// The exit code where there is no result, after reporting why.
std::optional<int> failure(const ToolOutcome& outcome, bool as_json) {
  if (outcome.denial) {
    return report(orchestration::denial_error(*outcome.denial), as_json);
  }
  if (outcome.error) {
    tell_urls(outcome);
    return report(*outcome.error, as_json);
  }
  return std::nullopt;
}

/// What came from a server; on a terminal it cannot command it.
void print_lines(std::string text) {
  if (::isatty(1) == 1) {
    text = text::escape_visible(text, {.keep_newlines = true});
  }
  if (!text.ends_with('\n')) {
    text += '\n';
  }
  print(text);
}

json::Array contents_of(const json::Object& result, std::string_view key) {
  const json::Array* const found = json::find_array(result, key);
  return found != nullptr ? *found : json::Array{};
}

/// Text as it is; what is none, in a few words.
std::string text_of(const json::Value& content) {
  if (json::find(content, "text") != nullptr) {
    return std::string(json::get_string(content, "text"));
  }
  const std::string_view mime = json::get_string(content, "mimeType", "data");
  const std::size_t size =
      json::get_string(content, "blob", json::get_string(content, "data")).size();
  return fmt::format("[{}, {} bytes in base64; --json prints it]", mime, size);
}

Task<ToolOutcome> request(platform::Platform& platform, Questions& questions, std::string server,
                          std::string_view method, json::Object params) {
  gateway::CallLink link = link_of(questions, server);
  std::string name = std::string(kMethodPrefix) + std::string(method);
  co_return co_await platform.call_tool(std::move(server), std::move(name), std::move(params),
                                        std::move(link));
}

}  // namespace

Task<int> call_tool(platform::Platform& platform, Executor executor, McpArgs args, bool as_json) {
  auto arguments = arguments_of(args);
  if (!arguments) {
    co_return report(arguments.error(), as_json);
  }
  if (args.name.starts_with(kMethodPrefix)) {
    co_return report(Error(Code::kUsage, "a tool's name cannot begin with mcp:"), as_json);
  }
  Questions questions(std::move(executor), has_terminal());
  gateway::CallLink link = link_of(questions, args.server);
  const ToolOutcome outcome =
      co_await platform.call_tool(args.server, args.name, *std::move(arguments), std::move(link));
  if (const auto code = failure(outcome, as_json)) {
    co_return *code;
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
    for (const json::Value& block : result.content) {
      if (json::get_string(block, "type") != "text") {
        const json::Value* const resource = json::find(block, "resource");
        text += (text.empty() || text.ends_with('\n') ? "" : "\n") +
                text_of(resource != nullptr ? *resource : block) + "\n";
      }
    }
    if (text.empty() && result.structured) {
      text = json::print_pretty(*result.structured);
    }
    print_lines(std::move(text));
  }
  co_return result.is_error ? 1 : 0;
}

Task<int> read_resource(platform::Platform& platform, Executor executor, McpArgs args,
                        bool as_json) {
  Questions questions(std::move(executor), has_terminal());
  json::Object params{{"uri", args.name}};
  const ToolOutcome outcome =
      co_await request(platform, questions, args.server, "resources/read", std::move(params));
  if (const auto code = failure(outcome, as_json)) {
    co_return *code;
  }
  const json::Array contents = contents_of(outcome.result->extra, "contents");
  if (as_json) {
    print_json(json::Object{{"success", true}, {"contents", contents}});
    co_return 0;
  }
  for (const json::Value& content : contents) {
    print_lines(text_of(content));
  }
  co_return 0;
}

Task<int> get_prompt(platform::Platform& platform, Executor executor, McpArgs args, bool as_json) {
  auto arguments = arguments_of(args);
  if (!arguments) {
    co_return report(arguments.error(), as_json);
  }
  Questions questions(std::move(executor), has_terminal());
  json::Object params{{"name", args.name}};
  if (!arguments->empty()) {
    params["arguments"] = *std::move(arguments);
  }
  const ToolOutcome outcome =
      co_await request(platform, questions, args.server, "prompts/get", std::move(params));
  if (const auto code = failure(outcome, as_json)) {
    co_return *code;
  }
  const json::Object& result = outcome.result->extra;
  const json::Array messages = contents_of(result, "messages");
  if (as_json) {
    print_json(json::Object{{"success", true},
                            {"description", json::get_string(result, "description")},
                            {"messages", messages}});
    co_return 0;
  }
  for (const json::Value& message : messages) {
    const json::Value* const content = json::find(message, "content");
    print_lines(fmt::format("{}: {}", json::get_string(message, "role"),
                            content != nullptr ? text_of(*content) : ""));
  }
  co_return 0;
}

}  // namespace oap::cli
