#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "text/glob.hpp"

// The first byte chooses the options; a newline parts the pattern from the text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace oap;
  if (size == 0) {
    return 0;
  }
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t line = std::min(input.find('\n'), input.size());
  const std::string_view pattern = input.substr(0, line);
  const std::string_view text = input.substr(std::min(line + 1, input.size()));
  text::GlobOptions options;
  options.mode = (data[0] & 1U) != 0 ? text::GlobMode::kPlain : text::GlobMode::kPath;
  options.case_insensitive = (data[0] & 2U) != 0;

  const Result<text::Glob> glob = text::Glob::compile(pattern, options);
  if (glob) {
    const bool matched = glob->matches(text);
    const std::string& prefix = glob->literal_prefix();
    if (matched && !text.starts_with(prefix)) {
      std::abort();
    }
    if (!glob->has_wildcards() && matched != (text == prefix)) {
      std::abort();
    }
  }
  const Result<text::Glob> quoted = text::Glob::compile(text::glob_quote(text), options);
  if (quoted && !quoted->matches(text)) {
    std::abort();
  }
  return 0;
}
