#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/address_guard.hpp"
#include "net/url.hpp"
#include "net/url_encode.hpp"

// What is taken for a URL stays one when it is resolved, a reference never leaves http, and forms
// and percent signs come back as they were.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto resolved = oap::net::resolve_url("https://u:p@base.example/a/b/c?d", text);
  if (resolved) {
    const auto url = oap::net::parse_url(*resolved);
    const auto again = oap::net::resolve_url(*resolved, "");
    if (!url || !again || resolved->find('#') != std::string::npos) {
      std::abort();
    }
  }
  if (const auto fields = oap::net::form_decode(text)) {
    const auto again = oap::net::form_decode(oap::net::form_encode(*fields));
    if (!again || *again != *fields) {
      std::abort();
    }
  }
  const auto decoded = oap::net::percent_decode(oap::net::percent_encode(text));
  if (!decoded || *decoded != text) {
    std::abort();
  }
  oap::net::classify(text);
  return 0;
}
