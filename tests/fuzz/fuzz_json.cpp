#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "json/parse.hpp"
#include "json/print.hpp"

// What is printed reads back and prints the same; the canonical form is a fixed point.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace oap;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<json::Value> value = json::parse(text);
  if (!value) {
    return 0;
  }
  const std::string printed = json::print(*value);
  const Result<json::Value> back = json::parse(printed);
  if (!back || json::print(*back) != printed || *back != *value) {
    std::abort();
  }
  const Result<json::Value> pretty = json::parse(json::print_pretty(*value));
  if (!pretty || *pretty != *value) {
    std::abort();
  }
  const std::string canonical = json::canonical(*value);
  const Result<json::Value> sorted = json::parse(canonical);
  if (!sorted || json::canonical(*sorted) != canonical) {
    std::abort();
  }
  return 0;
}
