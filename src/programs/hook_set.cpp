#include "programs/hook_set.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "programs/hook_env.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::programs {
namespace {

constexpr std::size_t kMostHandlers = 500;
constexpr std::size_t kMostCommand = 100'000;
constexpr std::size_t kMostShown = 120;
constexpr double kLongestSeconds = 3'600;
constexpr Millis kLongestJudged{30'000};

constexpr auto kEvents = std::to_array<std::pair<Event, std::string_view>>({
    {Event::kPreToolUse, "PreToolUse"},
    {Event::kPostToolUse, "PostToolUse"},
    {Event::kPostToolUseFailure, "PostToolUseFailure"},
    {Event::kPermissionRequest, "PermissionRequest"},
    {Event::kUserPromptSubmit, "UserPromptSubmit"},
    {Event::kSessionStart, "SessionStart"},
    {Event::kSessionEnd, "SessionEnd"},
    {Event::kStop, "Stop"},
    {Event::kSubagentStop, "SubagentStop"},
    {Event::kPreCompact, "PreCompact"},
    {Event::kNotification, "Notification"},
});

Millis default_timeout(Event event) {
  if (event == Event::kUserPromptSubmit) {
    return Millis(30'000);
  }
  return event == Event::kSessionEnd ? Millis(1'500) : Millis(600'000);
}

/// Matchers of these events are held against nothing.
bool has_no_subject(Event event) {
  return event == Event::kUserPromptSubmit || event == Event::kStop;
}

/// Which events have which types of hooks (hooks reference, "Prompt-based hooks").
bool has_type(Event event, Handler::Kind kind) {
  const bool around =
      event == Event::kNotification || event == Event::kPreCompact || event == Event::kSessionEnd;
  return kind == Handler::Kind::kCommand ||
         (event != Event::kSessionStart && (kind == Handler::Kind::kHttp || !around));
}

/// `oap hook install` has put it there for the host, which asks us: we need not ask ourselves.
bool is_own_host_hook(std::string_view command) {
  if (command.find_first_of(";&|<>$`(){}\n") != std::string_view::npos) {
    return false;
  }
  const std::string plain = text::replace_all(text::replace_all(command, "\"", ""), "'", "");
  const std::vector<std::string_view> words = text::split_words(plain);
  if (words.empty()) {
    return false;
  }
  const std::string_view name = words[0].substr(words[0].rfind('/') + 1);
  return name == "oap-hook" || (name == "oap" && words.size() > 1 && words[1] == "hook");
}

class Reader {
 public:
  HookSet run(const std::vector<HookFile>& files) {
    for (const HookFile& file : files) {
      file_ = &file;
      for (const auto& member : file.hooks) {
        take_event(member.key(), member.value());
      }
      take_settings(file, out_);
    }
    return std::move(out_);
  }

 private:
  void warn(std::string_view place, std::string_view why) {
    if (out_.warnings.size() < kMostHandlers) {
      out_.warnings.push_back(
          fmt::format("{}: {}: {}", file_->file,
                      text::escape_visible(text::truncate_utf8(place, kMostShown)), why));
    }
  }

  void take_event(std::string_view name, const json::Value& groups) {
    const std::string place = "hooks." + std::string(name);
    const auto event = event_named(name);
    if (!event) {
      return warn(place, "there is no such point here, so its hooks are not run");
    }
    if (!groups.is_array()) {
      return warn(place, "expected a list of groups; not run");
    }
    for (const json::Value& group : groups.get_array()) {
      take_group(*event, place, group);
    }
  }

  void take_group(Event event, const std::string& place, const json::Value& group) {
    const json::Array* const list = json::find_array(group, "hooks");
    if (list == nullptr) {
      return warn(place, "a group without a list `hooks`; not run");
    }
    const json::Value* const given = json::find(group, "matcher");
    if (given != nullptr && !given->is_string() && !given->is_null()) {
      warn(place, "matcher is no text; the hooks run for everything");
    }
    const std::string_view text = json::get_string(group, "matcher");
    const Matcher matcher(has_no_subject(event) ? std::string_view() : text);
    if (!matcher.fault().empty()) {
      warn(fmt::format("{}[{}]", place, text),
           fmt::format("the matcher cannot be used ({}); the hooks run for everything",
                       matcher.fault()));
    }
    for (const json::Value& one : *list) {
      take_handler(event, place, matcher, one);
    }
  }

  void take_handler(Event event, const std::string& place, const Matcher& matcher,
                    const json::Value& one) {
    if (!one.is_object()) {
      return warn(place, "a hook that is no object; not run");
    }
    Handler handler;
    handler.event = event;
    handler.owner = file_->owner;
    handler.file = file_->file;
    handler.matcher = matcher;
    if (const std::string why = take_kind(handler, one); !why.empty()) {
      return warn(place, why);
    }
    if (handler.kind == Handler::Kind::kCommand && is_own_host_hook(handler.command)) {
      return;
    }
    take_options(handler, place, one);
    if (!handler.condition.empty() && !is_tool_event(event)) {
      return warn(place, "`if` counts on tool events alone: a hook with it never runs here");
    }
    if (out_.handlers.size() >= kMostHandlers) {
      if (!full_) {
        warn(place, "there are more than 500 hooks; the rest is not run");
      }
      full_ = true;
      return;
    }
    out_.handlers.push_back(std::move(handler));
  }

  /// What is run, by its type; else why nothing is.
  static std::string take_kind(Handler& handler, const json::Value& one) {
    using Kind = Handler::Kind;
    const std::string_view type = json::get_string(one, "type", "command");
    if (type != "command" && type != "http" && type != "prompt") {
      return fmt::format("hooks of type {} are not run, only command, http and prompt",
                         text::escape_visible(text::truncate_utf8(type, kMostShown)));
    }
    handler.kind =
        type == "http" ? Kind::kHttp : (type == "prompt" ? Kind::kPrompt : Kind::kCommand);
    if (!has_type(handler.event, handler.kind)) {
      return fmt::format("hooks of type {} are not run at this point, in Claude Code neither",
                         type);
    }
    const std::string_view member = handler.kind == Kind::kHttp
                                        ? "url"
                                        : (handler.kind == Kind::kPrompt ? "prompt" : "command");
    handler.command = json::get_string(one, member);
    const bool has_nul = handler.command.find('\0') != std::string::npos;
    if (text::trim(handler.command).empty() || handler.command.size() > kMostCommand || has_nul) {
      return fmt::format("a hook without a {} that could be {}; not run", member,
                         handler.kind == Kind::kCommand ? "run" : "used");
    }
    if (handler.kind == Kind::kHttp) {
      return take_http(handler, one);
    }
    if (handler.kind == Kind::kPrompt) {
      handler.model = json::get_string(one, "model");
      handler.goes_on = json::get_bool(one, "continueOnBlock");
      return "";
    }
    return take_args(handler, one) ? "" : "args is no list of texts; not run";
  }

  static std::string take_http(Handler& handler, const json::Value& one) {
    if (const json::Object* const headers = json::find_object(one, "headers")) {
      for (const auto& header : *headers) {
        if (!header.value().is_string()) {
          return "headers holds what is no text; not run";
        }
        handler.headers[header.key()] = json::view(header.value().get_string());
      }
    }
    if (const json::Array* const names = json::find_array(one, "allowedEnvVars")) {
      for (const json::Value& name : *names) {
        handler.variables.emplace(name.is_string() ? json::view(name.get_string()) : "");
      }
    }
    return "";
  }

  static bool take_args(Handler& handler, const json::Value& one) {
    const json::Value* const given = json::find(one, "args");
    if (given == nullptr || given->is_null()) {
      return true;
    }
    if (!given->is_array()) {
      return false;
    }
    std::vector<std::string> args;
    for (const json::Value& word : given->get_array()) {
      if (!word.is_string() || json::view(word.get_string()).find('\0') != std::string_view::npos) {
        return false;
      }
      args.emplace_back(json::view(word.get_string()));
    }
    handler.args = std::move(args);
    return true;
  }

  void take_options(Handler& handler, const std::string& place, const json::Value& one) {
    handler.timeout =
        handler.kind == Handler::Kind::kPrompt ? kLongestJudged : default_timeout(handler.event);
    const json::Value* const timeout = json::find(one, "timeout");
    if (timeout != nullptr) {
      const double seconds = timeout->is_number() ? timeout->to_number<double>() : 0;
      if (seconds > 0 && std::isfinite(seconds)) {
        handler.timeout = Millis(
            std::max<std::int64_t>(1, std::llround(std::min(seconds, kLongestSeconds) * 1000)));
      } else {
        warn(place, "timeout is no number of seconds; the default holds");
      }
    }
    handler.condition = text::trim(json::get_string(one, "if"));
    handler.background = handler.kind == Handler::Kind::kCommand &&
                         (json::get_bool(one, "async") || json::get_bool(one, "asyncRewake"));
    const std::string_view failure = json::get_string(one, "onFailure");
    if (failure == "block") {
      handler.on_failure = Handler::OnFailure::kBlock;
    } else if (failure == "allow") {
      handler.on_failure = Handler::OnFailure::kAllow;
    }
    const std::string_view shell = json::get_string(one, "shell", "bash");
    if (shell != "bash" && !handler.args && handler.kind == Handler::Kind::kCommand) {
      warn(place, "only the shell bash is there; the command is given to it");
    }
  }

  const HookFile* file_ = nullptr;
  HookSet out_;
  bool full_ = false;
};

}  // namespace

std::string_view to_string(Event event) {
  const auto found = std::find_if(kEvents.begin(), kEvents.end(),
                                  [event](const auto& one) { return one.first == event; });
  return found->second;
}

std::optional<Event> event_named(std::string_view name) {
  for (const auto& [event, known] : kEvents) {
    if (known == name) {
      return event;
    }
  }
  return std::nullopt;
}

bool is_tool_event(Event event) {
  return event == Event::kPreToolUse || event == Event::kPostToolUse ||
         event == Event::kPostToolUseFailure || event == Event::kPermissionRequest;
}

std::string_view to_string(Owner owner) {
  return owner == Owner::kManaged ? "managed" : (owner == Owner::kUser ? "user" : "project");
}

bool Handler::denies_on_failure() const {
  if (background) {
    return false;
  }
  return on_failure == OnFailure::kBlock ||
         (on_failure == OnFailure::kDefault && event == Event::kPreToolUse);
}

std::string Handler::shown() const {
  std::string line =
      (kind == Kind::kHttp ? "POST " : (kind == Kind::kPrompt ? "prompt: " : "")) + command;
  for (const std::string& word : args.value_or(std::vector<std::string>())) {
    line += " " + word;
  }
  const std::string_view cut = text::truncate_utf8(line, kMostShown);
  return text::escape_visible(cut) + (cut.size() < line.size() ? "…" : "");
}

HookSet read_hooks(const std::vector<HookFile>& files) { return Reader().run(files); }

}  // namespace oap::programs
