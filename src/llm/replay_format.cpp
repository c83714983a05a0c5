#include "llm/replay_format.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "json/print.hpp"
#include "text/regex.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::llm::replay {
namespace {

constexpr std::size_t kShownBytes = 160;

template <class Change>
json::Value map_texts(const json::Value& value, const Change& change) {
  if (value.is_string()) {
    return json::Value(change(json::view(value.get_string())));
  }
  if (value.is_array()) {
    json::Array out;
    for (const json::Value& item : value.get_array()) {
      out.push_back(map_texts(item, change));
    }
    return out;
  }
  if (value.is_object()) {
    json::Object out;
    for (const auto& [key, item] : value.get_object()) {
      out[change({key.data(), key.size()})] = map_texts(item, change);
    }
    return out;
  }
  return value;
}

json::Value value_of(const std::optional<int>& number) {
  return number ? json::Value(*number) : json::Value(nullptr);
}

/// Replaces every match of a pattern; groups are not used.
class Blank {
 public:
  Blank(std::string_view pattern, std::string_view with)
      : regex_(text::Regex::compile(pattern)), with_(with) {}

  std::string apply(std::string text) const {
    if (!regex_) {
      return text;
    }
    std::string out;
    std::size_t at = 0;
    for (const text::Span span : regex_->find_all(text)) {
      out.append(text, at, span.begin - at).append(with_);
      at = span.end;
    }
    return at == 0 ? std::move(text) : out.append(text, at);
  }

 private:
  Result<text::Regex> regex_;
  std::string_view with_;
};

std::string blank_ids(std::string_view text) {
  static const Blank ids(R"(\b(?:ses|task|run|call|evt|apr|mis)_[0-9a-hjkmnp-tv-z]{26}\b)",
                         "${id}");
  return text.find('_') == std::string_view::npos ? std::string(text)
                                                  : ids.apply(std::string(text));
}

std::string blank_times(std::string_view text) {
  static const Blank times(
      R"(\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?)",
      "${time}");
  static const Blank durations(
      R"(\b\d+(?:\.\d+)? ?(?:ms|us|µs|ns|s|sec|secs|seconds?|milliseconds?|minutes?)\b)",
      "${duration}");
  return durations.apply(times.apply(blank_ids(text)));
}

std::string shown(const json::Value& value) {
  const std::string text = json::print(value);
  return text.size() <= kShownBytes ? text
                                    : std::string(text::truncate_utf8(text, kShownBytes)) + " …";
}

std::string escaped(std::string_view key) {
  return text::replace_all(text::replace_all(key, "~", "~0"), "/", "~1");
}

/// Where two long texts part, with a little of what stands before.
std::pair<std::string, std::string> around_difference(std::string_view a, std::string_view b) {
  const auto parted = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  const auto at = static_cast<std::size_t>(parted.first - a.begin());
  const std::size_t from = at > 30 ? at - 30 : 0;
  const auto piece = [&](std::string_view text) {
    return json::quote(text.substr(from, kShownBytes / 2));
  };
  const std::string_view lead = from > 0 ? "… " : "";
  return {std::string(lead) + piece(a), std::string(lead) + piece(b)};
}

std::string difference(const json::Value& recorded, const json::Value& now, std::string pointer);

std::string absent(const std::string& pointer, const json::Value* recorded,
                   const json::Value* now) {
  return fmt::format("at {}: recorded {}, now {}", pointer,
                     recorded != nullptr ? shown(*recorded) : "nothing",
                     now != nullptr ? shown(*now) : "nothing");
}

std::string object_difference(const json::Object& recorded, const json::Object& now,
                              const std::string& pointer) {
  for (const auto& [key, value] : recorded) {
    const std::string_view name{key.data(), key.size()};
    const std::string place = pointer + "/" + escaped(name);
    const json::Value* other = json::find(now, name);
    std::string found =
        other == nullptr ? absent(place, &value, nullptr) : difference(value, *other, place);
    if (!found.empty()) {
      return found;
    }
  }
  for (const auto& [key, value] : now) {
    const std::string_view name{key.data(), key.size()};
    if (json::find(recorded, name) == nullptr) {
      return absent(pointer + "/" + escaped(name), nullptr, &value);
    }
  }
  return "";
}

std::string difference(const json::Value& recorded, const json::Value& now, std::string pointer) {
  if (recorded == now) {
    return "";
  }
  if (recorded.is_object() && now.is_object()) {
    return object_difference(recorded.get_object(), now.get_object(), pointer);
  }
  if (recorded.is_array() && now.is_array()) {
    const json::Array& a = recorded.get_array();
    const json::Array& b = now.get_array();
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
      const std::string place = fmt::format("{}/{}", pointer, i);
      std::string found =
          i < a.size() && i < b.size()
              ? difference(a[i], b[i], place)
              : absent(place, i < a.size() ? &a[i] : nullptr, i < b.size() ? &b[i] : nullptr);
      if (!found.empty()) {
        return found;
      }
    }
    return "";
  }
  if (recorded.is_string() && now.is_string()) {
    const auto [a, b] =
        around_difference(json::view(recorded.get_string()), json::view(now.get_string()));
    return fmt::format("at {}: recorded {}, now {}", pointer, a, b);
  }
  return absent(pointer, &recorded, &now);
}

