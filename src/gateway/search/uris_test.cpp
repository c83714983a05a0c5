#include "gateway/search/uris.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace oap::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(WrapUri, NamesTheServerAndCanBeUndone) {
  EXPECT_EQ(wrap_uri("gh", "file:///a b"), "oap://server/gh/file%3A%2F%2F%2Fa%20b");
  EXPECT_EQ(wrap_uri("gh", "ui://app/1"), "ui://oap-server/gh/ui%3A%2F%2Fapp%2F1");
  EXPECT_EQ(wrap_uri("gh", "file:///{path}"), "oap://template/gh/file:///{path}");
  EXPECT_EQ(wrap_uri("gh", "ui://x/{id}"), "ui://oap-template/gh/ui://x/{id}");
  EXPECT_EQ(unwrap_uri("oap://template/gh/file:///etc/hosts"),
            (ServerUri{"gh", "file:///etc/hosts"}));
}

TEST(WrapUri, RoundTripsAnyBytesAndIsOneToOne) {
  EXPECT_TRUE(rc::check([] {
    const auto bytes = [] { return *rc::gen::container<std::string>(rc::gen::arbitrary<char>()); };
    const std::string server = "s" + bytes();
    const std::string uri = *rc::gen::element<std::string>("u", "ui://", "oap://server/") + bytes();
    const auto back = unwrap_uri(wrap_uri(server, uri));
    RC_ASSERT(back == (ServerUri{server, uri}));
  }));
}

TEST(UnwrapUri, RefusesWhatIsNone) {
  for (const char* const uri :
       {"", "oap://", "oap://server/", "oap://server/gh", "oap://server/gh/", "oap://server//x",
        "oap://server/gh/%", "oap://server/gh/%4", "oap://server/gh/%zz", "oap://server/gh/a b",
        "oap://other/gh/x", "file:///x", "OAP://server/gh/x", "oap://server/gh/%+1"}) {
    EXPECT_EQ(unwrap_uri(uri), std::nullopt) << uri;
  }
}

TEST(UriTable, KeepsWhatOneServerAloneClaims) {
  const UriTable table({{"a", false, {"file:///x", "mem://1"}}, {"b", false, {"file:///x"}}});
  EXPECT_EQ(table.public_uri("a", "mem://1"), "mem://1");
  EXPECT_EQ(table.resolve("mem://1"), (ServerUri{"a", "mem://1"}));
  EXPECT_EQ(table.resolve("file:///x"), std::nullopt);
  for (const char* const server : {"a", "b"}) {
    const std::string uri = table.public_uri(server, "file:///x");
    EXPECT_EQ(uri, wrap_uri(server, "file:///x"));
    EXPECT_EQ(table.resolve(uri), (ServerUri{server, "file:///x"}));
  }
  EXPECT_THAT(table.problems(), IsEmpty());
}

TEST(UriTable, UnlistedUrisSayWhoseTheyAre) {
  const UriTable two({{"a", false, {}}, {"b", true, {}}});
  EXPECT_EQ(two.public_uri("a", "x:1"), wrap_uri("a", "x:1"));
  EXPECT_EQ(two.resolve("x:1"), std::nullopt);
  EXPECT_EQ(two.resolve(wrap_uri("b", "x:1")), (ServerUri{"b", "x:1"}));
  EXPECT_EQ(two.resolve(wrap_uri("c", "x:1")), std::nullopt);
  const UriTable one({{"a", false, {}}});
  EXPECT_EQ(one.public_uri("a", "x:1"), "x:1");
  EXPECT_EQ(one.resolve("x:1"), (ServerUri{"a", "x:1"}));
  EXPECT_EQ(one.resolve(wrap_uri("a", "x:1")), (ServerUri{"a", "x:1"}));
}

std::vector<std::string> owners_of(const UriTable& table, std::string_view uri) {
  std::vector<std::string> servers;
  for (const ServerUri& owner : table.owners(uri)) {
    servers.push_back(owner.server);
  }
  return servers;
}

