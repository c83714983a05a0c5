#include "gateway/serve/relay.hpp"

#include <gtest/gtest.h>

#include "gateway/testing/endpoint_house.hpp"
#include "json/parse.hpp"

namespace oap::gateway {
namespace {

mcp::Caller caller_of(mcp::Era era, std::string log_level = {}) {
  mcp::Caller caller;
  caller.era = era;
  caller.log_level = std::move(log_level);
  return caller;
}

std::string level_told_for(mcp::Caller caller) {
  testing::FakeRequest exchange(std::move(caller));
  json::Object extra;
  return relay_to(exchange, extra).log_level;
}

TEST(Relay, LogLevelOfALegacyClientIsInfoUntilItSetsOne) {
  EXPECT_EQ(level_told_for(caller_of(mcp::Era::kLegacy)), "info");
  EXPECT_EQ(level_told_for(caller_of(mcp::Era::kLegacy, "error")), "error");
}

TEST(Relay, LogLevelOfAModernClientIsWhatItsRequestSays) {
  EXPECT_EQ(level_told_for(caller_of(mcp::Era::kModern)), "");
  EXPECT_EQ(level_told_for(caller_of(mcp::Era::kModern, "debug")), "debug");
}

TEST(Relay, TasksAreForClientsThatDeclareThem) {
  mcp::Caller caller = caller_of(mcp::Era::kModern);
  EXPECT_FALSE(declares_tasks(caller));
  caller.capabilities = json::parse_object(R"({"tasks": {}, "extensions": {}})").value();
  EXPECT_FALSE(declares_tasks(caller));
  caller.capabilities =
      json::parse_object(R"({"extensions": "io.modelcontextprotocol/tasks"})").value();
  EXPECT_FALSE(declares_tasks(caller));
  caller.capabilities =
      json::parse_object(R"({"extensions": {"io.modelcontextprotocol/tasks": {}}})").value();
  EXPECT_TRUE(declares_tasks(caller));
}

TEST(Relay, UndeclaredTasksAreRefusedWithWhatIsMissing) {
  const mcp::Failure failure = needs_tasks().value();
  ASSERT_TRUE(failure.peer);
  EXPECT_EQ(failure.peer->code, mcp::kMissingCapability);
  EXPECT_EQ(*failure.peer->data, json::Value(json::parse_object(R"({"requiredCapabilities":
                {"extensions": {"io.modelcontextprotocol/tasks": {}}}})")
                                                 .value()));
}

}  // namespace
}  // namespace oap::gateway
