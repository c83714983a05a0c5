#pragma once

#include <map>
#include <string>

#include "config/shape.hpp"
#include "yaml/yaml.hpp"

namespace oap::config {

struct Origin {
  std::string file;
  int line = 0;  ///< 0 where there are no lines

  std::string to_string() const;
};

/// Settings of several layers put together, and where each of them comes from.
class Merged {
 public:
  explicit Merged(const Shape& shape) : shape_(shape) {}

  /// Puts one file's checked settings over what is there: maps by key, lists and scalars replaced.
  /// An entry that sets one of its shape's `identity` keys (a server's command or url, a provider's
  /// base_url) replaces the whole entry of the layers below, so that no layer's secrets reach what
  /// another layer names.
  void put(const json::Object& settings, const yaml::Document& document);

  const json::Object& settings() const { return settings_; }
  json::Object& settings() { return settings_; }
  /// Of the JSON Pointer or its nearest known parent; nothing known: "built-in".
  Origin origin(std::string_view pointer) const;
  const std::map<std::string, Origin, std::less<>>& origins() const { return origins_; }

 private:
  struct Place {
    const yaml::Document& document;
    std::string pointer;
  };
  void put(const Shape* shape, json::Object& target, const json::Object& source,
           const Place& place);
  void forget(const std::string& pointer);
  void note(const json::Value& value, const Place& place);

  const Shape& shape_;
  json::Object settings_;
  std::map<std::string, Origin, std::less<>> origins_;
};

/// A JSON Pointer's token for a key.
std::string pointer_token(std::string_view key);

}  // namespace oap::config
