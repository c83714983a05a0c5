// YAML -> JSON: any bytes give a value within the limits or an error with a place, and what came
// out reads back the same from its JSON text, which is YAML too.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "yaml/yaml.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = oap::yaml::parse(text, "f");
  if (!document) {
    if (document.error().message().rfind("f:", 0) != 0) {
      std::abort();
    }
    return 0;
  }
  const std::string printed = oap::json::print(document->value);
  const auto again = oap::json::parse(printed);
  if (!again || oap::json::print(*again) != printed) {
    std::abort();
  }
  for (const auto& [pointer, line] : document->lines) {
    if (line < 1 || document->line(pointer) != line) {
      std::abort();
    }
  }
  return 0;
}
