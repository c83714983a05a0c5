// The lexers and checks of the code scanner: any bytes end, with findings that lie in the text.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "security/code_scanner.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using oap::security::Language;
  static const oap::security::SecretScanner kSecrets({}, "key");
  if (size > 20'000) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lines = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  for (const Language language : {Language::kBash, Language::kPython, Language::kJavaScript}) {
    for (const auto& finding : oap::security::scan_code(text, language, "a", kSecrets)) {
      if (finding.line_number < 1 || finding.line_number > lines) {
        std::abort();
      }
    }
  }
  return 0;
}
