#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "json/parse.hpp"
#include "json/schema.hpp"

// A newline parts the schema from the instance. Both verdicts must agree, whatever the schema.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace oap;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(input.find('\n'), input.size());
  const Result<json::Value> schema = json::parse(input.substr(0, line));
  const Result<json::Value> instance = json::parse(input.substr(std::min(line + 1, size)));
  if (!schema || !instance) {
    return 0;
  }
  json::Schema::Options options;
  options.assert_formats = true;
  options.max_steps = 20'000;
  const Result<json::Schema> compiled = json::Schema::compile(*schema, options);
  if (!compiled) {
    return 0;
  }
  const auto violations = compiled->validate(*instance, 4);
  if (violations.size() > 4 || (violations.empty() && !compiled->is_valid(*instance))) {
    std::abort();
  }
  return 0;
}
