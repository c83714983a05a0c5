#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "jsonrpc/message.hpp"

// What decodes, prints to one line that decodes to the same line again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto first = oap::jsonrpc::decode(text);
  if (!first) {
    if (first.error().message.empty()) {
      std::abort();
    }
    return 0;
  }
  const std::string printed = oap::jsonrpc::print(*first);
  const auto second = oap::jsonrpc::decode(printed);
  if (printed.find('\n') != std::string::npos || !second ||
      oap::jsonrpc::print(*second) != printed) {
    std::abort();
  }
  return 0;
}
