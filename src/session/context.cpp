#include "session/context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "os/env.hpp"
#include "os/file.hpp"
#include "text/utf8.hpp"

namespace oap::session {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestFile = 4U << 20U;

bool is_git_root(const fs::path& dir) {
  std::error_code ignored;
  return fs::exists(dir / ".git", ignored);
}

bool is_below(const fs::path& dir, const fs::path& home) {
  const fs::path relative = dir.lexically_relative(home);
  return !relative.empty() && relative != "." && *relative.begin() != "..";
}

/// The workspace and the directories above it that count, outermost first.
std::vector<fs::path> directories(const fs::path& workspace, const fs::path& home) {
  std::vector<fs::path> inner_first;
  bool git_found = false;
  for (fs::path dir = workspace;; dir = dir.parent_path()) {
    inner_first.push_back(dir);
    git_found = is_git_root(dir);
    if (git_found || dir == dir.root_path()) {
      break;
    }
  }
  if (!git_found) {
    const bool in_home = is_below(workspace, home);
    std::erase_if(inner_first, [&](const fs::path& dir) {
      return dir != workspace && !(in_home && is_below(dir, home));
    });
  }
  std::reverse(inner_first.begin(), inner_first.end());
  return inner_first;
}

std::vector<fs::path> candidates(const fs::path& workspace, const ContextOptions& options) {
  const fs::path home = options.home.empty() ? fs::path(os::home_dir()) : options.home;
  fs::path user = options.user_config;
  if (user.empty()) {
    const auto config = os::env("XDG_CONFIG_HOME");
    user = (config && !config->empty() ? fs::path(*config) : home / ".config") / "oap";
  }
  std::vector<fs::path> list = {user / "AGENTS.md"};
  for (const fs::path& dir : directories(workspace, home)) {
    std::error_code ignored;
    const bool agents = fs::exists(fs::symlink_status(dir / "AGENTS.md", ignored));
    list.push_back(dir / (agents ? "AGENTS.md" : "CLAUDE.md"));
  }
  return list;
}

/// Gives the innermost files their room first.
void fit(std::vector<ContextFile>& files, std::size_t budget) {
  for (auto it = files.rbegin(); it != files.rend(); ++it) {
    if (it->text.size() <= budget) {
      budget -= it->text.size();
      continue;
    }
    const std::size_t whole = it->text.size();
    it->text = std::string(text::truncate_utf8(it->text, budget));
    it->truncated = true;
    budget = 0;
    it->text += fmt::format("\n[{} of {} bytes left out]", whole - it->text.size(), whole);
  }
}

}  // namespace

Context collect_context(const fs::path& workspace, const ContextOptions& options) {
  Context context;
  std::set<std::string> seen;
  for (const fs::path& path : candidates(workspace, options)) {
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(path, ignored))) {
      continue;
    }
    const auto real = os::canonical_path(path.string());
    if (real && !seen.insert(*real).second) {
      continue;
    }
    std::error_code error;
    if (!fs::is_regular_file(path, error)) {
      context.warnings.push_back(path.string() + " is no readable regular file; skipped");
      continue;
    }
    auto text = os::read_file(path.string(), kLargestFile);
    if (!text) {
      context.warnings.push_back(text.error().to_string() + "; skipped");
      continue;
    }
    context.files.push_back({path, text::sanitize_utf8(*text), false});
  }
  fit(context.files, options.budget_bytes);
  return context;
}

std::string render(const Context& context) {
  std::string text;
  for (const ContextFile& file : context.files) {
    text += fmt::format("{}# Instructions from {}\n{}\n", text.empty() ? "" : "\n",
                        file.path.string(), file.text);
  }
  return text;
}

}  // namespace oap::session
