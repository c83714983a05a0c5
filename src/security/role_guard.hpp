#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "model/tool.hpp"
#include "security/role_matrix.hpp"

namespace oap::security {

/// What StrictRoleGuard says of a call. `rule` is empty where it is allowed.
struct RoleVerdict {
  bool allowed = true;
  std::string rule;    ///< e.g. "role:planner" or "never:root-deletion"
  std::string reason;  ///< a sentence
};

/// Where a path that a call names really lies, links followed: relative to the workspace without
/// "." and "..", absolute outside of it.
using RealPlace = std::function<std::string(std::string_view path)>;

/// Decides by the role matrix (a principal whose role has no row is not limited by it) and by the
/// never-rules, which count for everyone whatever the policy says: deleting the root or home
/// directory, fork bombs, formatting or overwriting block devices. A command that hides its program
/// from us is left to the permission engine. Files are judged by where `place` says that they lie;
/// without it by the text of their path. Pure but for `place`, thread-safe.
RoleVerdict role_guard(const ToolCall& call, const Principal& principal, const RoleMatrix& matrix,
                       const RealPlace& place = {});

/// The never-rules alone, for a shell command.
RoleVerdict never_rules(std::string_view command);

}  // namespace oap::security
