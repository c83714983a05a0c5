#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/http_head.hpp"

namespace {

using oap::net::RequestReader;

constexpr RequestReader::Limits kLimits{512, 1024};

bool feed(RequestReader& reader, std::string_view stream, std::size_t piece) {
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    if (!reader.feed(stream.substr(at, piece))) {
      return false;
    }
  }
  return true;
}

}  // namespace

// A reader never crashes, keeps its limits, and reads an accepted request alike in any pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::size_t piece = 1U + data[0] % 7U;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  RequestReader whole(kLimits);
  RequestReader pieces(kLimits);
  const bool whole_ok = feed(whole, stream, stream.size() + 1);
  const bool pieces_ok = feed(pieces, stream, piece);
  if (!whole_ok || !whole.is_done()) {
    return 0;
  }
  if (whole.body().size() > kLimits.body || whole.head().method.empty()) {
    std::abort();
  }
  if (!pieces_ok || !pieces.is_done() || pieces.body() != whole.body() ||
      pieces.head().target != whole.head().target ||
      pieces.head().headers != whole.head().headers || pieces.take_rest() != whole.take_rest()) {
    std::abort();
  }
  return 0;
}