json::Value comparable_message(const json::Value& message) {
  const auto ids = [](std::string_view text) { return blank_ids(text); };
  const auto times = [](std::string_view text) { return blank_times(text); };
  json::Object out;
  for (const auto& [key, value] : message.get_object()) {
    out[key] = value;
  }
  const json::Array* blocks = json::find_array(message, "blocks");
  json::Array mapped;
  for (const json::Value& block : blocks != nullptr ? *blocks : json::Array()) {
    const bool result = json::get_string(block, "type") == "tool_result";
    mapped.push_back(result ? map_texts(block, times) : map_texts(block, ids));
  }
  out["blocks"] = std::move(mapped);
  return out;
}

std::int64_t count(const json::Value& value, std::string_view name) {
  return json::get_int(value, name);
}

Usage usage_from_json(const json::Value& value) {
  Usage usage;
  usage.input_tokens = count(value, "input_tokens");
  usage.output_tokens = count(value, "output_tokens");
  usage.cache_read_tokens = count(value, "cache_read_tokens");
  usage.cache_write_tokens = count(value, "cache_write_tokens");
  usage.reasoning_tokens = count(value, "reasoning_tokens");
  usage.requests = count(value, "requests");
  const json::Value* cost = json::find(value, "cost_usd");
  usage.cost_usd = cost != nullptr && cost->is_number()
                       ? std::optional(json::get_double(value, "cost_usd"))
                       : std::nullopt;
  return usage;
}

constexpr StopReason kStops[] = {StopReason::kEndTurn,   StopReason::kToolUse,
                                 StopReason::kMaxTokens, StopReason::kStopSequence,
                                 StopReason::kRefusal,   StopReason::kContextExceeded};

}  // namespace

Names::Names(const Placeholders& placeholders) {
  for (const auto& [name, text] : placeholders) {
    if (!text.empty()) {
      names_.emplace_back(text, "${" + name + "}");
    }
  }
  std::sort(names_.begin(), names_.end(), [](const auto& a, const auto& b) {
    return a.first.size() != b.first.size() ? a.first.size() > b.first.size() : a < b;
  });
}

// A `${name}` that stood in the text itself is written `$${name}`.
std::string Names::hide_text(std::string_view text) const {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    std::size_t step = 0;
    for (const auto& [present, placeholder] : names_) {
      if (rest.starts_with(present)) {
        out += placeholder;
        step = present.size();
        break;
      }
      if (rest.starts_with(placeholder)) {
        out += "$" + placeholder;
        step = placeholder.size();
        break;
      }
    }
    if (step == 0) {
      out += text[at];
      step = 1;
    }
    at += step;
  }
  return out;
}

