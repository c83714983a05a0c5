#include "base/log.hpp"

#include <unistd.h>

#include <atomic>

#include "base/clock.hpp"

namespace oap::log {
namespace {

std::atomic<Level> g_level{Level::kWarn};
std::atomic<int> g_fd{2};
std::atomic<Redactor> g_redactor{nullptr};

std::string_view name_of(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
    case Level::kOff:
      return "off";
  }
  return "error";
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string redacted(std::string_view text) {
  const Redactor redactor = g_redactor.load();
  return redactor != nullptr ? redactor(text) : std::string(text);
}

}  // namespace

void set_level(Level level) { g_level = level; }
Level level() { return g_level; }

bool set_level(std::string_view name) {
  for (const Level level :
       {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError, Level::kOff}) {
    if (name == name_of(level)) {
      g_level = level;
      return true;
    }
  }
  return false;
}

void set_output(int fd) { g_fd = fd; }
void set_redactor(Redactor redactor) { g_redactor = redactor; }

void write(Level level, std::string_view component, std::string_view message,
           std::initializer_list<Field> fields) {
  if (level < g_level.load()) {
    return;
  }
  std::string line = R"({"time":")" + format_time(system_clock().wall()) + R"(","level":")";
  line += name_of(level);
  line += R"(","component":)";
  append_quoted(line, component);
  line += R"(,"message":)";
  append_quoted(line, redacted(message));
  for (const Field& field : fields) {
    line += ',';
    append_quoted(line, field.key);
    line += ':';
    append_quoted(line, redacted(field.value));
  }
  line += "}\n";
  [[maybe_unused]] const ssize_t written = ::write(g_fd, line.data(), line.size());
}

}  // namespace oap::log
