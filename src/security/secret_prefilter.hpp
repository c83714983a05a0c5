#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

struct hs_stream;

namespace oap::security {

/// Where something that a text is searched for ends. `id` counts token_types(), then
/// mark_patterns(). Private to this folder, as all below.
struct Hit {
  std::uint32_t id = 0;
  std::size_t end = 0;
};

/// One pass over a text that comes in pieces, with the database that was compiled with the program
/// (loaded at the first use, then shared). Of one thread; any number may be open.
class PrefilterStream {
 public:
  PrefilterStream();
  ~PrefilterStream();
  PrefilterStream(const PrefilterStream&) = delete;
  PrefilterStream& operator=(const PrefilterStream&) = delete;

  /// Appends the hits of the next piece, with their place in the whole text. False where it cannot
  /// be searched: the database does not fit this machine, or memory ran out.
  bool scan(std::string_view piece, std::vector<Hit>& hits);

 private:
  hs_stream* stream_ = nullptr;
};

}  // namespace oap::security
