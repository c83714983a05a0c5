#include "hosts/reply.hpp"

#include <fmt/format.h>

#include "json/print.hpp"

namespace oap::hosts {
namespace {

constexpr int kBlocked = 2;

bool speaks_claude(Host host) {
  return host == Host::kClaudeCode || host == Host::kCodex || host == Host::kQwen;
}

Reply printed(json::Object object) {
  return {0, json::print(json::Value(std::move(object))) + "\n", ""};
}

Reply blocked(std::string_view reason) { return {kBlocked, "", std::string(reason) + "\n", true}; }

bool is_permission_request(const Event& event) {
  return event.name == "PermissionRequest" || event.name == "permission_request";
}

Reply claude_before(const Event& event, std::string_view decision, const Verdict& verdict) {
  if (is_permission_request(event)) {
    json::Object chosen{{"behavior", decision}};
    if (decision == "deny") {
      chosen["message"] = verdict.reason;
    }
    return printed({{"hookSpecificOutput", json::Object{{"hookEventName", event.name},
                                                        {"decision", std::move(chosen)}}}});
  }
  json::Object specific{{"hookEventName", event.name},
                        {"permissionDecision", decision},
                        {"permissionDecisionReason", verdict.reason}};
  if (verdict.input) {
    specific["updatedInput"] = *verdict.input;
  }
  return printed({{"hookSpecificOutput", std::move(specific)}});
}

Reply allow(Host host, const Event& event, const Verdict& verdict) {
  switch (host) {
    case Host::kClaudeCode:
      return claude_before(event, "allow", verdict);
    case Host::kCodex:
      // Silence lets its own approval policy decide; a decision is needed only to rewrite.
      return verdict.input ? claude_before(event, "allow", verdict) : Reply();
    case Host::kGemini: {
      json::Object out{{"decision", "allow"}};
      if (verdict.input) {
        out["hookSpecificOutput"] =
            json::Object{{"hookEventName", event.name}, {"tool_input", *verdict.input}};
      }
      return printed(std::move(out));
    }
    case Host::kQwen:
      // Silence, as for Codex.
      return verdict.input
                 ? blocked("the call would have to be changed, which Qwen Code's hooks cannot")
                 : Reply();
    case Host::kGoose:
      return verdict.input
                 ? blocked("the call would have to be changed, which goose's hooks cannot")
                 : printed({{"decision", "allow"}});
    case Host::kCrush:
    case Host::kOpencode: {
      json::Object out{{"decision", "allow"}};
      if (verdict.input) {
        out["updated_input"] = *verdict.input;
      }
      return printed(std::move(out));
    }
  }
  return blocked("no such host");
}

Reply deny(Host host, const Event& event, const Verdict& verdict) {
  Reply out;
  if (speaks_claude(host)) {
    out = claude_before(event, "deny", verdict);
  } else {
    const std::string_view decision = host == Host::kGoose ? "block" : "deny";
    out = printed({{"decision", decision}, {"reason", verdict.reason}});
  }
  out.denied = true;
  return out;
}

}  // namespace

bool can_ask(Host host) { return host == Host::kClaudeCode || host == Host::kQwen; }
bool can_replace(Host host) {
  return host == Host::kClaudeCode || host == Host::kCodex || host == Host::kGemini;
}

std::string unasked(Host host, std::string_view reason) {
  return fmt::format(
      "a person must approve this, and {} cannot be made to ask ({}); 'oap permission set' can "
      "allow it",
      title_of(host), reason);
}

Reply reply_before(Host host, const Event& event, const Verdict& verdict) {
  if (!verdict.has_opinion) {
    return host == Host::kGoose ? printed({{"decision", "allow"}}) : Reply();
  }
  if (verdict.level == Level::kAllow) {
    return allow(host, event, verdict);
  }
  if (verdict.level == Level::kAsk && can_ask(host)) {
    // A permission dialog is the question itself.
    return is_permission_request(event) ? Reply() : claude_before(event, "ask", verdict);
  }
  if (verdict.level == Level::kAsk) {
    Verdict told = verdict;
    told.reason = unasked(host, verdict.reason);
    return deny(host, event, told);
  }
  return deny(host, event, verdict);
}

std::string response_text(const json::Value& response) {
  if (response.is_string()) {
    return std::string(std::string_view(response.get_string()));
  }
  const json::Value* content = &response;
  if (response.is_object()) {
    for (const std::string_view member : {"llmContent", "content", "stdout", "output", "text"}) {
      if (const json::Value* found = json::find(response.get_object(), member)) {
        content = found;
        break;
      }
    }
  }
  if (content->is_string()) {
    return std::string(std::string_view(content->get_string()));
  }
  if (content->is_array()) {
    std::string text;
    for (const json::Value& block : content->get_array()) {
      if (block.is_object() && json::find(block.get_object(), "text") != nullptr) {
        text += std::string(json::get_string(block.get_object(), "text")) + "\n";
      }
    }
    if (!text.empty()) {
      return text;
    }
  }
  return json::print(response);
}

Reply reply_after(Host host, const Event& event, const std::optional<json::Value>& replacement) {
  if (!replacement) {
    return {};
  }
  if (host == Host::kClaudeCode) {
    const std::string_view member =
        event.tool.starts_with("mcp__") ? "updatedMCPToolOutput" : "updatedToolOutput";
    json::Object specific{{"hookEventName", event.name}};
    specific[member] = *replacement;
    return printed({{"hookSpecificOutput", std::move(specific)}});
  }
  if (host == Host::kCodex) {
    return printed({{"decision", "block"}, {"reason", response_text(*replacement)}});
  }
  if (host == Host::kGemini) {
    return printed({{"decision", "deny"}, {"reason", response_text(*replacement)}});
  }
  return {
      0, host == Host::kGoose ? "{\"decision\":\"allow\"}\n" : "",
      fmt::format("oap: the answer of {} holds secrets, and {} does not let a hook remove them\n",
                  event.tool, title_of(host))};
}

Reply reply_prompt(Host host, const Event& /*event*/, const std::string& note) {
  if (note.empty() || host == Host::kGoose || host == Host::kCrush) {
    return {0, "", note.empty() ? "" : "oap: " + note + "\n"};
  }
  return printed({{"systemMessage", "oap: " + note}});
}

Reply reply_failed(Host host, const Event* event, std::string_view why) {
  const std::string reason = fmt::format("oap could not decide: {}", why);
  if (event == nullptr) {
    return blocked(reason);
  }
  switch (event->kind) {
    case Event::Kind::kBefore:
      return is_permission_request(*event) ? deny(host, *event, {Level::kDeny, reason, {}, true})
                                           : blocked(reason);
    case Event::Kind::kAfter: {
      if (!can_replace(host)) {
        return {0, "", reason + "\n"};
      }
      return reply_after(host, *event, json::Value(json::String("[withheld: " + reason + "]")));
    }
    case Event::Kind::kPrompt:
    case Event::Kind::kOther:
      break;
  }
  return {0, "", reason + "\n"};
}

}  // namespace oap::hosts
