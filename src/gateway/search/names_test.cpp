#include "gateway/search/names.hpp"

#include <fstream>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "text/strings.hpp"

namespace oap::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string bytes_of(std::string_view field) {
  std::string out;
  for (std::size_t at = 0; at < field.size(); ++at) {
    if (field.substr(at, 2) == "\\x" && at + 4 <= field.size()) {
      out += static_cast<char>(std::stoi(std::string(field.substr(at + 2, 2)), nullptr, 16));
      at += 3;
    } else {
      out += field[at];
    }
  }
  return out;
}

TEST(PublicName, Cases) {
  std::ifstream file(OAP_SOURCE_DIR "/src/gateway/search/cases/names.case");
  int rows = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    const auto pieces = text::split(line, '|');
    ASSERT_EQ(pieces.size(), 3U) << line;
    const std::string name =
        public_name(bytes_of(text::trim(pieces[0])), bytes_of(text::trim(pieces[1])));
    std::string expected(text::trim(pieces[2]));
    if (expected.ends_with('#')) {
      expected.pop_back();
      EXPECT_EQ(name.size(), expected.size() + 12) << line << ": " << name;
      EXPECT_EQ(name.substr(0, expected.size()), expected) << line;
    } else {
      EXPECT_EQ(name, expected);
    }
    EXPECT_LE(name.size(), kMaxPublicName) << line;
    ++rows;
  }
  EXPECT_GE(rows, 20);
}

TEST(PublicName, NeverChangesBetweenVersions) {
  EXPECT_EQ(public_name("fs", "read.file"), "fs__read_file_54378e77f2a3");
  EXPECT_EQ(public_name("a__b", "c"), "a__b__c_bf3c0c39c6e3");
}

/// Pieces that make clashes likely.
std::string any_name() {
  if (*rc::gen::inRange(0, 8) == 0) {
    return std::string(*rc::gen::inRange<std::size_t>(20, 140), 'n') +
           *rc::gen::element<std::string>("", "a", "b");
  }
  std::string name;
  for (int pieces = *rc::gen::inRange(1, 5); pieces > 0; --pieces) {
    name += *rc::gen::element<std::string>("a", "b", "_", "__", "-", ".", " ", "é", "\xff", "A",
                                           "_0123456789ab");
  }
  return name;
}

std::vector<ServerNames> any_servers() {
  std::map<std::string, ServerNames> servers;
  for (int count = *rc::gen::inRange(1, 6); count > 0; --count) {
    const std::string server = any_name();
    servers[server].server = server;
    servers[server].names =
        *rc::gen::container<std::vector<std::string>>(rc::gen::exec([] { return any_name(); }));
  }
  std::vector<ServerNames> list;
  for (auto& [name, server] : servers) {
    list.push_back(std::move(server));
  }
  return list;
}

