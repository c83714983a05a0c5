#include "hosts/install.hpp"

#include <algorithm>
#include <iterator>
#include <span>

#include "hosts/embedded.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "text/strings.hpp"

namespace oap::hosts {
namespace {

using std::string_view;

constexpr int kSeconds = 60;
constexpr string_view kMark =
    "// Written by 'oap hook install opencode'; 'oap hook uninstall opencode' removes it.\n";

struct Point {
  string_view event;
  string_view matcher;  ///< "": the event has none
};

std::span<const Point> points(Host host) {
  static constexpr Point kClaude[] = {
      {"PreToolUse", "*"}, {"PostToolUse", "*"}, {"UserPromptSubmit", ""}};
  static constexpr Point kCodex[] = {
      {"PreToolUse", ".*"}, {"PostToolUse", ".*"}, {"UserPromptSubmit", ""}};
  static constexpr Point kGemini[] = {
      {"BeforeTool", ".*"}, {"AfterTool", ".*"}, {"BeforeAgent", ""}};
  static constexpr Point kGoose[] = {{"PreToolUse", ""}, {"PostToolUse", ""}};
  static constexpr Point kCrush[] = {{"PreToolUse", ""}};
  static constexpr Point kQwen[] = {
      {"PreToolUse", ""}, {"PostToolUse", ""}, {"UserPromptSubmit", ""}};
  switch (host) {
    case Host::kClaudeCode:
      return kClaude;
    case Host::kCodex:
      return kCodex;
    case Host::kGemini:
      return kGemini;
    case Host::kGoose:
      return kGoose;
    case Host::kCrush:
      return kCrush;
    case Host::kQwen:
      return kQwen;
    case Host::kOpencode:
      break;
  }
  return {};
}

json::Object handler(Host host, const std::string& command) {
  if (host == Host::kCrush) {
    return {{"name", "oap"}, {"command", command}, {"timeout", kSeconds}};
  }
  json::Object out{{"type", "command"}, {"command", command}};
  if (host == Host::kGemini) {
    out["name"] = "oap";
    out["timeout"] = kSeconds * 1'000;  // milliseconds, unlike the others
  } else {
    out["timeout"] = kSeconds;
  }
  if (host == Host::kGoose) {
    out["on_failure"] = "block";
  }
  return out;
}

json::Value group(Host host, const Point& point, const std::string& command) {
  if (host == Host::kCrush) {
    return handler(host, command);
  }
  json::Object out;
  if (!point.matcher.empty()) {
    out["matcher"] = point.matcher;
  }
  out["hooks"] = json::Array{handler(host, command)};
  return out;
}

/// The list without our handlers, and without the groups that held nothing else.
json::Array others(Host host, const json::Array& list) {
  json::Array out;
  for (const json::Value& entry : list) {
    if (is_our_handler(host, entry)) {
      continue;
    }
    const json::Array* const handlers =
        entry.is_object() ? json::find_array(entry.get_object(), "hooks") : nullptr;
    json::Array kept;
    if (handlers != nullptr) {
      std::copy_if(handlers->begin(), handlers->end(), std::back_inserter(kept),
                   [&](const json::Value& handler) { return !is_our_handler(host, handler); });
    }
    if (handlers == nullptr || kept.size() == handlers->size()) {
      out.push_back(entry);
    } else if (!kept.empty()) {
      json::Object group = entry.get_object();
      group["hooks"] = std::move(kept);
      out.push_back(std::move(group));
    }
  }
  return out;
}

Result<json::Object> parse(string_view text, const std::string& file) {
  if (text::trim(text).empty()) {
    return json::Object();
  }
  auto value = json::parse(text);
  if (!value) {
    return fail(Code::kInvalidArgument, "{}: {}; nothing was changed", file,
                value.error().message());
  }
  if (!value->is_object()) {
    return fail(Code::kInvalidArgument, "{}: it is no JSON object; nothing was changed", file);
  }
  return value->get_object();
}

std::string print(const json::Object& object) {
  return json::print_pretty(json::Value(object)) + "\n";
}

/// OpenCode loads each file of its plugin folder, not of the folders in it.
std::vector<HookFile> plugin_files(bool user) {
  const std::string folder = user ? ".config/opencode/plugin/" : ".opencode/plugin/";
  std::vector<HookFile> out;
  for (const string_view name :
       {"values.ts", "daemon.ts", "governor.ts", "v1.ts", "v2.ts", "index.ts"}) {
    out.push_back({folder + "oap/" + std::string(name), false,
                   std::string(kMark) + std::string(embedded(name))});
  }
  out.push_back({folder + "oap.ts", false,
                 std::string(kMark) + "export { default } from \"./oap/index.ts\"\n"});
  return out;
}

}  // namespace

bool is_our_text(const HookFile& file, string_view present) {
  return present == file.text || (file.text.starts_with(kMark) && present.starts_with(kMark));
}

bool is_our_handler(Host host, const json::Value& entry) {
  if (!entry.is_object()) {
    return false;
  }
  const string_view command = json::get_string(entry.get_object(), "command");
  return command.ends_with("oap-hook' " + std::string(name_of(host)));
}

std::vector<HookFile> hook_files(Host host, bool user) {
  switch (host) {
    case Host::kClaudeCode:
      return {{".claude/settings.json"}};
    case Host::kCodex:
      return {{".codex/hooks.json"}};
    case Host::kGemini:
      return {{".gemini/settings.json"}};
    case Host::kGoose:
      return {{".agents/plugins/oap/plugin.json", false,
               "{\n  \"name\": \"oap\",\n  \"version\": \"0.1.0\",\n"
               "  \"description\": \"Permissions, scans and audit by oap\"\n}\n"},
              {".agents/plugins/oap/hooks/hooks.json"}};
    case Host::kQwen:
      return {{".qwen/settings.json"}};
    case Host::kCrush:
      return {{user ? ".config/crush/crush.json" : "crush.json"}};
    case Host::kOpencode:
      return plugin_files(user);
  }
  return {};
}

Result<std::string> hook_command(Host host, string_view program) {
  if (program.find_first_of("'\n\r") != string_view::npos) {
    return fail(Code::kInvalidArgument,
                "the path {} has a quote or a line break in it; install oap elsewhere", program);
  }
  return "'" + std::string(program) + "' " + std::string(name_of(host));
}

Result<std::string> with_hook(Host host, string_view text, const std::string& file,
                              const std::string& command) {
  OAP_TRY(json::Object object, parse(text, file));
  const json::Object before = object;
  json::Value& hooks = object["hooks"];
  if (hooks.is_null()) {
    hooks = json::Object();
  }
  if (!hooks.is_object()) {
    return fail(Code::kInvalidArgument, "{}: 'hooks' is no object; nothing was changed", file);
  }
  for (const Point& point : points(host)) {
    json::Value& list = hooks.get_object()[point.event];
    if (list.is_null()) {
      list = json::Array();
    }
    if (!list.is_array()) {
      return fail(Code::kInvalidArgument, "{}: 'hooks.{}' is no list; nothing was changed", file,
                  point.event);
    }
    const json::Value wanted = group(host, point, command);
    const json::Array& present = list.get_array();
    if (std::find(present.begin(), present.end(), wanted) == present.end()) {
      json::Array changed = others(host, present);
      changed.push_back(wanted);
      list = std::move(changed);
    }
  }
  return object == before ? std::string(text) : print(object);
}

Result<std::string> without_hook(Host host, string_view text, const std::string& file) {
  OAP_TRY(json::Object object, parse(text, file));
  json::Value* const hooks = object.if_contains("hooks");
  if (hooks == nullptr || !hooks->is_object()) {
    return std::string(text);
  }
  bool removed = false;
  std::vector<std::string> empty;
  for (auto& member : hooks->get_object()) {
    if (!member.value().is_array()) {
      continue;
    }
    json::Array kept = others(host, member.value().get_array());
    if (kept == member.value().get_array()) {
      continue;
    }
    removed = true;
    if (kept.empty()) {
      empty.emplace_back(member.key());
    }
    member.value() = std::move(kept);
  }
  if (!removed) {
    return std::string(text);
  }
  for (const std::string& event : empty) {
    hooks->get_object().erase(event);
  }
  if (hooks->get_object().empty()) {
    object.erase("hooks");
  }
  return object.empty() ? std::string() : print(object);
}

}  // namespace oap::hosts
