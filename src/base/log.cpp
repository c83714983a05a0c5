#include "base/log.hpp"

#include <atomic>
#include <memory>

#include <unistd.h>

#include "base/clock.hpp"
#include "base/mutex.hpp"

namespace oap::log {
namespace {

std::atomic<Level> g_level{Level::kWarn};
std::atomic<int> g_fd{2};
struct RedactorSlot {
  Mutex mutex;
  std::shared_ptr<const Redactor> redactor OAP_GUARDED_BY(mutex);
};

RedactorSlot& redactor_slot() {
  static RedactorSlot slot;
  return slot;
}

std::shared_ptr<const Redactor> current_redactor() {
  RedactorSlot& slot = redactor_slot();
  const MutexLock lock(slot.mutex);
  return slot.redactor;
}

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

/// C1 controls, and marks that hide or turn what is written (UTF-8): a log is read at a terminal.
std::size_t deceptive_bytes(std::string_view text) {
  const auto at = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  if (at(0) == 0xC2 && at(1) >= 0x80 && at(1) <= 0x9F) {
    return 2;
  }
  if (at(0) != 0xE2) {
    return 0;
  }
  const bool mark =
      at(1) == 0x80 && ((at(2) >= 0x8B && at(2) <= 0x8F) || (at(2) >= 0xA8 && at(2) <= 0xAE));
  return mark || (at(1) == 0x81 && at(2) >= 0xA0 && at(2) <= 0xAF) ? 3 : 0;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (const std::size_t bytes = deceptive_bytes(text.substr(i)); bytes > 0) {
      const unsigned low = static_cast<unsigned char>(text[i + bytes - 1]) & 0x3FU;
      const unsigned middle = static_cast<unsigned char>(text[i + 1]) & 0x3FU;
      out += fmt::format("\\u{:04x}", bytes == 2 ? 0x80U | low : 0x2000U | (middle << 6U) | low);
      i += bytes - 1;
    } else if (c == '"' || c == '\\') {
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

void set_redactor(Redactor redactor) {
  auto next = redactor ? std::make_shared<const Redactor>(std::move(redactor)) : nullptr;
  RedactorSlot& slot = redactor_slot();
  const MutexLock lock(slot.mutex);
  slot.redactor = std::move(next);
}

void write(Level level, std::string_view component, std::string_view message,
           std::initializer_list<Field> fields) {
  if (level < g_level.load()) {
    return;
  }
  const std::shared_ptr<const Redactor> redactor = current_redactor();
  const auto redacted = [&](std::string_view text) {
    return redactor ? (*redactor)(text) : std::string(text);
  };
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
