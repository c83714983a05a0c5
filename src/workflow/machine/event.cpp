#include "workflow/machine/event.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "json/print.hpp"

namespace oap::workflow {
namespace {

using Kind = Event::Kind;

constexpr std::array<std::string_view, 25> kNames = {
    "run_started", "import",     "ready",     "start",     "open",    "spawn",  "iterate",
    "branch",      "vote",       "complete",  "retry",     "fail",    "skip",   "cancel_step",
    "unknown",     "signal",     "resumed",   "pause",     "unpause", "cancel", "time_up",
    "phase",       "compensate", "run_ended", "first_form"};

void member(std::string& out, std::string_view key, std::string_view json) {
  out += ",\"";
  out += key;
  out += "\":";
  out += json;
}

bool is_plain(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e || c == '"' ||
        c == '\\') {
      return false;
    }
  }
  return true;
}

void text_member(std::string& out, std::string_view key, std::string_view text) {
  if (text.empty()) {
    return;
  }
  if (!is_plain(text)) {
    member(out, key, json::quote(text));
    return;
  }
  out += ",\"";
  out += key;
  out += "\":\"";
  out += text;
  out += '"';
}

Error damaged(std::string_view what) {
  return {Code::kDataLoss, fmt::format("an event of the journal is damaged: {}", what)};
}

}  // namespace

std::string_view to_string(Event::Kind kind) { return kNames.at(static_cast<std::size_t>(kind)); }

std::int64_t to_millis(WallTime at) {
  return std::chrono::duration_cast<Millis>(at.time_since_epoch()).count();
}

WallTime from_millis(std::int64_t millis) {
  return WallTime(Millis(std::clamp<std::int64_t>(millis, 0, kMostMillis)));
}

void append_json(std::string& out, const Event& event, std::string_view path,
                 std::string_view data) {
  out += "{\"e\":\"";
  out += to_string(event.kind);
  out += '"';
  text_member(out, "step", path);
  if (event.number != 0) {
    member(out, "n", fmt::format_int(event.number).str());
  }
  if (event.flag) {
    member(out, "flag", "true");
  }
  if (event.due) {
    member(out, "due", fmt::format_int(to_millis(*event.due)).str());
  }
  text_member(out, "text", event.text);
  text_member(out, "code", event.code);
  if (!data.empty() && data != "null") {
    member(out, "data", data);
  }
  if (!event.more.empty()) {
    member(out, "more", json::print(json::Value(event.more)));
  }
  out += '}';
}

Result<ReadEvent> event_from_json(json::Value value) {
  if (!value.is_object()) {
    return fail(damaged("it is no object"));
  }
  json::Object& object = value.get_object();
  const std::string_view name = json::get_string(object, "e");
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) {
    return fail(damaged(fmt::format("'{}' is no kind of event", name)));
  }
  ReadEvent read;
  Event& event = read.event;
  event.kind = static_cast<Kind>(found - kNames.begin());
  read.path = json::get_string(object, "step");
  event.number = json::get_int(object, "n");
  event.flag = json::get_bool(object, "flag");
  if (object.contains("due")) {
    event.due = from_millis(json::get_int(object, "due"));
  }
  event.text = json::get_string(object, "text");
  event.code = json::get_string(object, "code");
  if (auto* const data = object.if_contains("data")) {
    event.data = std::move(*data);
  }
  if (auto* const more = object.if_contains("more"); more != nullptr && more->is_object()) {
    event.more = std::move(more->get_object());
  }
  return read;
}

}  // namespace oap::workflow
