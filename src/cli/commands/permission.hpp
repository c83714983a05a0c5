#pragma once

#include <string>

#include "permission/policy.hpp"
#include "platform/settings.hpp"

namespace oap::cli {

/// `oap permission lint|diff|test`: print what they find; 1 where there is something, else 0.
int permission_lint(const permission::Policy& policy, bool as_json);
int permission_diff(const permission::Policy& before, const permission::Policy& after,
                    bool as_json);
int permission_test(const permission::Policy& policy, const std::string& file, bool as_json);

/// `oap permission set`: one more rule of the session tier, or none any more. Audited.
int permission_set(const platform::Settings& settings, const std::string& rule, bool clear,
                   bool as_json);

}  // namespace oap::cli
