#include "hosts/event.hpp"

#include <array>
#include <utility>

#include "json/parse.hpp"
#include "text/strings.hpp"

namespace oap::hosts {
namespace {

struct Names {
  Host host;
  std::string_view name;
  std::string_view title;
  std::string_view event;  ///< the member that names the event
  std::string_view cwd;
};
constexpr std::array<Names, 7> kHosts = {{
    {Host::kClaudeCode, "claude-code", "Claude Code", "hook_event_name", "cwd"},
    {Host::kCodex, "codex", "Codex", "hook_event_name", "cwd"},
    {Host::kGemini, "gemini", "Gemini CLI", "hook_event_name", "cwd"},
    {Host::kGoose, "goose", "Goose", "event", "working_dir"},
    {Host::kCrush, "crush", "Crush", "event", "cwd"},
    {Host::kOpencode, "opencode", "OpenCode", "event", "cwd"},
    {Host::kQwen, "qwen", "Qwen Code", "hook_event_name", "cwd"},
}};

const Names& names(Host host) { return kHosts.at(static_cast<std::size_t>(host)); }

/// "PreToolUse", "pre_tool_use" and "PRETOOLUSE" are one.
std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c != '_') {
      out += text::to_lower(c);
    }
  }
  return out;
}

Event::Kind kind_of(std::string_view event) {
  using Kind = Event::Kind;
  static constexpr std::array<std::pair<std::string_view, Kind>, 8> kKinds = {
      {{"pretooluse", Kind::kBefore},
       {"permissionrequest", Kind::kBefore},
       {"beforetool", Kind::kBefore},
       {"posttooluse", Kind::kAfter},
       {"posttoolusefailure", Kind::kAfter},
       {"aftertool", Kind::kAfter},
       {"userpromptsubmit", Kind::kPrompt},
       {"beforeagent", Kind::kPrompt}}};
  const std::string name = folded(event);
  for (const auto& [known, kind] : kKinds) {
    if (name == known) {
      return kind;
    }
  }
  return Kind::kOther;
}

std::string first_of(const json::Object& object, std::initializer_list<std::string_view> members) {
  for (const std::string_view member : members) {
    if (const std::string_view found = json::get_string(object, member); !found.empty()) {
      return std::string(found);
    }
  }
  return "";
}

Result<void> read_tool(Event& event, const json::Object& object) {
  event.tool = first_of(object, {"tool_name"});
  if (event.tool.empty()) {
    return fail(Code::kInvalidArgument, "the event {} names no tool (tool_name)", event.name);
  }
  event.call_id = first_of(object, {"tool_use_id", "tool_call_id"});
  const json::Value* input = json::find(object, "tool_input");
  if (input == nullptr || input->is_null()) {
    return {};
  }
  if (input->is_object()) {
    event.input = input->get_object();
    return {};
  }
  // Crush passes on the text that the model wrote.
  auto parsed = input->is_string() ? json::parse(std::string_view(input->get_string()))
                                   : Result<json::Value>(json::Value());
  if (!parsed || !parsed->is_object()) {
    return fail(Code::kInvalidArgument, "the event {} has a tool_input that is no object",
                event.name);
  }
  event.input = parsed->get_object();
  return {};
}

}  // namespace

std::string_view name_of(Host host) { return names(host).name; }
std::string_view title_of(Host host) { return names(host).title; }
bool has_command_hook(Host host) { return host != Host::kOpencode; }

std::optional<Host> host_named(std::string_view name) {
  for (const Names& entry : kHosts) {
    if (entry.name == name) {
      return entry.host;
    }
  }
  return std::nullopt;
}

Result<Event> read_event(Host host, std::string_view text) {
  auto parsed = json::parse(text);
  if (!parsed) {
    return fail(Code::kInvalidArgument, "the event is no JSON: {}", parsed.error().message());
  }
  if (!parsed->is_object()) {
    return fail(Code::kInvalidArgument, "the event is no JSON object");
  }
  const json::Object& object = parsed->get_object();
  Event event;
  event.name = first_of(object, {names(host).event, "hook_event_name", "event"});
  if (event.name.empty()) {
    return fail(Code::kInvalidArgument, "the event has no name ({})", names(host).event);
  }
  event.kind = kind_of(event.name);
  event.session_id = first_of(object, {"session_id"});
  event.transcript = first_of(object, {"transcript_path"});
  event.cwd = first_of(object, {names(host).cwd, "cwd", "working_dir"});
  if (event.kind == Event::Kind::kBefore || event.kind == Event::Kind::kAfter) {
    OAP_CHECK_OK(read_tool(event, object));
  }
  if (event.kind == Event::Kind::kAfter) {
    event.failed = folded(event.name) == "posttoolusefailure";
    for (const std::string_view member : {"tool_response", "tool_output", "error"}) {
      if (const json::Value* response = json::find(object, member);
          response != nullptr && !response->is_null()) {
        event.response = *response;
        break;
      }
    }
  }
  if (event.kind == Event::Kind::kPrompt) {
    event.prompt = first_of(object, {"prompt", "message"});
  }
  return event;
}

}  // namespace oap::hosts
