#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "audit/segment.hpp"

namespace oap::audit {

/// What a record of the log itself says of records that are gone although they were acknowledged,
/// or may be: a sentence. Nothing for any other record. Pure.
std::optional<std::string> told_loss(const Parsed& record);

/// How many records of a segment tell of a loss. Borrows the descriptor.
Result<std::uint64_t> count_losses(int fd, const Segment& segment);

}  // namespace oap::audit
