#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace oap::net {

/// One server-sent event.
struct SseEvent {
  std::string type = "message";  ///< the `event:` field
  std::string data;              ///< all `data:` lines joined by LF
  std::string id;                ///< the last `id:` seen in the stream so far
};

/// Turns the bytes of a `text/event-stream` into events, whatever the pieces they come in
/// (WHATWG HTML §9.2.6). Lines end in LF, CRLF or CR; a leading byte order mark, comments and
/// unknown fields are skipped; an event without a data line is none. Bytes are not checked to be
/// UTF-8. Pure; not thread-safe.
class SseParser {
 public:
  struct Limits {
    std::size_t line = 16U << 20U;   ///< bytes of one line
    std::size_t event = 64U << 20U;  ///< bytes of one event's data
  };

  SseParser() : SseParser(Limits{}) {}
  explicit SseParser(Limits limits) : limits_(limits) {}

  /// Appends the events that these bytes complete. Beyond a limit kResourceExhausted, then and at
  /// each later call; the events before it are appended all the same.
  Result<void> feed(std::string_view bytes, std::vector<SseEvent>& events);
  /// The event at the end of the stream that no blank line closed, if it has data. For protocols
  /// where such an event counts; the standard drops it.
  std::optional<SseEvent> finish();

  /// The server's wish how long to wait before reconnecting (`retry:`).
  std::optional<Millis> retry() const { return retry_; }
  const std::string& last_event_id() const { return last_id_; }

 private:
  Result<void> hold(std::string_view piece);
  Result<void> end_line(std::string_view line, std::vector<SseEvent>& events);
  void take_field(std::string_view name, std::string_view value);
  std::optional<SseEvent> take_event();

  Limits limits_;
  std::string line_;  ///< the part of a line that earlier pieces held
  std::string type_;
  std::string data_;
  std::string last_id_;
  std::optional<Millis> retry_;
  bool has_data_ = false;
  bool first_line_ = true;
  bool after_cr_ = false;  ///< a LF that comes next belongs to the CR before it
  bool too_long_ = false;
};

}  // namespace oap::net
