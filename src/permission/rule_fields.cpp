#include "permission/rule_fields.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "json/pointer.hpp"
#include "text/nearest.hpp"
#include "text/strings.hpp"

namespace oap::permission {

std::string listing(const std::vector<std::string>& words) {
  std::string out = words.front();
  for (std::size_t i = 1; i < words.size(); ++i) {
    out += (i + 1 == words.size() ? " or " : ", ") + words[i];
  }
  return out;
}

void RuleFields::fault(const std::string& at, std::string_view key, std::string_view problem) {
  faults_.push_back(
      fmt::format("{}: {}{}{}", place_.of(at), key, key.empty() ? "" : ": ", problem));
}

void RuleFields::wrong_word(const std::string& at, std::string_view key, std::string_view found,
                            const std::vector<std::string>& allowed) {
  fault(at, key,
        fmt::format("expected {}, found '{}'{}", listing(allowed), found,
                    text::did_you_mean(found, allowed)));
}

bool RuleFields::check_keys(const json::Object& object, const std::string& at,
                            const std::vector<std::string>& known) {
  bool fine = true;
  for (const auto& member : object) {
    const std::string key(member.key());
    const std::string place = at + "/" + json::pointer_escape(key);
    if (std::find(known.begin(), known.end(), key) != known.end()) {
      continue;
    }
    fine = false;
    fault(
        place, key,
        fmt::format("unknown key, expected {}{}", listing(known), text::did_you_mean(key, known)));
  }
  return fine;
}

std::optional<std::string> RuleFields::string_at(const json::Object& object, const std::string& at,
                                                 std::string_view key) {
  const json::Value* value = json::find(object, key);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!value->is_string() || value->get_string().empty()) {
    fault(at + "/" + std::string(key), key,
          fmt::format("expected a text, found {}",
                      value->is_string() ? "an empty one" : json::type_name(*value)));
    return std::nullopt;
  }
  return std::string(json::view(value->get_string()));
}

std::vector<std::string> RuleFields::strings_at(const json::Object& object, const std::string& at,
                                                std::string_view key) {
  std::vector<std::string> out;
  const json::Value* value = json::find(object, key);
  if (value == nullptr) {
    return out;
  }
  bool fine = value->is_array() && !value->get_array().empty();
  if (fine) {
    for (const json::Value& item : value->get_array()) {
      fine = fine && item.is_string();
      if (fine) {
        out.emplace_back(json::view(item.get_string()));
      }
    }
  }
  if (!fine) {
    fault(at + "/" + std::string(key), key, "expected a list of texts, such as [git, status]");
    out.clear();
  }
  return out;
}

/// Texts, or whole requests as of `oap permission check --batch`; one alone needs no list.
std::vector<json::Value> RuleFields::examples_at(const json::Object& object, const std::string& at,
                                                 std::string_view key) {
  const json::Value* value = json::find(object, key);
  if (value == nullptr) {
    return {};
  }
  std::vector<json::Value> out;
  if (value->is_array()) {
    out.assign(value->get_array().begin(), value->get_array().end());
  } else {
    out.push_back(*value);
  }
  const bool fine = std::all_of(out.begin(), out.end(), [](const json::Value& one) {
    return one.is_object() || (one.is_string() && !one.get_string().empty());
  });
  if (!fine || out.empty()) {
    fault(at + "/" + std::string(key), key,
          "expected texts or requests, such as ['git status', {tool: bash, arguments: …}]");
    out.clear();
  }
  return out;
}

bool RuleFields::check_glob(const std::string& pattern, text::GlobMode mode, const std::string& at,
                            std::string_view key) {
  const auto glob = text::Glob::compile(pattern, {mode, false});
  if (!glob) {
    fault(at, key, glob.error().message());
  }
  return glob.has_value();
}

}  // namespace oap::permission
