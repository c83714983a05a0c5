#include <algorithm>

#include "audit/core.hpp"
#include "audit/side_file.hpp"
#include "base/log.hpp"

namespace oap::audit {
namespace {

constexpr Millis kExportAgain{1'000};

}  // namespace

void Log::Core::export_lines(const std::string& lines) {
  if (options_.export_file.empty() || !open_export(lines)) {
    return;
  }
  if (auto exported = append_all(export_fd_.get(), lines, options_.export_file); !exported) {
    log::error("audit", "the additional export failed; the audit log itself is complete",
               {{"reason", exported.error().to_string()}});
  }
}

/// Once a second at most, where it is not open.
bool Log::Core::open_export(const std::string& lines) {
  if (export_fd_) {
    return true;
  }
  const SteadyTime now = std::chrono::steady_clock::now();
  auto opened = now < export_again_ ? Result<os::UniqueFd>(fail(Code::kUnavailable, "not yet"))
                                    : open_side_file(options_.workspace, options_.export_file);
  if (!opened) {
    unexported_ += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
    export_again_ = now < export_again_ ? export_again_ : now + kExportAgain;
    return false;
  }
  export_fd_ = *std::move(opened);
  log::warn("audit", "security.audit.log_file is open again; it lacks records that the log has",
            {{"file", options_.export_file}, {"records", std::to_string(unexported_)}});
  return true;
}

}  // namespace oap::audit