TEST(PublicName, IsShortPlainAndOneToOne) {
  EXPECT_TRUE(rc::check([] {
    std::map<std::string, std::pair<std::string, std::string>> seen;
    std::vector<std::pair<std::string, std::string>> pairs;
    for (int i = 0; i < 30; ++i) {
      pairs.emplace_back(any_name(), any_name());
    }
    for (const auto& [server, tool] : pairs) {
      const std::string name = public_name(server, tool);
      RC_ASSERT(name.size() <= kMaxPublicName);
      RC_ASSERT(name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789_-") == std::string::npos);
      const auto [at, fresh] = seen.try_emplace(name, server, tool);
      RC_ASSERT(fresh || at->second == std::make_pair(server, tool));
    }
  }));
}

TEST(PublicName, OfAHashedNameIsNotTakenByTheToolThatIsCalledSo) {
  const std::string hashed = public_name("s", "read.file");
  const std::string posing = hashed.substr(3);
  EXPECT_NE(public_name("s", posing), hashed);
}

TEST(NameTable, GivesTheSameNamesForAnySubsetInAnyOrder) {
  EXPECT_TRUE(rc::check([] {
    const std::vector<ServerNames> all = any_servers();
    const NameTable table(all);
    std::vector<ServerNames> some;
    for (const ServerNames& server : all) {
      if (*rc::gen::arbitrary<bool>()) {
        some.insert(some.begin() + *rc::gen::inRange<int>(0, static_cast<int>(some.size()) + 1),
                    server);
      }
    }
    const NameTable part(some);
    for (const NameTable::Entry& entry : part.entries()) {
      const NameTable::Entry* const same = table.find(entry.server, entry.name);
      RC_ASSERT(same != nullptr);
      RC_ASSERT(*same == entry);
    }
    RC_ASSERT(NameTable({all.rbegin(), all.rend()}).entries() == table.entries());
  }));
}

TEST(NameTable, FindsEveryEntryBothWays) {
  EXPECT_TRUE(rc::check([] {
    std::vector<ServerNames> all = any_servers();
    for (ServerNames& server : all) {
      server.passthrough = *rc::gen::arbitrary<bool>();
    }
    const NameTable table(all);
    std::set<std::string> names;
    for (const NameTable::Entry& entry : table.entries()) {
      RC_ASSERT(names.insert(entry.public_name).second);
      RC_ASSERT(table.find(entry.public_name) == &entry);
      RC_ASSERT(table.find(entry.server, entry.name) == &entry);
      RC_ASSERT(public_name(entry.server, entry.name) == entry.public_name ||
                passthrough_name(entry.server, entry.name) == entry.public_name);
    }
  }));
}

TEST(NameTable, IsFoundByTheExactNameToo) {
  const NameTable table({{"fs", false, false, {"read.file"}}, {"one", true, false, {"ping"}}});
  ASSERT_NE(table.find("fs__read.file"), nullptr);
  EXPECT_EQ(table.find("fs__read.file")->public_name, public_name("fs", "read.file"));
  EXPECT_EQ(table.find("one__ping")->public_name, "ping");
  EXPECT_EQ(table.find("fs__none"), nullptr);
  EXPECT_EQ(table.find(""), nullptr);
}

TEST(NameTable, AnExactNameThatReadsTwoWaysMeansTheOneThatIsServedSo) {
  const NameTable both({{"a", false, false, {"b__c"}}, {"a__b", false, false, {"c"}}});
  EXPECT_EQ(both.find("a__b__c")->server, "a");
  const NameTable neither({{"a_", false, false, {".x"}}, {"a", false, false, {"_.x"}}});
  EXPECT_EQ(neither.find("a___.x"), nullptr);
  EXPECT_NE(neither.find("a", "_.x"), nullptr);
}

TEST(NameTable, BuiltinNamesAreBareComeFirstAndYieldToNobody) {
  const NameTable table(
      {{"alpha", true, false, {"bash", "zip"}}, {"sandbox", false, true, {"bash", "glob"}}});
  std::vector<std::string> names;
  for (const NameTable::Entry& entry : table.entries()) {
    names.push_back(entry.public_name);
  }
  EXPECT_THAT(names, ElementsAre("bash", "glob", "alpha__bash", "zip"));
  EXPECT_EQ(table.find("bash")->server, "sandbox");
  EXPECT_EQ(table.find("alpha", "bash")->public_name, "alpha__bash");
  EXPECT_THAT(table.problems(),
              ElementsAre(HasSubstr(
                  "bash of server alpha is served as alpha__bash: the name bash is taken")));
}

TEST(NameTable, OnAClashTheLaterServerByNameGetsItsPrefix) {
  const std::vector<ServerNames> servers{{"zeta", true, false, {"go", "own"}},
                                         {"beta", true, false, {"go"}}};
  const NameTable table(servers);
  EXPECT_EQ(table.find("go")->server, "beta");
  EXPECT_FALSE(table.find("go")->renamed);
  ASSERT_NE(table.find("zeta__go"), nullptr);
  EXPECT_EQ(table.find("zeta__go")->public_name, "zeta__go");
  EXPECT_TRUE(table.find("zeta__go")->renamed);
  EXPECT_EQ(table.find("own")->server, "zeta");
  EXPECT_FALSE(table.find("own")->renamed);
  EXPECT_THAT(table.problems(), ElementsAre(HasSubstr("go of server zeta is served as zeta__go")));
  EXPECT_EQ(NameTable({servers[1], servers[0]}).entries(), table.entries());
}

TEST(NameTable, NoPassthroughNamePosesAsAnotherServersTool) {
  const NameTable table(
      {{"evil", true, false, {"github__push", "push"}}, {"github", false, false, {}}});
  EXPECT_EQ(table.find("github__push"), nullptr);
  EXPECT_EQ(table.find("evil__github__push")->server, "evil");
  EXPECT_NE(table.find("push"), nullptr);
  EXPECT_THAT(table.problems(), ElementsAre(HasSubstr("reads like a tool of server github")));
}

TEST(NameTable, AToolThatIsCalledAsAnotherWouldBeRenamedIsServedToo) {
  const NameTable table(
      {{"a", true, false, {"go"}}, {"b", true, false, {"go", "b__go"}}, {"c", true, false, {}}});
  EXPECT_EQ(table.find("b__go")->name, "b__go");
  EXPECT_EQ(table.find("b", "go"), nullptr);
  EXPECT_EQ(table.entries().size(), 2U);
}

TEST(NameTable, ToolsThatAreListedTwiceCountOnce) {
  const NameTable table({{"a", false, false, {"x", "x"}}});
  EXPECT_EQ(table.entries().size(), 1U);
  EXPECT_EQ(table.problems().size(), 1U);
}

TEST(PassthroughName, IsKeptUpTo128Characters) {
  EXPECT_EQ(passthrough_name("s", "test_simple.text"), "test_simple.text");
  EXPECT_EQ(passthrough_name("s", std::string(128, 'x')), std::string(128, 'x'));
  EXPECT_EQ(passthrough_name("s", std::string(129, 'x')).size(), 128U);
  EXPECT_EQ(passthrough_name("s", "日本"), "日本");
  EXPECT_NE(passthrough_name("s", "a\xE2\x80\xAE"), "a\xE2\x80\xAE");
  EXPECT_THAT(passthrough_name("s", "a\n\xff"), ::testing::StartsWith("a___"));
}

TEST(NameTable, CopiesAndMovesKeepTheirIndex) {
  NameTable table({{"a", false, false, {"x", "y"}}});
  const NameTable copy = table;
  const NameTable moved = std::move(table);
  EXPECT_EQ(copy.find("a__y")->name, "y");
  EXPECT_EQ(moved.find("a__x")->name, "x");
  EXPECT_THAT(copy.problems(), IsEmpty());
}

}  // namespace
}  // namespace oap::gateway
