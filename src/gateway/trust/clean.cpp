#include "gateway/trust/clean.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "gateway/trust/hidden.hpp"
#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

bool stays(std::string_view text, const HiddenRun& run) {
  return run.kind == HiddenKind::kControl ||
         (run.kind == HiddenKind::kPrivate && text::decode_at(text, run.offset).length < 4);
}

struct Cleaned {
  std::string text;
  std::size_t count = 0;
};

void append_marked(std::string& out, std::string_view hidden) {
  for (const text::CodePoint c : text::CodePoints(hidden)) {
    out += fmt::format("\\u{{{:x}}}", static_cast<std::uint32_t>(c.value));
  }
}

Cleaned cleaned_text(std::string_view text, CleanMode mode) {
  Cleaned cleaned;
  std::size_t done = 0;
  for (const HiddenRun& run : find_hidden(text, SIZE_MAX)) {
    if (stays(text, run)) {
      continue;
    }
    cleaned.text.append(text.substr(done, run.offset - done));
    if (mode == CleanMode::kMark) {
      append_marked(cleaned.text, text.substr(run.offset, run.length));
    }
    done = run.offset + run.length;
    cleaned.count += run.count;
  }
  cleaned.text.append(text.substr(done));
  return cleaned;
}

std::size_t clean_string(json::String& text, CleanMode mode) {
  if (!may_hide(json::view(text))) {
    return 0;
  }
  Cleaned cleaned = cleaned_text(json::view(text), mode);
  if (cleaned.count > 0) {
    text.assign(cleaned.text);
  }
  return cleaned.count;
}

std::size_t clean_keys(json::Object& object, CleanMode mode) {
  const bool is_clean = std::none_of(object.begin(), object.end(), [&](const auto& member) {
    return may_hide(member.key()) && cleaned_text(member.key(), mode).count > 0;
  });
  if (is_clean) {
    return 0;
  }
  std::size_t count = 0;
  json::Object renamed(object.storage());
  const auto is_taken = [&](const std::string& key) {
    return object.contains(key) || renamed.contains(key);
  };
  for (auto& member : object) {
    Cleaned key = cleaned_text(member.key(), mode);
    if (key.count > 0 && is_taken(key.text)) {
      key.text = cleaned_text(member.key(), CleanMode::kMark).text;
    }
    while (key.count > 0 && is_taken(key.text)) {
      key.text += '_';
    }
    count += key.count;
    renamed.emplace(key.text, std::move(member.value()));
  }
  object = std::move(renamed);
  return count;
}

}  // namespace

std::size_t clean(std::string& text, CleanMode mode) {
  if (!may_hide(text)) {
    return 0;
  }
  Cleaned cleaned = cleaned_text(text, mode);
  if (cleaned.count > 0) {
    text = std::move(cleaned.text);
  }
  return cleaned.count;
}

std::size_t clean(json::Value& value, CleanMode mode) {
  std::size_t count = 0;
  std::vector<json::Value*> waiting{&value};
  while (!waiting.empty()) {
    json::Value& next = *waiting.back();
    waiting.pop_back();
    if (json::String* const text = next.if_string()) {
      count += clean_string(*text, mode);
    } else if (json::Array* const items = next.if_array()) {
      for (json::Value& item : *items) {
        waiting.push_back(&item);
      }
    } else if (json::Object* const object = next.if_object()) {
      count += clean_keys(*object, mode);
      for (auto& member : *object) {
        waiting.push_back(&member.value());
      }
    }
  }
  return count;
}

std::size_t clean(ToolResult& result, CleanMode mode) {
  std::size_t count = 0;
  for (json::Value& block : result.content) {
    count += clean(block, mode);
  }
  if (result.structured) {
    count += clean(*result.structured, mode);
  }
  for (json::Object* const object : {&result.meta, &result.extra}) {
    count += clean_keys(*object, mode);
    for (auto& member : *object) {
      count += clean(member.value(), mode);
    }
  }
  return count;
}

}  // namespace oap::gateway
