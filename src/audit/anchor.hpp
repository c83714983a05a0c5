#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "audit/checkpoint.hpp"
#include "base/result.hpp"
#include "crypto/key.hpp"

namespace oap::audit {

/// A checkpoint that was kept elsewhere, with the key that signed it.
struct Anchor {
  Checkpoint checkpoint;
  crypto::PublicKey key;
};

/// Reads what `oap audit checkpoint --json` printed: one `{"checkpoint", "public_key"}` a line, any
/// number of them. Each signature is checked with `key` or, without it, with the line's own.
/// kInvalidArgument, naming the line, where one is no such thing or is not signed by the key; also
/// where there is none. Pure.
Result<std::vector<Anchor>> parse_anchors(std::string_view text,
                                          const std::optional<crypto::PublicKey>& key);

}  // namespace oap::audit
