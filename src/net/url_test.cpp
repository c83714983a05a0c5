#include "net/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/plain_host.hpp"

namespace oap::net {
namespace {

TEST(ParseUrl, ReadsItsParts) {
  const auto url = parse_url("HTTPS://user:pw@API.Example.com:8443/a/b?k=v#f");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->userinfo, "user:pw");
  EXPECT_EQ(url->host, "api.example.com");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/a/b");
  EXPECT_EQ(url->query, "k=v");
  EXPECT_EQ(url->origin(), "https://api.example.com:8443");
}

TEST(ParseUrl, KnowsDefaultPortsAndIpv6) {
  EXPECT_EQ(parse_url("http://x")->port, 80);
  EXPECT_EQ(parse_url("https://x/")->port, 443);
  EXPECT_EQ(parse_url("https://x:443")->origin(), "https://x");
  EXPECT_EQ(parse_url("http://[::1]:9/x")->host, "::1");
  EXPECT_EQ(parse_url("http://[::1]:9/x")->origin(), "http://[::1]:9");
  EXPECT_EQ(parse_url("http://h?x=/y")->path, "");
  EXPECT_EQ(parse_url("http://a@b@evil/")->host, "evil");
}

TEST(ParseUrl, RefusesWhatIsNone) {
  for (const char* text : {"",
                           "x",
                           "/x",
                           "ftp://x",
                           "file:///etc/passwd",
                           "http://",
                           "http:///x",
                           "http://:80",
                           "http://h:0",
                           "http://h:65536",
                           "http://h:-1",
                           "http://h:8o",
                           "http://h:80:80",
                           "http://[::1",
                           "http://[::1]x",
                           "http://a b",
                           "http://a\nb",
                           "http://a\r\nHost: b/",
                           "http://h\\x",
                           "http://[ffff",
                           "http://h%00/",
                           "http:/h",
                           "//h"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code(), Code::kInvalidArgument);
  }
}

TEST(ParseUrl, NeverRepeatsSecrets) {
  const auto url = parse_url("http://user:secret@host:99999/?key=secret");
  ASSERT_FALSE(url);
  EXPECT_THAT(url.error().to_string(), testing::Not(testing::HasSubstr("secret")));
}

TEST(IsLoopback, KnowsItsNames) {
  for (const char* host : {"localhost", "LOCALHOST", "localhost.", "a.localhost", "127.0.0.1",
                           "127.255.1.2", "::1", "[::1]", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(is_loopback(host)) << host;
  }
  for (const char* host :
       {"", "localhost.evil.com", "127.0.0.1.evil.com", "127.evil.com", "128.0.0.1", "0.0.0.0",
        "127.0.0", "127.0.0.256", "0127.0.0.1", "::", "::2", "::ffff:10.0.0.1", "10.127.0.1",
        "notlocalhost", "127.0.0.-1", "127.0.0.+1"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

TEST(JoinUrl, NeverDoubles) {
  EXPECT_EQ(join_url("https://a", "/v1/messages"), "https://a/v1/messages");
  EXPECT_EQ(join_url("https://a/", "/v1/messages"), "https://a/v1/messages");
  EXPECT_EQ(join_url("https://a/v1", "/v1/messages"), "https://a/v1/messages");
  EXPECT_EQ(join_url("https://a/v1//", "/v1/messages"), "https://a/v1/messages");
  EXPECT_EQ(join_url("https://a/x/v1", "/v1/messages"), "https://a/x/v1/messages");
  EXPECT_EQ(join_url("https://a/v1/messages", "/v1/messages"), "https://a/v1/messages");
  EXPECT_EQ(join_url("https://a/xv1", "/v1/messages"), "https://a/xv1/v1/messages");
  EXPECT_EQ(join_url("https://v1", "/v1/messages"), "https://v1/v1/messages");
  EXPECT_EQ(join_url("https://a/p?k=1", "/m"), "https://a/p/m?k=1");
}

TEST(PlainHost, NamesAnAddressInOneWay) {
  for (const char* host : {"127.0.0.1", "127.0.0.1.", "[::ffff:127.0.0.1]", "::FFFF:7f00:1",
                           "64:ff9b::7f00:1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1"}) {
    EXPECT_EQ(plain_host(host), "127.0.0.1") << host;
  }
  EXPECT_EQ(plain_host("[0:0:0:0:0:0:0:1]"), "::1");
  EXPECT_EQ(plain_host("Example.COM."), "example.com");
  EXPECT_EQ(plain_host("127.0.0.1.example.com"), "127.0.0.1.example.com");
  EXPECT_EQ(plain_host(""), "");
}

}  // namespace
}  // namespace oap::net
