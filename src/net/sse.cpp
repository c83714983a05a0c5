#include "net/sse.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace oap::net {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::optional<Millis> parse_retry(std::string_view text) {
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
  std::int64_t millis = 0;
  if (!digits ||
      std::from_chars(text.data(), text.data() + text.size(), millis).ec != std::errc{}) {
    return std::nullopt;
  }
  return Millis(millis);
}

}  // namespace

Result<void> SseParser::feed(std::string_view bytes, std::vector<SseEvent>& events) {
  if (after_cr_ && !bytes.empty()) {
    after_cr_ = false;
    if (bytes.front() == '\n') {
      bytes.remove_prefix(1);
    }
  }
  while (!bytes.empty()) {
    const std::size_t end = bytes.find_first_of("\r\n");
    OAP_CHECK_OK(hold(bytes.substr(0, end)));
    if (end == std::string_view::npos) {
      return {};
    }
    const bool is_cr = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (is_cr && bytes.empty()) {
      after_cr_ = true;
    } else if (is_cr && bytes.front() == '\n') {
      bytes.remove_prefix(1);
    }
    const std::string line = std::exchange(line_, {});
    OAP_CHECK_OK(end_line(line, events));
  }
  return {};
}

Result<void> SseParser::hold(std::string_view piece) {
  too_long_ = too_long_ || line_.size() + piece.size() > limits_.line;
  if (too_long_) {
    line_.clear();
    return fail(Code::kResourceExhausted, "an event stream's line is longer than {} bytes",
                limits_.line);
  }
  line_ += piece;
  return {};
}

Result<void> SseParser::end_line(std::string_view line, std::vector<SseEvent>& events) {
  if (std::exchange(first_line_, false) && line.starts_with(kByteOrderMark)) {
    line.remove_prefix(kByteOrderMark.size());
  }
  if (line.empty()) {
    if (auto event = take_event()) {
      events.push_back(*std::move(event));
    }
    return {};
  }
  const std::size_t colon = line.find(':');
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) {
    value.remove_prefix(1);
  }
  if (data_.size() + value.size() > limits_.event) {
    too_long_ = true;
    return fail(Code::kResourceExhausted, "an event of a stream is longer than {} bytes",
                limits_.event);
  }
  take_field(line.substr(0, colon), value);
  return {};
}

void SseParser::take_field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (std::exchange(has_data_, true)) {
      data_ += '\n';
    }
    data_ += value;
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id" && value.find('\0') == std::string_view::npos) {
    last_id_ = value;
  } else if (name == "retry") {
    if (auto millis = parse_retry(value)) {
      retry_ = millis;
    }
  }
}

std::optional<SseEvent> SseParser::take_event() {
  SseEvent event{std::exchange(type_, {}), std::exchange(data_, {}), last_id_};
  if (!std::exchange(has_data_, false)) {
    return std::nullopt;
  }
  if (event.type.empty()) {
    event.type = "message";
  }
  return event;
}

std::optional<SseEvent> SseParser::finish() {
  if (too_long_) {
    return std::nullopt;
  }
  std::vector<SseEvent> closed;
  if (const std::string line = std::exchange(line_, {}); !line.empty()) {
    if (!end_line(line, closed)) {
      return std::nullopt;
    }
  }
  return take_event();
}

}  // namespace oap::net
