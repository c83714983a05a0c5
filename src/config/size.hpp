#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace oap::config {

/// Bytes of a size such as 512MB (powers of 1000), 1GiB (powers of 1024), 1.5G or 4096: a positive
/// decimal number, then B, K, M, G, T or P with an optional B or iB, letter case and spaces between
/// ignored. Nothing for anything else, and for more than 2^63-1 bytes. Pure.
std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace oap::config
