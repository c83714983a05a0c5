#include "gateway/trust/fingerprint.hpp"

#include <gtest/gtest.h>

#include "crypto/hash.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::gateway {
namespace {

json::Object object(std::string_view text) { return *json::parse_object(text); }

TEST(Fingerprint, IsSha256OfTheCanonicalPinnedMembers) {
  const json::Object tool = object(
      R"({"name":"t","inputSchema":{"type":"object"},"icons":[],"_meta":{"x":1},"title":"T"})");
  EXPECT_EQ(fingerprint(tool),
            crypto::sha256_hex(R"({"inputSchema":{"type":"object"},"name":"t","title":"T"})"));
}

TEST(Fingerprint, DoesNotDependOnOrderOrSpelling) {
  EXPECT_EQ(fingerprint(object(R"({"name":"t","inputSchema":{"a":1.0,"b":"\u0041"}})")),
            fingerprint(object(R"({"inputSchema":{"b":"A","a":1},"name":"t"})")));
}

TEST(Fingerprint, ChangesWithEveryPinnedMember) {
  const json::Object base = object(
      R"({"name":"t","title":"T","description":"D","inputSchema":{"type":"object"},
          "outputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}})");
  for (const auto& member : base) {
    json::Object gone = base;
    gone.erase(member.key());
    EXPECT_NE(fingerprint(gone), fingerprint(base)) << member.key();
    json::Object other = base;
    other[member.key()] = "other";
    EXPECT_NE(fingerprint(other), fingerprint(base)) << member.key();
  }
}

TEST(Fingerprint, TellsNullFromNothing) {
  EXPECT_NE(fingerprint(object(R"({"name":"t","title":null})")),
            fingerprint(object(R"({"name":"t"})")));
}

TEST(Fingerprint, TakesDeepAndMalformedInput) {
  json::Value deep = "x";
  for (int i = 0; i < 1000; ++i) {
    deep = json::Array{deep};
  }
  json::Object tool{{"name", "\xff\xfe"}, {"inputSchema", deep}};
  EXPECT_EQ(fingerprint(tool).size(), 64U);
}

}  // namespace
}  // namespace oap::gateway
