#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/permission.hpp"
#include "permission/facets.hpp"

namespace oap::permission {

/// What is decided where no rule of any file matches (CONTRACTS "Permissions"). `on_ask` takes the
/// place of `ask`. Pure.
Decision builtin_decision(const Facets& facets, std::optional<Level> on_ask);

/// The same for one path alone.
Decision builtin_path(const PathFacet& path, std::optional<Level> on_ask);

/// The built-in policy for people, a line each.
const std::vector<std::string>& builtin_policy_text();

/// The four categories of `require_approval_for`.
const std::vector<std::string>& approval_categories();

/// Why a call belongs to a category; "" where it does not. `network_servers` are those that are
/// remote or have network granted.
std::string in_category(const std::string& category, const Facets& facets,
                        const std::vector<std::string>& network_servers);

}  // namespace oap::permission
