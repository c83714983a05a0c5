#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace oap::log {

enum class Level { kDebug, kInfo, kWarn, kError, kOff };

struct Field {
  std::string_view key;
  std::string value;
};

/// Sets the lowest level that is written; starts as `warn`. Thread-safe.
void set_level(Level level);
Level level();
/// debug, info, warn, error, off; false where the name is none of these.
bool set_level(std::string_view name);

/// Sends lines to a file descriptor that the caller keeps open; starts as 2 (stderr).
void set_output(int fd);

/// A function that every message and field value passes before it is written (secret redaction).
/// It must not log. An empty one removes it.
using Redactor = std::function<std::string(std::string_view)>;
void set_redactor(Redactor redactor);

/// Writes one JSON object a line: time, level, component, message, then the fields, with one
/// write(2) so that lines of several threads never mix. Never fails, never throws, never blocks on
/// anything but the descriptor.
void write(Level level, std::string_view component, std::string_view message,
           std::initializer_list<Field> fields = {});

inline void debug(std::string_view component, std::string_view message,
                  std::initializer_list<Field> fields = {}) {
  write(Level::kDebug, component, message, fields);
}
inline void info(std::string_view component, std::string_view message,
                 std::initializer_list<Field> fields = {}) {
  write(Level::kInfo, component, message, fields);
}
inline void warn(std::string_view component, std::string_view message,
                 std::initializer_list<Field> fields = {}) {
  write(Level::kWarn, component, message, fields);
}
inline void error(std::string_view component, std::string_view message,
                  std::initializer_list<Field> fields = {}) {
  write(Level::kError, component, message, fields);
}

}  // namespace oap::log
