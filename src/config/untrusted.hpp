#pragma once

#include <string>

#include "config/check.hpp"
#include "json/value.hpp"
#include "yaml/yaml.hpp"

namespace oap::config {

/// Removes from an untrusted project's settings what would loosen the settings below it: a
/// default_permission weaker than theirs, a replayed model. Its require_approval_for,
/// sandbox.require and sandbox.protect are added to theirs. What is removed is noted in
/// `checked.withheld`.
void keep_what_tightens(Checked& checked, const yaml::Document& document,
                        const json::Object& below);

/// Makes each agent's system_prompt_file absolute: relative to `base`, `~/` to `home`.
void resolve_prompt_files(json::Object& settings, const std::string& base, const std::string& home);

}  // namespace oap::config
