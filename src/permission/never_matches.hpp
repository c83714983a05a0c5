#pragma once

#include <set>
#include <string>
#include <string_view>

#include "permission/compiled_rule.hpp"

namespace oap::permission {

/// What names a request can hold. Borrows nothing.
struct KnownNames {
  std::set<std::string, std::less<>> roles;
  std::set<std::string, std::less<>> tools;    ///< of no server
  std::set<std::string, std::less<>> servers;  ///< where they are known
  bool all_servers = false;                    ///< `servers` are all there are
};

/// Why nothing can match the rule by what it says alone: a program with blanks in its name, a file
/// that is executed, a path that is another one, a server that is not configured, a condition that
/// is never true. "" where something may. Looks up links, nothing else.
std::string never_matches(const CompiledRule& rule, const KnownNames& names);

/// Why a condition (CEL) can never be true: it is a constant, or wants a role, a tool, a server or
/// an action that there is not. "" where it may. Pure.
std::string never_true(std::string_view condition, const KnownNames& names);

}  // namespace oap::permission
