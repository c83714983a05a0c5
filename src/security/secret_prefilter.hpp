#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace oap::security {

/// Where something that a text is searched for ends. `id` counts token_types(), then
/// mark_patterns(). Private to this folder, as all below.
struct Hit {
  std::uint32_t id = 0;
  std::size_t end = 0;
};

/// Appends what `text` holds of it, with the places in it, with the database that was compiled with
/// the program (loaded at the first use, then shared). A text that comes in pieces is searched
/// again from before each cut: Vectorscan's own streams lose a hit whose first two bytes a cut
/// parts (VectorCamp/vectorscan#402), and may lose one that ends with the bytes it is given
/// (#358). Where nothing comes behind `text` (`ends`), neither is lost. False where it cannot be
/// searched: the database does not fit this machine, or memory ran out. Thread-safe.
bool prefilter(std::string_view text, bool ends, std::vector<Hit>& hits);

}  // namespace oap::security
