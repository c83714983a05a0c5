#include "mcp/server/cors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oap::mcp {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

net::RequestHead head_of(net::HeaderList headers) {
  net::RequestHead head;
  head.method = "OPTIONS";
  head.target = "/mcp";
  head.headers = std::move(headers);
  return head;
}

std::string value_of(const net::HeaderList& headers, const std::string& name) {
  for (const auto& [key, value] : headers) {
    if (key == name) {
      return value;
    }
  }
  return "";
}

TEST(Cors, APageLearnsItsSessionAndHowToSignIn) {
  const auto headers = cors_headers(head_of({{"Origin", "http://localhost:6274"}}));
  EXPECT_EQ(value_of(headers, "Access-Control-Allow-Origin"), "http://localhost:6274");
  EXPECT_THAT(value_of(headers, "Access-Control-Expose-Headers"),
              AllOf(HasSubstr("Mcp-Session-Id"), HasSubstr("WWW-Authenticate")));
  EXPECT_EQ(value_of(headers, "Vary"), "Origin");
}

TEST(Cors, AProgramIsToldNothing) {
  EXPECT_THAT(cors_headers(head_of({})), IsEmpty());
  const auto headers = preflight_headers(head_of({}));
  EXPECT_EQ(value_of(headers, "Allow"), "GET, POST, DELETE, OPTIONS");
  EXPECT_EQ(value_of(headers, "Access-Control-Allow-Methods"), "");
}

TEST(Cors, APreflightNamesWhatClientsSendAndMirroredArguments) {
  const auto headers = preflight_headers(head_of(
      {{"Origin", "http://localhost:6274"},
       {"Access-Control-Request-Method", "POST"},
       {"Access-Control-Request-Headers", "content-type, x-evil, mcp-param-City,mcp-param-"}}));
  EXPECT_EQ(value_of(headers, "Access-Control-Allow-Methods"), "GET, POST, DELETE");
  EXPECT_THAT(
      value_of(headers, "Access-Control-Allow-Headers"),
      AllOf(HasSubstr("Authorization"), HasSubstr("Content-Type"), HasSubstr("Last-Event-ID"),
            HasSubstr("MCP-Protocol-Version"), HasSubstr("Mcp-Method"), HasSubstr("Mcp-Name"),
            HasSubstr("Mcp-Session-Id"), HasSubstr("mcp-param-City"), Not(HasSubstr("x-evil"))));
}

TEST(Cors, APreflightWithoutHeadersIsAnsweredToo) {
  const auto headers = preflight_headers(
      head_of({{"Origin", "http://localhost:6274"}, {"Access-Control-Request-Method", "DELETE"}}));
  EXPECT_THAT(value_of(headers, "Access-Control-Allow-Headers"), HasSubstr("Mcp-Session-Id"));
}

}  // namespace
}  // namespace oap::mcp
