#include "cli/claude/schema.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <span>

#include <fmt/format.h>

#include "programs/tool_words.hpp"

namespace oap::cli::claude {
namespace {

json::Object block_json(const ToolUseBlock& use, std::string_view cwd) {
  Tool tool = as_claude(use.name, use.arguments, cwd);
  return json::Object{
      {"type", "tool_use"}, {"id", use.id}, {"name", tool.name}, {"input", std::move(tool.input)}};
}

json::Object text_json(std::string_view text) {
  return json::Object{{"type", "text"}, {"text", text}};
}

}  // namespace

Tool as_claude(std::string_view public_name, const json::Object& arguments, std::string_view cwd) {
  ToolCall call;
  const std::size_t split = public_name.find("__");
  const bool served = split != std::string_view::npos && split > 0;
  call.server = served ? public_name.substr(0, split) : kBuiltinServer;
  call.tool = served ? public_name.substr(split + 2) : public_name;
  call.arguments = arguments;
  programs::ShownCall shown = programs::shown_call(call, std::string(cwd));
  return {std::move(shown.tool), std::move(shown.input)};
}

std::string new_uuid() {
  static thread_local std::random_device device;
  std::array<std::uint32_t, 4> words{};
  for (std::uint32_t& word : words) {
    word = device();
  }
  words[1] = (words[1] & 0xffff0fffU) | 0x4000U;
  words[2] = (words[2] & 0x3fffffffU) | 0x80000000U;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:04x}{:08x}", words[0], words[1] >> 16U,
                     words[1] & 0xffffU, words[2] >> 16U, words[2] & 0xffffU, words[3]);
}

json::Object framed(const Frame& frame, std::string_view type) {
  return json::Object{{"type", type}, {"session_id", frame.session_id}, {"uuid", new_uuid()}};
}

json::Object init_message(const Frame& frame, const Init& init) {
  json::Object out = framed(frame, "system");
  out["subtype"] = "init";
  out["apiKeySource"] = init.key_source;
  out["claude_code_version"] = init.version;
  out["cwd"] = frame.cwd;
  json::Array tools;
  for (const std::string& tool : init.tools) {
    const json::Value name(as_claude(tool, {}, frame.cwd).name);
    if (std::find(tools.begin(), tools.end(), name) == tools.end()) {
      tools.push_back(name);
    }
  }
  out["tools"] = std::move(tools);
  json::Array servers;
  for (const std::string& server : init.servers) {
    servers.push_back(json::Object{{"name", server}, {"status", "pending"}});
  }
  out["mcp_servers"] = std::move(servers);
  out["model"] = frame.model;
  out["permissionMode"] = init.permission_mode;
  out["slash_commands"] = json::Array{"task", "plan", "status", "stop", "agents"};
  out["output_style"] = "default";
  json::Array agents;
  for (const std::string& agent : init.agents) {
    agents.emplace_back(agent);
  }
  out["agents"] = std::move(agents);
  out["skills"] = json::Array{};
  out["plugins"] = json::Array{};
  return out;
}

json::Object usage_json(const Usage& usage) {
  return json::Object{
      {"input_tokens", usage.input_tokens},
      {"cache_creation_input_tokens", usage.cache_write_tokens},
      {"cache_read_input_tokens", usage.cache_read_tokens},
      {"output_tokens", usage.output_tokens},
      {"server_tool_use", json::Object{{"web_search_requests", 0}, {"web_fetch_requests", 0}}},
      {"service_tier", "standard"},
      {"cache_creation", json::Object{{"ephemeral_1h_input_tokens", 0},
                                      {"ephemeral_5m_input_tokens", usage.cache_write_tokens}}}};
}

json::Object assistant_message(const Frame& frame, const oap::Message& message, const Usage& usage,
                               std::string_view message_id) {
  json::Array content;
  for (const Block& block : message.blocks) {
    if (const auto* text = std::get_if<TextBlock>(&block)) {
      content.push_back(text_json(text->text));
    } else if (const auto* thought = std::get_if<ThinkingBlock>(&block)) {
      content.push_back(
          json::Object{{"type", "thinking"}, {"thinking", thought->text}, {"signature", ""}});
    } else if (const auto* use = std::get_if<ToolUseBlock>(&block)) {
      content.push_back(block_json(*use, frame.cwd));
    }
  }
  json::Object out = framed(frame, "assistant");
  out["message"] =
      json::Object{{"id", message_id},
                   {"type", "message"},
                   {"role", "assistant"},
                   {"model", frame.model},
                   {"content", std::move(content)},
                   {"stop_reason", message.tool_uses().empty() ? "end_turn" : "tool_use"},
                   {"stop_sequence", nullptr},
                   {"usage", usage_json(usage)}};
  out["parent_tool_use_id"] = nullptr;
  return out;
}

json::Object user_message(const Frame& frame, const oap::Message& message) {
  json::Array content;
  for (const Block& block : message.blocks) {
    if (const auto* result = std::get_if<ToolResultBlock>(&block)) {
      json::Object item{
          {"type", "tool_result"}, {"tool_use_id", result->tool_use_id}, {"content", result->text}};
      if (result->is_error) {
        item["is_error"] = true;
      }
      content.push_back(std::move(item));
    } else if (const auto* text = std::get_if<TextBlock>(&block)) {
      content.push_back(text_json(text->text));
    }
  }
  json::Object out = framed(frame, "user");
  out["message"] = json::Object{{"role", "user"}, {"content", std::move(content)}};
  out["parent_tool_use_id"] = nullptr;
  return out;
}

json::Object result_message(const Frame& frame, const Ended& ended) {
  json::Object out = framed(frame, "result");
  const bool success = ended.subtype == "success";
  out["subtype"] = ended.subtype;
  out["is_error"] = !success;
  out["duration_ms"] = ended.duration_ms;
  out["duration_api_ms"] = ended.model_ms;
  out["num_turns"] = ended.turns;
  if (success) {
    out["result"] = ended.result;
  } else {
    json::Array errors;
    for (const std::string& error : ended.errors) {
      errors.emplace_back(error);
    }
    out["errors"] = std::move(errors);
  }
  out["stop_reason"] =
      ended.stop_reason.empty() ? json::Value(nullptr) : json::Value(ended.stop_reason);
  const std::optional<double>& cost = ended.usage.cost_usd;
  out["total_cost_usd"] = cost ? json::Value(*cost) : json::Value(nullptr);
  out["usage"] = usage_json(ended.usage);
  out["modelUsage"] = json::Object{
      {frame.model, json::Object{{"inputTokens", ended.usage.input_tokens},
                                 {"outputTokens", ended.usage.output_tokens},
                                 {"cacheReadInputTokens", ended.usage.cache_read_tokens},
                                 {"cacheCreationInputTokens", ended.usage.cache_write_tokens},
                                 {"webSearchRequests", 0},
                                 {"costUSD", cost.value_or(0.0)},
                                 {"costBasis", cost ? "list" : "unknown"},
                                 {"contextWindow", ended.window},
                                 {"maxOutputTokens", ended.max_output}}}};
  json::Array denials;
  for (const Denied& denied : ended.denials) {
    denials.push_back(json::Object{{"tool_name", denied.name},
                                   {"tool_use_id", denied.tool_use_id},
                                   {"tool_input", denied.input}});
  }
  out["permission_denials"] = std::move(denials);
  return out;
}

json::Object stream_event(const Frame& frame, json::Object event) {
  json::Object out = framed(frame, "stream_event");
  out["event"] = std::move(event);
  out["parent_tool_use_id"] = nullptr;
  return out;
}

}  // namespace oap::cli::claude
