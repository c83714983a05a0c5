#include "migration/server_policy.hpp"

#include <gtest/gtest.h>

#include "json/parse.hpp"

namespace oap::migration {
namespace {

std::vector<json::Object> list(std::initializer_list<const char*> entries) {
  std::vector<json::Object> out;
  for (const char* entry : entries) {
    out.push_back(*json::parse_object(entry));
  }
  return out;
}

bool passes(const ServerPolicy& policy, std::string_view name, const char* server) {
  return refused(policy, name, *json::parse_object(server)).empty();
}

constexpr const char* kLocal = R"({"command": "npx", "args": ["-y", "@a/fs", "."]})";
constexpr const char* kRemote = R"({"type": "remote", "url": "https://mcp.example.com/v1"})";

TEST(ServerPolicy, WithoutListsEverything) { EXPECT_TRUE(passes({}, "a", kLocal)); }

TEST(ServerPolicy, DeniedByNameCommandOrUrl) {
  EXPECT_FALSE(passes({list({R"({"serverName": "fs"})"}), {}}, "fs", kLocal));
  EXPECT_TRUE(passes({list({R"({"serverName": "fs"})"}), {}}, "fs2", kLocal));
  EXPECT_FALSE(
      passes({list({R"({"serverCommand": ["npx", "-y", "@a/fs", "."]})"}), {}}, "x", kLocal));
  EXPECT_TRUE(passes({list({R"({"serverCommand": ["npx"]})"}), {}}, "x", kLocal));
  EXPECT_FALSE(passes({list({R"({"serverUrl": "https://*.example.com/*"})"}), {}}, "x", kRemote));
  EXPECT_TRUE(passes({list({R"({"serverUrl": "https://*.example.org/*"})"}), {}}, "x", kRemote));
}

TEST(ServerPolicy, AllowedAloneIsAllThereIs) {
  EXPECT_FALSE(passes({{}, list({})}, "fs", kLocal));
  EXPECT_TRUE(passes({{}, list({R"({"serverName": "fs"})"})}, "fs", kLocal));
  EXPECT_FALSE(passes({{}, list({R"({"serverName": "fs"})"})}, "other", kLocal));
  const ServerPolicy strict{{}, list({R"({"serverName": "fs"})", R"({"serverCommand": ["x"]})"})};
  EXPECT_FALSE(passes(strict, "fs", kLocal)) << "a name alone is no command line";
  EXPECT_FALSE(passes(strict, "web", kRemote));
  EXPECT_TRUE(passes(strict, "fs", kRemote));
}

TEST(ServerPolicy, DeniedBeforeAllowed) {
  EXPECT_FALSE(
      passes({list({R"({"serverName": "fs"})"}), list({R"({"serverName": "fs"})"})}, "fs", kLocal));
}

}  // namespace
}  // namespace oap::migration
