#include "cli/chat/history_file.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "os/fd.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::cli::chat {
namespace {

constexpr std::size_t kMaxFile = 64U << 20U;

std::string line_of(const std::string& entry) { return json::print(json::Value(entry)) + "\n"; }

}  // namespace

HistoryFile::HistoryFile(std::string path, Redact redact)
    : path_(std::move(path)), redact_(std::move(redact)) {}

std::vector<std::string> HistoryFile::load() {
  std::vector<std::string> entries;
  const auto text = os::read_file(path_, kMaxFile);
  if (!text) {
    return entries;
  }
  const std::vector<std::string_view> lines = text::split_lines(*text);
  const std::size_t from = lines.size() > kMost ? lines.size() - kMost : 0;
  for (std::size_t i = from; i < lines.size(); ++i) {
    const auto value = json::parse(lines[i]);
    if (value && value->is_string()) {
      entries.emplace_back(json::view(value->get_string()));
    }
  }
  if (lines.size() > 2 * kMost) {
    std::string kept;
    for (const std::string& entry : entries) {
      kept += line_of(entry);
    }
    [[maybe_unused]] const auto written = os::write_file_atomic(path_, kept, 0600);
  }
  return entries;
}

Result<void> HistoryFile::append(std::string_view entry) {
  if (entry.size() > kMaxEntry) {
    return {};
  }
  const std::string clean = redact_ ? redact_(entry) : std::string(entry);
  if (text::trim(clean).empty()) {
    return {};
  }
  const os::UniqueFd fd(
      ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) {
    return fail(os::errno_error("opening", path_, errno));
  }
  const std::string line = line_of(clean);
  if (::write(fd.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    return fail(os::errno_error("writing", path_, errno));
  }
  return {};
}

}  // namespace oap::cli::chat
