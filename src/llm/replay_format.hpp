#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "llm/replay.hpp"

namespace oap::llm::replay {

inline constexpr std::string_view kFormat = "oap-replay";
inline constexpr int kVersion = 1;

/// The texts to be replaced, longest first.
class Names {
 public:
  explicit Names(const Placeholders& placeholders);

  /// Every text of the value with the present texts replaced by `${name}` …
  json::Value hide(const json::Value& value) const;
  /// … and back.
  json::Value show(const json::Value& value) const;

 private:
  std::string hide_text(std::string_view text) const;
  std::string show_text(std::string_view text) const;

  std::vector<std::pair<std::string, std::string>> names_;  ///< text, `${name}`
};

/// What is recorded of a request and what is compared. The deadline is not part of it.
json::Value to_json(const Request& request);
/// The request with everything that changes from run to run made equal: ids, and in system texts
/// and tool results times, dates and durations.
json::Value comparable(const json::Value& request);

json::Value to_json(const Response& response);
std::optional<Response> response_from_json(const json::Value& value);
json::Value to_json(const Error& error);
std::optional<Error> error_from_json(const json::Value& value);

/// The first place where two values differ, as "at /messages/1: recorded …, now …"; empty where
/// they do not.
std::string first_difference(const json::Value& recorded, const json::Value& now);

}  // namespace oap::llm::replay
