#include "api/wire.hpp"

#include <cmath>

namespace oap::api {
namespace {

constexpr std::size_t kMostPath = 4'096;
constexpr std::size_t kMostName = 1'024;
constexpr std::size_t kMostPatterns = 1'000;
constexpr std::int64_t kMostTokens = 1'000'000'000'000;

/// Reads members and remembers the first fault.
class Reader {
 public:
  explicit Reader(const json::Object& object) : object_(object) {}

  std::string text(std::string_view key, bool needed, std::size_t most) {
    const json::Value* const value = find(key, needed);
    if (value == nullptr) {
      return "";
    }
    if (!value->is_string()) {
      note(key, "a string", *value);
      return "";
    }
    std::string out(json::view(value->get_string()));
    if (out.size() > most) {
      note(fmt::format("\"{}\" has {} bytes; at most {} are taken", key, out.size(), most));
    }
    return out;
  }
  std::string name(std::string_view key, bool needed) {
    std::string out = text(key, needed, kMostName);
    if (needed && out.empty()) {
      note(fmt::format("\"{}\" must not be empty", key));
    }
    if (out.find('\0') != std::string::npos) {
      note(fmt::format("\"{}\" holds a NUL", key));
    }
    return out;
  }
  std::string directory() {
    std::string out = name("directory", true);
    if (!out.empty() && (out.front() != '/' || out.size() > kMostPath)) {
      note("\"directory\" must be an absolute path of at most 4096 bytes");
    }
    return out;
  }
  json::Object object(std::string_view key, bool needed) {
    const json::Value* const value = find(key, needed);
    if (value == nullptr) {
      return {};
    }
    if (!value->is_object()) {
      note(key, "an object", *value);
      return {};
    }
    return value->get_object();
  }
  bool flag(std::string_view key) {
    const json::Value* const value = find(key, false);
    if (value != nullptr && !value->is_bool()) {
      note(key, "true or false", *value);
    }
    return value != nullptr && value->is_bool() && value->get_bool();
  }
  std::int64_t count(std::string_view key, std::int64_t most) {
    const json::Value* const value = find(key, false);
    if (value == nullptr) {
      return 0;
    }
    const double number = value->is_number() ? value->to_number<double>() : -1;
    if (!(number >= 0) || number > static_cast<double>(most) || number != std::floor(number)) {
      note(fmt::format("\"{}\" must be a whole number from 0 to {}", key, most));
      return 0;
    }
    return static_cast<std::int64_t>(number);
  }
  double amount(std::string_view key) {
    const json::Value* const value = find(key, false);
    if (value == nullptr) {
      return 0;
    }
    const double number = value->is_number() ? value->to_number<double>() : -1;
    if (!(number >= 0) || !std::isfinite(number)) {
      note(fmt::format("\"{}\" must be a number of at least 0", key));
      return 0;
    }
    return number;
  }
  std::vector<std::string> texts(std::string_view key) {
    std::vector<std::string> out;
    const json::Value* const value = find(key, false);
    if (value == nullptr) {
      return out;
    }
    if (!value->is_array() || value->get_array().size() > kMostPatterns) {
      note(key, "an array of at most 1000 strings", *value);
      return out;
    }
    for (const json::Value& item : value->get_array()) {
      if (!item.is_string()) {
        note(key, "an array of strings", *value);
        break;
      }
      out.emplace_back(json::view(item.get_string()));
    }
    return out;
  }
  std::optional<json::Value> any(std::string_view key) {
    const json::Value* const value = find(key, false);
    return value == nullptr ? std::nullopt : std::optional(*value);
  }

  template <class T>
  Result<T> finish(T read) {
    if (!problem_.empty()) {
      return fail(Code::kInvalidArgument, "{}", problem_);
    }
    return read;
  }

 private:
  const json::Value* find(std::string_view key, bool needed) {
    const json::Value* const value = json::find(object_, key);
    if (value == nullptr || value->is_null()) {
      if (needed) {
        note(fmt::format("\"{}\" is missing", key));
      }
      return nullptr;
    }
    return value;
  }
  void note(std::string_view key, std::string_view wanted, const json::Value& found) {
    note(fmt::format("\"{}\" must be {}, not {}", key, wanted, json::type_name(found)));
  }
  void note(std::string problem) {
    if (problem_.empty()) {
      problem_ = std::move(problem);
    }
  }

