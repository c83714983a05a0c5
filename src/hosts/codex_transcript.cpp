#include "hosts/codex_transcript.hpp"

#include "json/parse.hpp"

namespace oap::hosts {
namespace {

/// Nothing where the line is another.
std::optional<json::Object> arguments_in(std::string_view line, std::string_view call_id) {
  if (line.find(call_id) == std::string_view::npos) {
    return std::nullopt;
  }
  const auto record = json::parse_object(line);
  const json::Object* const payload = record ? json::find_object(*record, "payload") : nullptr;
  if (payload == nullptr || json::get_string(*payload, "type") != "function_call" ||
      json::get_string(*payload, "call_id") != call_id) {
    return std::nullopt;
  }
  auto arguments = json::parse_object(json::get_string(*payload, "arguments"));
  return arguments ? std::optional<json::Object>(*std::move(arguments)) : std::nullopt;
}

}  // namespace

std::optional<json::Object> codex_call_arguments(std::string_view transcript,
                                                 std::string_view call_id) {
  while (!call_id.empty() && !transcript.empty()) {
    if (transcript.ends_with('\n')) {
      transcript.remove_suffix(1);
    }
    const std::size_t start = transcript.rfind('\n');
    const std::size_t from = start == std::string_view::npos ? 0 : start + 1;
    if (auto found = arguments_in(transcript.substr(from), call_id)) {
      return found;
    }
    transcript = transcript.substr(0, from);
  }
  return std::nullopt;
}

}  // namespace oap::hosts