TEST(UriTable, AUriGoesToWhomItFitsBest) {
  const UriTable table({{"a-takes-all", false, {"{+a}", "{scheme}://{+rest}"}},
                        {"notes", false, {"notes://{id}"}},
                        {"files", false, {"file:///srv/a", "file:///srv/data/b"}},
                        {"root", false, {"file:///{+path}"}},
                        {"pages", false, {"https://x.example/{page}", "https://x.example/faq"}},
                        {"wiki", false, {"https://x.example/wiki/{page}"}}});
  EXPECT_THAT(owners_of(table, "notes://1"), ElementsAre("notes", "a-takes-all"));
  EXPECT_THAT(owners_of(table, "file:///srv/a"), ElementsAre("files", "root", "a-takes-all"));
  EXPECT_THAT(owners_of(table, "file:///srv/data/c"), ElementsAre("files", "root", "a-takes-all"));
  EXPECT_THAT(owners_of(table, "file:///etc/x"), ElementsAre("root", "files", "a-takes-all"));
  EXPECT_THAT(owners_of(table, "https://x.example/wiki/1"),
              ElementsAre("wiki", "pages", "a-takes-all"));
  EXPECT_THAT(owners_of(table, "https://x.example/faq"), ElementsAre("pages", "a-takes-all"));
  EXPECT_THAT(owners_of(table, "mem://1"), ElementsAre("a-takes-all"));
  EXPECT_THAT(owners_of(table, wrap_uri("wiki", "notes://1")), ElementsAre("wiki"));
  EXPECT_THAT(owners_of(table, ""), ElementsAre("a-takes-all"));
}

TEST(UriTable, AUriThatSeveralListIsAnyOfTheirs) {
  const UriTable table({{"b", false, {"t:1"}}, {"c", false, {"t:{x}"}}, {"a", false, {"t:1"}}});
  EXPECT_THAT(owners_of(table, "t:1"), ElementsAre("a", "b", "c"));
  const UriTable open({{"b", true, {"t:1"}}, {"a", false, {"t:1"}}});
  EXPECT_THAT(owners_of(open, "t:1"), ElementsAre("b", "a"));
}

TEST(UriTable, WhoseAUriIsDoesNotDependOnTheOrder) {
  EXPECT_TRUE(rc::check([] {
    const auto uris = rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "a:1", "a:x/1", "a:x/{b}", "a:{+b}", "{+all}", "{a}:{b}", "b://{c}", "b://c/d"));
    std::vector<ServerUris> servers;
    for (int i = *rc::gen::inRange(1, 5); i > 0; --i) {
      servers.push_back({"s" + std::to_string(i), *rc::gen::arbitrary<bool>(), *uris});
    }
    const UriTable table(servers);
    const UriTable reversed({servers.rbegin(), servers.rend()});
    for (const char* const uri :
         {"a:1", "a:x/1", "a:x/2", "b://c/d", "c:", "", "oap://server/s1/a"}) {
      RC_ASSERT(table.owners(uri) == reversed.owners(uri));
    }
  }));
}

TEST(UriTable, APassthroughServerKeepsItsUrisAndTheOthersAreWrapped) {
  const UriTable table({{"c", true, {"t:1"}}, {"b", true, {"t:1"}}, {"a", false, {"t:1"}}});
  EXPECT_EQ(table.public_uri("b", "t:1"), "t:1");
  EXPECT_EQ(table.resolve("t:1"), (ServerUri{"b", "t:1"}));
  EXPECT_EQ(table.public_uri("a", "t:1"), wrap_uri("a", "t:1"));
  EXPECT_EQ(table.public_uri("c", "t:1"), wrap_uri("c", "t:1"));
  EXPECT_THAT(table.problems(), ElementsAre(HasSubstr("server c")));
}

TEST(UriTable, AUriThatPosesAsAnotherServersIsWrapped) {
  const std::string posing = wrap_uri("bank", "acc:1");
  const UriTable table({{"evil", true, {posing}}, {"bank", false, {"acc:1"}}});
  EXPECT_EQ(table.resolve(posing), (ServerUri{"bank", "acc:1"}));
  EXPECT_EQ(table.public_uri("evil", posing), wrap_uri("evil", posing));
  EXPECT_EQ(table.resolve(wrap_uri("evil", posing)), (ServerUri{"evil", posing}));
}

TEST(UriTable, WhatIsShownResolvesToWhoShowedItWhateverTheOrder) {
  EXPECT_TRUE(rc::check([] {
    const auto uris = rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "a:1", "a:2", "ui://x", "oap://server/s0/a%3A1", "ui://oap-server/s1/x", "t:{x}"));
    std::vector<ServerUris> servers;
    for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
      servers.push_back({"s" + std::to_string(i), *rc::gen::arbitrary<bool>(), *uris});
    }
    const UriTable table(servers);
    const UriTable reversed({servers.rbegin(), servers.rend()});
    for (const ServerUris& server : servers) {
      for (const std::string& uri : server.uris) {
        const std::string shown = table.public_uri(server.server, uri);
        RC_ASSERT(table.resolve(shown) == (ServerUri{server.server, uri}));
        RC_ASSERT(reversed.public_uri(server.server, uri) == shown);
      }
    }
  }));
}

}  // namespace
}  // namespace oap::gateway
