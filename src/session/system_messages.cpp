#include "session/system_messages.hpp"

#include <utility>

#include <fmt/format.h>

#include "os/file.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::session {

SystemMessages SystemMessages::load(const std::string& folder, std::vector<std::string>& problems) {
  constexpr std::size_t kMostBytes = 64U << 10U;
  SystemMessages messages;
  const std::pair<const char*, std::string*> files[] = {
      {"mission_continue", &messages.mission_continue},
      {"recovery", &messages.recovery},
      {"escalation", &messages.escalation},
      {"compacted", &messages.compacted},
      {"compaction_request", &messages.compaction_request}};
  for (const auto& [name, text] : files) {
    const std::string path = folder + "/" + name + ".md";
    if (folder.empty() || !os::exists(path)) {
      continue;
    }
    const auto read = os::read_file(path, kMostBytes);
    const std::string_view said = read ? text::trim(*read) : std::string_view();
    if (said.empty()) {
      problems.push_back(fmt::format("{} is not used: {}", path,
                                     read ? std::string("it is empty") : read.error().message()));
    } else {
      *text = text::sanitize_utf8(said);
    }
  }
  return messages;
}

std::string SystemMessages::anomaly_text(int count, std::string_view reason) const {
  return fmt::format("ANOMALY #{}: {}\n{}", count, reason, count >= 2 ? escalation : recovery);
}

std::string SystemMessages::anomaly(int count, std::string_view reason) {
  return SystemMessages().anomaly_text(count, reason);
}

}  // namespace oap::session