std::string Names::show_text(std::string_view text) const {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    std::size_t step = 0;
    for (const auto& [present, placeholder] : names_) {
      if (rest.starts_with("$" + placeholder)) {
        out += placeholder;
        step = placeholder.size() + 1;
        break;
      }
      if (rest.starts_with(placeholder)) {
        out += present;
        step = placeholder.size();
        break;
      }
    }
    if (step == 0) {
      out += text[at];
      step = 1;
    }
    at += step;
  }
  return out;
}

json::Value Names::hide(const json::Value& value) const {
  return names_.empty()
             ? value
             : map_texts(value, [this](std::string_view text) { return hide_text(text); });
}

json::Value Names::show(const json::Value& value) const {
  return names_.empty()
             ? value
             : map_texts(value, [this](std::string_view text) { return show_text(text); });
}

json::Value to_json(const Request& request) {
  json::Array messages;
  for (const Message& message : request.messages) {
    messages.push_back(oap::to_json(message));
  }
  json::Array tools;
  for (const ToolDefinition& tool : request.tools) {
    tools.push_back(json::Object{{"name", tool.name},
                                 {"description", tool.description},
                                 {"input_schema", tool.input_schema}});
  }
  json::Object out;
  out["agent"] = request.agent;
  out["model"] = request.model;
  out["system"] = request.system;
  out["messages"] = std::move(messages);
  out["tools"] = std::move(tools);
  out["force_tool"] = request.force_tool;
  out["max_tokens"] = value_of(request.max_tokens);
  out["temperature"] =
      request.temperature ? json::Value(*request.temperature) : json::Value(nullptr);
  return out;
}

json::Value comparable(const json::Value& request) {
  json::Object out;
  for (const auto& [key, value] : request.get_object()) {
    if (key == "system" && value.is_string()) {
      out[key] = blank_times(json::view(value.get_string()));
    } else if (key == "messages" && value.is_array()) {
      json::Array messages;
      for (const json::Value& message : value.get_array()) {
        messages.push_back(message.is_object() ? comparable_message(message) : message);
      }
      out[key] = std::move(messages);
    } else if (key != "model") {
      out[key] = value;
    }
  }
  return out;
}

json::Value to_json(const Response& response) {
  json::Object out;
  out["message"] = oap::to_json(response.message);
  out["stop"] = to_string(response.stop);
  out["usage"] = oap::to_json(response.usage);
  out["model"] = response.model;
  return out;
}

std::optional<Response> response_from_json(const json::Value& value) {
  const json::Value* body = json::find(value, "message");
  std::optional<Message> message = body != nullptr ? message_from_json(*body) : std::nullopt;
  const auto stop = std::find_if(std::begin(kStops), std::end(kStops), [&](StopReason each) {
    return to_string(each) == json::get_string(value, "stop");
  });
  const json::Value* usage = json::find(value, "usage");
  if (!message || stop == std::end(kStops) || usage == nullptr) {
    return std::nullopt;
  }
  Response response;
  response.message = *std::move(message);
  response.stop = *stop;
  response.usage = usage_from_json(*usage);
  response.model = json::get_string(value, "model");
  return response;
}

json::Value to_json(const Error& error) {
  json::Object out;
  out["code"] = to_string(error.code());
  out["message"] = error.to_string();
  return out;
}

std::optional<Error> error_from_json(const json::Value& value) {
  for (int code = 0; code <= static_cast<int>(Code::kInternal); ++code) {
    if (to_string(static_cast<Code>(code)) == json::get_string(value, "code")) {
      return Error(static_cast<Code>(code), std::string(json::get_string(value, "message")));
    }
  }
  return std::nullopt;
}

std::string first_difference(const json::Value& recorded, const json::Value& now) {
  return difference(recorded, now, "");
}

}  // namespace oap::llm::replay
