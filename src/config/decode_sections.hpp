#pragma once

#include <string_view>

#include "config/decoding.hpp"
#include "json/value.hpp"

namespace oap::config {

// One section of checked settings each, with the faults that only show when several of its keys are
// seen together.

void decode_security(const json::Value& value, Decoding& at);
void decode_sandbox(const json::Value& value, Decoding& at);
void decode_gateway(const json::Value& value, Decoding& at);
void decode_agents(const json::Value& value, Decoding& at);

/// What one program may use.
ResourceLimits resource_limits(const json::Value& value);

// One entry of a map each.
void decode_server(std::string_view name, const json::Value& value, Decoding& at);
void decode_provider(std::string_view name, const json::Value& value, Decoding& at);
void decode_model(std::string_view name, const json::Value& value, Decoding& at);

}  // namespace oap::config
