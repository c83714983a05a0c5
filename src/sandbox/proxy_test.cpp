#include <gmock/gmock.h>

#include "sandbox/allow_list.hpp"
#include "sandbox/proxy_wire.hpp"

namespace oap::sandbox {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct HostCase {
  std::string given;
  const char* normal;  ///< "" = refused
};

TEST(NormalHost, OneFormOrNone) {
  const std::string nul("a\0.example.org", 14);
  const HostCase cases[] = {{"Example.ORG", "example.org"},
                            {"example.org.", "example.org"},
                            {"127.0.0.1", "127.0.0.1"},
                            {"[::1]", "::1"},
                            {"2001:DB8::1", "2001:db8::1"},
                            {"::ffff:127.0.0.1", "::ffff:127.0.0.1"},
                            {"a_b.example.org", "a_b.example.org"},
                            {"xn--bcher-kva.example", "xn--bcher-kva.example"},
                            {"", ""},
                            {".", ""},
                            {"a..b", ""},
                            {"-a.b", ""},
                            {"a b", ""},
                            {"a/b", ""},
                            {"a@b", ""},
                            {"a%00.example.org", ""},
                            {"a\r\nHost: b", ""},
                            {"b\xc3\xbc"
                             "cher.example",
                             ""},
                            {nul, ""},
                            {"127.1", ""},
                            {"2130706433", ""},
                            {"0x7f.0.0.1", ""},
                            {"0x7f000001", ""},
                            {"0177.0.0.1", ""},
                            {"127.0.0.01", ""},
                            {"1.2.3.4.5", ""},
                            {"fe80::1%eth0", ""},
                            {"[::1", ""},
                            {std::string(64, 'a') + ".org", ""},
                            {std::string(300, 'a'), ""}};
  for (const HostCase& row : cases) {
    EXPECT_EQ(normal_host(row.given).value_or(""), row.normal) << row.given;
  }
}

TEST(AllowListTest, NamesHostsPortsAndWhatLiesBelow) {
  const auto list = AllowList::parse(
      {"example.org", "*.Example.net", "api.test:8443", "127.0.0.1:9", "[::1]:80", "10.0.0.1"});
  ASSERT_TRUE(list) << list.error().to_string();
  EXPECT_TRUE(list->allows("example.org", 443));
  EXPECT_TRUE(list->allows("example.org", 80));
  EXPECT_FALSE(list->allows("example.org", 22));
  EXPECT_FALSE(list->allows("a.example.org", 443));
  EXPECT_FALSE(list->allows("evilexample.org", 443));
  EXPECT_FALSE(list->allows("example.org.evil", 443));
  EXPECT_TRUE(list->allows("a.b.example.net", 443));
  EXPECT_FALSE(list->allows("example.net", 443));
  EXPECT_FALSE(list->allows("evilexample.net", 443));
  EXPECT_FALSE(list->allows(".example.net", 443));
  EXPECT_TRUE(list->allows("api.test", 8443));
  EXPECT_FALSE(list->allows("api.test", 443));
  EXPECT_TRUE(list->names_address("127.0.0.1", 9));
  EXPECT_FALSE(list->names_address("127.0.0.1", 10));
  EXPECT_TRUE(list->names_address("::1", 80));
  EXPECT_FALSE(list->names_address("example.org", 443));
}

TEST(AllowListTest, RefusesWhatIsNoHost) {
  for (const char* bad : {"", "*", "*.", "*.10.0.0.1", "a:0", "a:65536", "a:x", "http://a", "a/b",
                          "a b", "none:", "127.1"}) {
    const auto list = AllowList::parse({bad});
    EXPECT_FALSE(list) << bad;
    EXPECT_THAT(list ? "" : list.error().message(), HasSubstr("--network"));
  }
}

TEST(ProxyWire, ReadsConnectByteByByte) {
  const std::string text = "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\nrest";
  for (std::size_t size = 0; size + 4 < text.size(); ++size) {
    EXPECT_EQ(read_ask(text.substr(0, size), false).state, ProxyAsk::State::kMore) << size;
  }
  const ProxyAsk ask = read_ask(text, false);
  EXPECT_EQ(ask.state, ProxyAsk::State::kReady);
  EXPECT_EQ(ask.host, "example.org");
  EXPECT_EQ(ask.port, 443);
  EXPECT_EQ(text.substr(ask.consumed), "rest");
}

TEST(ProxyWire, ForwardsAnAbsoluteUrlInOriginForm) {
  const ProxyAsk ask = read_ask(
      "GET http://example.org/a?b HTTP/1.1\r\nHost: example.org\r\nProxy-Authorization: x\r\n"
      "Connection: keep-alive\r\nX: y\r\n\r\n",
      false);
  EXPECT_EQ(ask.state, ProxyAsk::State::kReady);
  EXPECT_EQ(ask.port, 80);
  EXPECT_EQ(ask.forward,
            "GET /a?b HTTP/1.1\r\nHost: example.org\r\nX: y\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(read_ask("GET http://h:8080 HTTP/1.1\r\n\r\n", false).port, 8080);
}

TEST(ProxyWire, RefusesWhatIsNotForAProxy) {
  const std::string nul("CONNECT a\0b:443 HTTP/1.1\r\n\r\n", 28);
  for (const std::string& bad :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string("CONNECT example.org HTTP/1.1\r\n\r\n"),
        std::string("CONNECT :443 HTTP/1.1\r\n\r\n"),
        std::string("CONNECT a:99999 HTTP/1.1\r\n\r\n"),
        std::string("GET http://u@h/ HTTP/1.1\r\n\r\n"),
        std::string("GET ftp://h/ HTTP/1.1\r\n\r\n"), std::string("CONNECT a:1 HTTP/2.0\r\n\r\n"),
        std::string("x\r\n\r\n"), nul, std::string(kLargestAsk + 1, 'x')}) {
    const ProxyAsk ask = read_ask(bad, false);
    EXPECT_EQ(ask.state, ProxyAsk::State::kBad) << bad.substr(0, 60);
    EXPECT_THAT(ask.reply, StartsWith("HTTP/1.1 400 "));
  }
}

TEST(ProxyWire, SpeaksSocks) {
  EXPECT_EQ(read_ask(std::string("\5\2\0", 3), false).state, ProxyAsk::State::kMore);
  const ProxyAsk hello = read_ask(std::string("\5\2\0\2", 4), false);
  EXPECT_EQ(hello.state, ProxyAsk::State::kGreeted);
  EXPECT_EQ(hello.consumed, 4u);
  EXPECT_EQ(hello.reply, std::string("\5\0", 2));
  EXPECT_EQ(read_ask(std::string("\5\1\2", 3), false).reply, "\5\xff");
  const std::string name("\5\1\0\3\3abc\0\120", 10);
  for (std::size_t size = 1; size < name.size(); ++size) {
    EXPECT_EQ(read_ask(name.substr(0, size), true).state, ProxyAsk::State::kMore) << size;
  }
  const ProxyAsk ask = read_ask(name, true);
  EXPECT_EQ(ask.host + ":" + std::to_string(ask.port), "abc:80");
  EXPECT_EQ(read_ask(std::string("\5\1\0\1\177\0\0\1\0\120", 10), true).host, "127.0.0.1");
  EXPECT_EQ(read_ask(std::string("\5\2\0\1\177\0\0\1\0\120", 10), true).state,
            ProxyAsk::State::kBad);
  EXPECT_EQ(read_ask(std::string("\5\1\0\7\177\0\0\1\0\120", 10), true).state,
            ProxyAsk::State::kBad);
}

}  // namespace
}  // namespace oap::sandbox
