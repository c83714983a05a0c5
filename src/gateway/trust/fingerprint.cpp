#include "gateway/trust/fingerprint.hpp"

#include <array>
#include <string_view>

#include "crypto/hash.hpp"
#include "json/print.hpp"

namespace oap::gateway {
namespace {

constexpr std::array<std::string_view, 6> kPinned{"name",        "title",        "description",
                                                  "inputSchema", "outputSchema", "annotations"};

}  // namespace

json::Object pinned_part(const json::Object& definition) {
  json::Object part;
  for (const std::string_view member : kPinned) {
    if (const json::Value* const value = json::find(definition, member)) {
      part[member] = *value;
    }
  }
  return part;
}

std::string fingerprint(const json::Object& definition) {
  return crypto::sha256_hex(json::canonical(json::Value(pinned_part(definition))));
}

}  // namespace oap::gateway
