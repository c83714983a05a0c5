#pragma once

#include <cstdint>
#include <string>

#include "migration/report.hpp"

namespace oap::migration {

enum class PolicyHost : std::uint8_t { kCodex, kOpencode, kGemini };

struct PolicyImport {
  PolicyHost host = PolicyHost::kCodex;
  std::string source;
  std::string target;
  /// The person's own configuration of that program: ~/.codex, ~/.config/opencode, ~/.gemini;
  /// empty: the project's files alone.
  std::string user_dir;
  bool dry_run = false;
};

/// Takes over the rules of Codex (`rules/*.rules` there and in `.codex`), OpenCode
/// (`opencode.json(c)` there, in the project and its `.opencode`) or Gemini CLI (`policies/*.toml`
/// there and in `.gemini`) as a part of permissions.yaml. Their config.toml and settings.json are
/// read for what they say of rules, and the rest of them is named. A file that cannot be read in
/// full fails the import before anything is written. Blocking.
Report import_policy(const PolicyImport& options);

}  // namespace oap::migration
