#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace oap::skills {

/// Where skills are taken from. Data.
struct Source {
  enum class Kind { kFolder, kGit } kind = Kind::kGit;
  std::string shown;   ///< "owner/repo", the URL without credentials, or the folder
  std::string url;     ///< kGit: what git clones; kFolder: the folder, absolute
  std::string ref;     ///< a branch or tag; empty: the default branch
  std::string folder;  ///< below the repository; empty: all of it
  std::string skill;   ///< the one that is meant; empty: the only one
};

/// Reads what a person or agent wrote: a folder (`.`, `/…`, `./…`, `~/…`), `owner/repo`,
/// `owner/repo/path`, `owner/repo@skill`, `owner/repo#ref`, an https, ssh or file URL of a
/// repository, or of a folder in it as GitHub and GitLab show it (`…/tree/ref/path`). `owner/repo`
/// is below `base_url`. Neither plain http (but for loopback), URLs with passwords, nor anything
/// that git would read as an option is taken. kInvalidArgument says why. Pure but for `home`.
Result<Source> parse_source(std::string_view text, const std::string& base_url,
                            const std::string& home);

/// What `npx skills add …` asks for: how agents acquire a skill.
struct AddCommand {
  std::string source;
  std::string skill;  ///< --skill NAME
};
/// Nothing where the command is not exactly that: one simple command without redirections,
/// variables, or options that are not known. Pure.
std::optional<AddCommand> parse_add_command(std::string_view command);

/// What `npx skills find WORDS` (also `search`) looks for. Nothing where the command is not exactly
/// that. Pure.
std::optional<std::string> parse_find_command(std::string_view command);

/// Whether the operator has named the source: `owner/repo`, `owner/*`, or a URL. Compared without
/// regard to case, `.git` and the host of `owner/repo`; `folder`s are part of their repository. A
/// `kFolder` source is never named. Pure.
bool is_trusted_source(const Source& source, const std::vector<std::string>& trusted,
                       const std::string& base_url);

}  // namespace oap::skills