  const json::Object& object_;
  std::string problem_;
};

constexpr std::size_t kMostText = 16U << 20U;

Place place_of(Reader& reader) {
  Place place;
  place.directory = reader.directory();
  place.session = reader.name("session", true);
  place.parent = reader.name("parent", false);
  place.agent = reader.name("agent", false);
  return place;
}

std::string_view name_of(ToolVerdict::Decision decision) {
  switch (decision) {
    case ToolVerdict::Decision::kAllow:
      return "allow";
    case ToolVerdict::Decision::kModify:
      return "modify";
    case ToolVerdict::Decision::kAsk:
      return "ask";
    case ToolVerdict::Decision::kDeny:
      break;
  }
  return "deny";
}

std::string_view name_of(PermissionVerdict::Reply reply) {
  switch (reply) {
    case PermissionVerdict::Reply::kOnce:
      return "once";
    case PermissionVerdict::Reply::kReject:
      return "reject";
    case PermissionVerdict::Reply::kNone:
      break;
  }
  return "none";
}

void put(json::Object& out, std::string_view key, const std::string& text) {
  if (!text.empty()) {
    out[key] = text;
  }
}

}  // namespace

Result<Hello> read_hello(const json::Object& params) {
  Reader reader(params);
  Hello hello;
  const json::Object client = reader.object("client", false);
  Reader about(client);
  hello.client = about.name("name", false);
  hello.version = about.name("version", false);
  OAP_CHECK_OK(about.finish(0));
  hello.protocol = reader.count("protocol", 1'000'000);
  hello.can_ask = reader.flag("can_ask");
  hello.directory = reader.directory();
  return reader.finish(std::move(hello));
}

Result<Place> read_place(const json::Object& params) {
  Reader reader(params);
  Place place = place_of(reader);
  return reader.finish(std::move(place));
}

Result<ToolAsked> read_tool_asked(const json::Object& params) {
  Reader reader(params);
  ToolAsked asked;
  asked.place = place_of(reader);
  asked.call = reader.name("call", false);
  asked.tool = reader.name("tool", true);
  asked.arguments = reader.object("arguments", false);
  return reader.finish(std::move(asked));
}

Result<ToolDone> read_tool_done(const json::Object& params) {
  Reader reader(params);
  ToolDone done;
  done.place = place_of(reader);
  done.call = reader.name("call", false);
  done.tool = reader.name("tool", true);
  done.arguments = reader.object("arguments", false);
  done.output = reader.any("output").value_or(json::Value());
  done.title = reader.any("title");
  done.metadata = reader.any("metadata");
  done.failed = reader.flag("failed");
  return reader.finish(std::move(done));
}

Result<ChatAsked> read_chat_asked(const json::Object& params) {
  Reader reader(params);
  ChatAsked asked;
  asked.place = place_of(reader);
  asked.text = reader.text("text", true, kMostText);
  return reader.finish(std::move(asked));
}

Result<PermissionAsked> read_permission_asked(const json::Object& params) {
  Reader reader(params);
  PermissionAsked asked;
  asked.place = place_of(reader);
  asked.permission = reader.name("permission", true);
  asked.patterns = reader.texts("patterns");
  asked.metadata = reader.object("metadata", false);
  asked.tool = reader.name("tool", false);
  asked.call = reader.name("call", false);
  return reader.finish(std::move(asked));
}

Result<UsageTold> read_usage_told(const json::Object& params) {
  Reader reader(params);
  UsageTold told;
  told.place = place_of(reader);
  const json::Object tokens = reader.object("tokens", false);
  Reader counts(tokens);
  told.input = counts.count("input", kMostTokens);
  told.output = counts.count("output", kMostTokens);
  told.reasoning = counts.count("reasoning", kMostTokens);
  told.cache_read = counts.count("cache_read", kMostTokens);
  told.cache_write = counts.count("cache_write", kMostTokens);
  OAP_CHECK_OK(counts.finish(0));
  told.cost_usd = reader.amount("cost_usd");
  return reader.finish(std::move(told));
}

Result<HookAsked> read_hook_asked(const json::Object& params) {
  Reader reader(params);
  HookAsked asked;
  asked.host = reader.name("host", true);
  asked.directory = reader.directory();
  asked.stdin_text = reader.text("stdin", true, kMostText);
  if (json::find(params, "env") != nullptr) {
    asked.env = reader.object("env", false);
  }
  return reader.finish(std::move(asked));
}

json::Object to_json(const ToolVerdict& verdict) {
  json::Object out{{"decision", name_of(verdict.decision)}};
  put(out, "reason", verdict.reason);
  if (verdict.decision == ToolVerdict::Decision::kModify) {
    out["arguments"] = verdict.arguments;
  }
  return out;
}

json::Object to_json(ToolCleaned cleaned) {
  json::Object out;
  if (cleaned.output) {
    out["output"] = *std::move(cleaned.output);
  }
  if (cleaned.title) {
    out["title"] = *std::move(cleaned.title);
  }
  if (cleaned.metadata) {
    out["metadata"] = *std::move(cleaned.metadata);
  }
  json::Array findings;
  for (const std::string& type : cleaned.findings) {
    findings.push_back(json::Object{{"type", type}});
  }
  out["findings"] = std::move(findings);
  return out;
}

json::Object to_json(const ChatVerdict& verdict) {
  json::Object out{{"decision", verdict.allowed ? "allow" : "deny"}};
  put(out, "reason", verdict.reason);
  if (verdict.text) {
    out["text"] = *verdict.text;
  }
  return out;
}

json::Object to_json(const PermissionVerdict& verdict) {
  json::Object out{{"reply", name_of(verdict.reply)}};
  put(out, "message", verdict.message);
  return out;
}

json::Object to_json(const UsageVerdict& verdict) {
  json::Object out{{"stop", verdict.stop}};
  put(out, "reason", verdict.reason);
  return out;
}

json::Object to_json(const HookAnswer& answer) {
  return {{"exit", answer.exit_code}, {"stdout", answer.out}, {"stderr", answer.err}};
}

}  // namespace oap::api
