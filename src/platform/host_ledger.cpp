#include "platform/host_ledger.hpp"

#include <list>
#include <map>

#include <fcntl.h>
#include <unistd.h>

#include "base/log.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::platform {
namespace {

constexpr std::size_t kMostFile = 64U << 20U;
constexpr std::size_t kMostKept = 4'096;
constexpr std::size_t kMostLine = 16U << 10U;

std::string line_of(const HostSessions::Entry& entry) {
  return json::print(json::Value(json::Object{{"workspace", entry.workspace},
                                              {"session", entry.session},
                                              {"parent", entry.parent},
                                              {"tokens", entry.usage.tokens},
                                              {"cost_usd", entry.usage.cost_usd}})) +
         "\n";
}

std::optional<HostSessions::Entry> entry_of(std::string_view line) {
  const auto read = json::parse_object(line, {4, kMostLine});
  const json::Value* const cost = read ? json::find(*read, "cost_usd") : nullptr;
  if (cost == nullptr || !cost->is_number() || json::get_string(*read, "session").empty()) {
    return std::nullopt;
  }
  return HostSessions::Entry{std::string(json::get_string(*read, "workspace")),
                             std::string(json::get_string(*read, "session")),
                             std::string(json::get_string(*read, "parent")),
                             {json::get_int(*read, "tokens"), cost->to_number<double>()}};
}

}  // namespace

Result<HostLedger> HostLedger::open(std::string path, HostSessions& sessions) {
  std::string text;
  if (os::exists(path)) {
    auto read = os::read_file(path, kMostFile);
    if (!read) {
      return fail(
          read.error().code(),
          "{}: {}; it holds what sessions have used of their budgets: remove it to begin anew",
          path, read.error().message());
    }
    text = *std::move(read);
  }
  std::list<HostSessions::Entry> kept;
  std::map<std::string, std::list<HostSessions::Entry>::iterator> places;
  for (const std::string_view line : text::split_lines(text)) {
    auto entry = entry_of(line);
    if (!entry) {
      continue;
    }
    const auto [place, fresh] =
        places.try_emplace(entry->workspace + '\0' + entry->session, kept.end());
    if (!fresh) {
      kept.erase(place->second);
    }
    place->second = kept.insert(kept.end(), *std::move(entry));
  }
  while (kept.size() > kMostKept) {
    kept.pop_front();
  }
  std::string compact;
  for (const HostSessions::Entry& entry : kept) {
    compact += line_of(entry);
    sessions.restore(entry);
  }
  OAP_CHECK_OK(os::write_file_atomic(path, compact, 0600));
  HostLedger made(path);
  made.file_ = os::UniqueFd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
  if (!made.file_) {
    return fail(Code::kUnavailable, "{} cannot be written", path);
  }
  return made;
}

void HostLedger::write(const HostSessions::Entry& entry) {
  const std::string line = line_of(entry);
  if (::write(file_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    log::error("serve", "what a session has used could not be written down", {{"file", path_}});
  }
}

}  // namespace oap::platform
