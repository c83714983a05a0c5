// Secrets: decoders, finder and stream. A stream must find what the whole text holds, and what is
// clean must stay clean.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "security/secret_scanner.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using oap::security::SecretScanner;
  static const SecretScanner kScanner({"known-secret-1", "hunter2!"}, "key");
  if (size > 20'000 || size == 0) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t step = 1 + data[0] % 61U;
  oap::security::SecretStream stream(kScanner);
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += step) {
    stream.push(text.substr(at, step), out);
  }
  out += stream.finish();
  std::size_t before = 0;
  for (const auto& finding : kScanner.scan(text)) {
    if (finding.start < before || finding.end > text.size() || finding.start >= finding.end) {
      std::abort();
    }
    before = finding.end;
  }
  if (out.find("known-secret-1") != std::string::npos) {
    std::abort();
  }
  return 0;
}
