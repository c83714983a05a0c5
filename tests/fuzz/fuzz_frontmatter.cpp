// Frontmatter: any bytes give fields and a body that is a suffix of the text, or an error with a
// place.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "yaml/frontmatter.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto split = oap::yaml::split_frontmatter(text, "f");
  if (!split) {
    if (split.error().message().rfind("f:", 0) != 0) {
      std::abort();
    }
    return 0;
  }
  const std::string& body = split->body;
  if (body.size() > text.size() || text.substr(text.size() - body.size()) != body ||
      split->body_line < 1) {
    std::abort();
  }
  return 0;
}
