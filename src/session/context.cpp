#include "session/context.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <set>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/env.hpp"
#include "os/fd.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::session {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostDirectories = 64;
constexpr std::string_view kNames[] = {"AGENTS.md", "CLAUDE.md"};

/// The file itself, whatever path leads to it.
using FileId = std::pair<dev_t, ino_t>;

struct Found {
  fs::path path;
  std::string text;
  std::size_t size = 0;  ///< of the whole file
};

class Collector {
 public:
  explicit Collector(const ContextOptions& options) : options_(options) {}

  /// AGENTS.md, or CLAUDE.md where there is none, of one directory.
  std::optional<Found> from(const fs::path& directory) {
    for (const std::string_view name : kNames) {
      const fs::path path = directory / name;
      struct stat info{};
      if (::lstat(path.c_str(), &info) != 0) {
        if (errno != ENOENT && errno != ENOTDIR) {
          warn(path, std::strerror(errno));
        }
        continue;
      }
      return read(path);
    }
    return std::nullopt;
  }

  std::vector<std::string> take_warnings() { return std::move(warnings_); }

 private:
  void warn(const fs::path& path, std::string_view why) {
    warnings_.push_back(fmt::format("{} is left out of the context: {}", path.string(), why));
  }

  std::optional<Found> read(const fs::path& path) {
    const os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat info{};
    if (!fd || ::fstat(fd.get(), &info) != 0) {
      warn(path, std::strerror(errno));
      return std::nullopt;
    }
    if (!S_ISREG(info.st_mode)) {
      warn(path, "it is not a regular file");
      return std::nullopt;
    }
    if (!seen_.insert({info.st_dev, info.st_ino}).second) {
      return std::nullopt;
    }
    Found found{path, "", static_cast<std::size_t>(std::max<off_t>(info.st_size, 0))};
    found.text.resize(options_.budget_bytes + 1);
    std::size_t have = 0;
    while (have < found.text.size()) {
      const ssize_t got = ::read(fd.get(), found.text.data() + have, found.text.size() - have);
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got < 0) {
        warn(path, std::strerror(errno));
        return std::nullopt;
      }
      if (got == 0) {
        break;
      }
      have += static_cast<std::size_t>(got);
    }
    found.text.resize(have);
    found.size = std::max(found.size, have);
    if (options_.expand && path.filename() == "CLAUDE.md" && have <= options_.budget_bytes) {
      found.text = options_.expand(path, std::move(found.text), warnings_);
      found.size = found.text.size();
    }
    if (text::trim(found.text).empty()) {
      return std::nullopt;
    }
    return found;
  }

  const ContextOptions& options_;
  std::set<FileId> seen_;
  std::vector<std::string> warnings_;
};

fs::path home_of(const ContextOptions& options) {
  return options.home.empty() ? fs::path(os::home_dir()) : options.home;
}

fs::path user_directory(const ContextOptions& options) {
  if (!options.user_config.empty()) {
    return options.user_config;
  }
  const std::optional<std::string> xdg = os::env("XDG_CONFIG_HOME");
  return (xdg && fs::path(*xdg).is_absolute() ? fs::path(*xdg) : home_of(options) / ".config") /
         "oap";
}

bool has_git(const fs::path& directory) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(directory / ".git", ignored));
}

/// The workspace's directories, inner first, up to the git root or below the home directory.
std::vector<fs::path> directories(const fs::path& workspace, const ContextOptions& options) {
  std::error_code error;
  const fs::path start = fs::canonical(workspace, error);
  if (error) {
    return {workspace};
  }
  fs::path home = fs::canonical(home_of(options), error);
  std::vector<fs::path> upward;
  for (fs::path at = start; upward.size() < kMostDirectories; at = at.parent_path()) {
    if (!error && at == home && at != start) {
      return upward;
    }
    upward.push_back(at);
    if (has_git(at)) {
      return upward;
    }
    if (at == at.parent_path()) {
      break;
    }
  }
  return {start};
}

/// Cuts at the end of a line where there is one in the last part, and says what is missing.
ContextFile fit(Found found, std::size_t room) {
  ContextFile file{std::move(found.path), text::sanitize_utf8(found.text), false};
  if (file.text.size() <= room && found.size <= found.text.size()) {
    return file;
  }
  std::string_view kept = text::truncate_utf8(file.text, std::min(room, file.text.size()));
  const std::size_t line = kept.find_last_of('\n');
  if (line != std::string_view::npos && line > kept.size() / 2) {
    kept = kept.substr(0, line + 1);
  }
  const std::size_t left = found.size > kept.size() ? found.size - kept.size() : 0;
  std::string text(kept);
  if (!text.empty() && !text.ends_with('\n')) {
    text += '\n';
  }
  text += fmt::format("[{} of {} bytes of this file are left out]\n", left, found.size);
  file.text = std::move(text);
  file.truncated = true;
  return file;
}

}  // namespace

Context collect_context(const std::filesystem::path& workspace, const ContextOptions& options) {
  Collector collector(options);
  std::vector<Found> inner_first;
  for (auto file = options.more.rbegin(); file != options.more.rend(); ++file) {
    inner_first.push_back({file->path, file->text, file->text.size()});
  }
  for (const fs::path& directory : directories(workspace, options)) {
    if (std::optional<Found> found = collector.from(directory)) {
      inner_first.push_back(*std::move(found));
    }
  }
  if (std::optional<Found> found = collector.from(user_directory(options))) {
    inner_first.push_back(*std::move(found));
  }
  Context context;
  std::size_t room = options.budget_bytes;
  for (Found& found : inner_first) {
    const std::size_t size = std::min(found.size, found.text.size());
    if (room == 0) {
      context.warnings.push_back(
          fmt::format("{} is left out of the context: the budget of {} bytes is used up",
                      found.path.string(), options.budget_bytes));
      continue;
    }
    context.files.push_back(fit(std::move(found), room));
    room -= std::min(room, size);
  }
  std::reverse(context.files.begin(), context.files.end());
  for (std::string& warning : collector.take_warnings()) {
    context.warnings.push_back(std::move(warning));
  }
  return context;
}

std::string render(const Context& context) {
  std::string out;
  for (const ContextFile& file : context.files) {
    out += fmt::format("{}# Instructions from {}\n\n{}", out.empty() ? "" : "\n",
                       text::escape_visible(file.path.string()), file.text);
    if (!out.ends_with('\n')) {
      out += '\n';
    }
  }
  return out;
}

}  // namespace oap::session
