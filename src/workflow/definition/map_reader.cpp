#include "workflow/definition/map_reader.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "json/pointer.hpp"
#include "json/print.hpp"
#include "text/nearest.hpp"
#include "workflow/definition/blueprint.hpp"

namespace oap::workflow {

MapReader::MapReader(const json::Object& members, std::string pointer, std::string title,
                     ProblemList& problems)
    : members_(members),
      pointer_(std::move(pointer)),
      title_(std::move(title)),
      problems_(problems) {}

const json::Value* MapReader::take(std::string_view key) {
  know(key);
  return json::find(members_, key);
}

std::string MapReader::pointer_to(std::string_view key) const {
  return json::pointer_join(pointer_, key);
}

int MapReader::line() const { return problems_.line_of(pointer_); }

int MapReader::line(std::string_view key) const {
  const int line = problems_.line_of(pointer_to(key));
  return line > 0 ? line : this->line();
}

std::string MapReader::said(std::string_view message) const {
  return title_.empty() ? std::string(message) : fmt::format("{}: {}", title_, message);
}

void MapReader::error(std::string_view key, std::string_view message) {
  problems_.error(line(key), said(fmt::format("{}: {}", key, message)));
}

void MapReader::warning(std::string_view key, std::string_view message) {
  problems_.warning(line(key), said(fmt::format("{}: {}", key, message)));
}

void MapReader::wrong(std::string_view key, const json::Value& found, std::string_view wanted) {
  if (found.is_null()) {
    error(key, fmt::format("has no value; {} is wanted, or take the key away", wanted));
    return;
  }
  std::string quotes;
  if ((found.is_bool() || found.is_number()) && wanted.starts_with("a text")) {
    quotes = fmt::format("; put it in quotes: \"{}\"", json::print(found));
  }
  error(key,
        fmt::format("{} was found, but {} is wanted{}", json::type_name(found), wanted, quotes));
}

std::optional<std::string> MapReader::as_text(std::string_view key, const json::Value& value) {
  if (value.is_string()) {
    return std::string(json::view(value.get_string()));
  }
  wrong(key, value, "a text");
  return std::nullopt;
}

std::optional<std::int64_t> MapReader::as_integer(std::string_view key, const json::Value& value) {
  if (value.is_int64()) {
    return value.get_int64();
  }
  if (value.is_uint64()) {
    error(key, "the number is too large");
  } else {
    wrong(key, value, "a whole number");
  }
  return std::nullopt;
}

std::optional<double> MapReader::as_number(std::string_view key, const json::Value& value) {
  if (value.is_number()) {
    return value.is_int64()    ? static_cast<double>(value.get_int64())
           : value.is_uint64() ? static_cast<double>(value.get_uint64())
                               : value.get_double();
  }
  wrong(key, value, "a number");
  return std::nullopt;
}

std::optional<Millis> MapReader::as_duration(std::string_view key, const json::Value& value) {
  if (!value.is_number() && !value.is_string()) {
    wrong(key, value, "a duration (seconds, or \"5m\")");
    return std::nullopt;
  }
  const Result<Millis> read = read_duration(value);
  if (!read) {
    error(key, read.error().message());
    return std::nullopt;
  }
  return *read;
}

std::optional<std::vector<std::string>> MapReader::as_texts(std::string_view key,
                                                            const json::Value& value) {
  std::vector<std::string> out;
  if (value.is_null()) {
    return out;
  }
  if (!value.is_array()) {
    if (value.is_string()) {
      error(key, fmt::format("a list is wanted: [{}]", shown(json::view(value.get_string()))));
    } else {
      wrong(key, value, "a list of texts");
    }
    return std::nullopt;
  }
  for (const json::Value& each : value.get_array()) {
    if (!each.is_string()) {
      wrong(key, each, "a text in the list");
      return std::nullopt;
    }
    out.emplace_back(json::view(each.get_string()));
  }
  return out;
}

const json::Object* MapReader::as_object(std::string_view key, const json::Value& value) {
  static const json::Object kEmpty;
  if (value.is_null()) {
    return &kEmpty;
  }
  if (!value.is_object()) {
    wrong(key, value, "a map");
    return nullptr;
  }
  return &value.get_object();
}

const json::Array* MapReader::as_array(std::string_view key, const json::Value& value) {
  static const json::Array kEmpty;
  if (value.is_null()) {
    return &kEmpty;
  }
  if (!value.is_array()) {
    wrong(key, value, "a list");
    return nullptr;
  }
  return &value.get_array();
}

void MapReader::text(std::string_view key, std::string& into) {
  if (const json::Value* value = take(key)) {
    into = as_text(key, *value).value_or(into);
  }
}

void MapReader::flag(std::string_view key, bool& into) {
  const json::Value* value = take(key);
  if (value != nullptr && value->is_bool()) {
    into = value->get_bool();
  } else if (value != nullptr) {
    wrong(key, *value, "true or false");
  }
}

void MapReader::duration(std::string_view key, std::optional<Millis>& into) {
  if (const json::Value* value = take(key)) {
    if (const std::optional<Millis> read = as_duration(key, *value)) {
      into = read;
    }
  }
}

void MapReader::texts(std::string_view key, std::vector<std::string>& into) {
  if (const json::Value* value = take(key)) {
    into = as_texts(key, *value).value_or(into);
  }
}

void MapReader::object(std::string_view key, json::Object& into) {
  if (const json::Value* value = take(key)) {
    if (const json::Object* members = as_object(key, *value)) {
      into = *members;
    }
  }
}

void MapReader::number(std::string_view key, double& into) {
  if (const json::Value* value = take(key)) {
    into = as_number(key, *value).value_or(into);
  }
}

std::vector<std::string> MapReader::unread() const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : members_) {
    if (std::find(known_.begin(), known_.end(), std::string_view(key)) == known_.end()) {
      keys.emplace_back(std::string_view(key));
    }
  }
  return keys;
}

/// What other systems call something that has another name here.
std::string MapReader::known_elsewhere(std::string_view name) const {
  static constexpr std::array<std::array<std::string_view, 3>, 14> kWords = {
      {{"depends_on", "needs", "needs"},
       {"dependsOn", "needs", "needs"},
       {"depends", "needs", "needs"},
       {"after", "needs", "needs"},
       {"when", "if", "if"},
       {"only_if", "if", "if"},
       {"retries", "retry", "retry: {max_attempts: …}"},
       {"continue-on-error", "on_failure", "on_failure: tolerate"},
       {"continue_on_error", "on_failure", "on_failure: tolerate"},
       {"allow_failure", "on_failure", "on_failure: tolerate"},
       {"strategy", "matrix", "matrix"},
       {"jobs", "steps", "steps"},
       {"tasks", "steps", "steps"},
       {"environment", "env", "env"}}};
  for (const auto& [word, key, form] : kWords) {
    if (word == name && std::find(known_.begin(), known_.end(), key) != known_.end()) {
      return fmt::format("; it is called '{}' here", form);
    }
  }
  return "";
}

void MapReader::finish() {
  for (const auto& [key, value] : members_) {
    const std::string_view name(key.data(), key.size());
    if (std::find(known_.begin(), known_.end(), name) == known_.end() && !problems_.full()) {
      std::string hint = text::did_you_mean(name, known_);
      hint = hint.empty() ? known_elsewhere(name) : hint;
      problems_.error(line(name), said(fmt::format("unknown key '{}'{}", shown(name), hint)));
    }
  }
}

}  // namespace oap::workflow
