#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace oap::session {

/// One instruction file as the agents read it.
struct ContextFile {
  std::filesystem::path path;
  std::string text;        ///< valid UTF-8
  bool truncated = false;  ///< the end was left out; the text says so
};

struct ContextOptions {
  std::size_t budget_bytes = 32U << 10U;  ///< of all texts together
  std::filesystem::path home;             ///< where the search upward stops; empty: $HOME
  /// The directory of the user's own AGENTS.md; empty: ${XDG_CONFIG_HOME:-~/.config}/oap
  std::filesystem::path user_config;
  /// What a CLAUDE.md comes to, for who puts in the files that it names; empty: its own text.
  /// `warnings` gets what could not be put in, a sentence each.
  std::function<std::string(const std::filesystem::path& path, std::string text,
                            std::vector<std::string>& warnings)>
      expand = {};
  std::vector<ContextFile> more = {};  ///< further files of the workspace's, after its own
};

struct Context {
  std::vector<ContextFile> files;     ///< the user's own first, then outer before inner directories
  std::vector<std::string> warnings;  ///< what was skipped and why, a sentence each
};

/// Collects AGENTS.md (CLAUDE.md in a directory that has none) from the workspace upward, up to and
/// including the git root (the directory with .git); where there is none, only below the home
/// directory, else the workspace alone. The innermost files keep their room when the budget is
/// short. A file that is reached twice counts once; what is no readable regular file is skipped
/// with a warning; bytes that are not UTF-8 become U+FFFD. Blocking reads of at most the budget.
Context collect_context(const std::filesystem::path& workspace, const ContextOptions& options);

/// The text for a prompt: each file under a line that names it. Empty where there are no files.
std::string render(const Context& context);

}  // namespace oap::session
