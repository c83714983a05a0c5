#pragma once

#include "config/shape.hpp"

namespace oap::config {

// What stands under one key of config.yaml each; of mcp_servers, providers and models one entry.

Shape security_shape();
Shape sandbox_shape();
Shape server_shape();
Shape gateway_shape();
Shape agents_shape();
Shape orchestration_shape();
Shape skills_shape();
Shape context_shape();
Shape provider_shape();
Shape model_shape();

}  // namespace oap::config
