#include "gateway/search/index.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "json/parse.hpp"
#include "text/strings.hpp"

namespace oap::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Catalogue {
  std::vector<json::Object> definitions;
  std::vector<Searchable> tools;

  void add(const std::string& server, const std::string& name, std::string_view definition) {
    definitions.push_back(json::parse_object(definition).value());
    tools.push_back({server + "__" + name, server, name, nullptr});
  }
  SearchIndex index() {
    for (std::size_t i = 0; i < tools.size(); ++i) {
      tools[i].definition = &definitions[i];
    }
    return SearchIndex(tools);
  }
  std::vector<std::string> names(const std::vector<Hit>& hits) const {
    std::vector<std::string> list;
    for (const Hit& hit : hits) {
      list.push_back(tools[hit.tool].public_name);
    }
    return list;
  }
};

Catalogue office() {
  Catalogue all;
  all.add("github", "create_issue", R"({"description":"Opens a bug report or feature request."})");
  all.add("github", "create_pull_request", R"({"description":"Proposes a branch for merging."})");
  all.add("github", "list_pull_requests",
          R"({"description":"Gives all open pull requests, )"
          R"(each with author, labels and state, newest first, of one repository or of all."})");
  all.add("github", "issues", R"({"description":"Gives issues. To create one, use create."})");
  all.add("fs", "read_file", R"({"title":"Read file","description":"Returns a file of the disk.",
      "inputSchema":{"properties":{"path":{"type":"string"},
        "options":{"properties":{"encoding":{"description":"utf-8 or latin-1"}}}}}})");
  all.add("fs", "write_file", R"({"description":"Replaces a file.",
      "inputSchema":{"properties":{"path":{"description":"Where to."},"contents":{}}}})");
  all.add("jobs", "schedule", R"({"description":"Runs a command later.","inputSchema":{"properties":
      {"times":{"type":"array","items":{"properties":{"when":{"description":"A cron expression"}}}}}}})");
  all.add("weather", "forecast", R"({"title":"天气预报","description":"查询城市的天气"})");
  all.add("slack", "search", R"({"description":"Searches messages."})");
  all.add("slack", "post", R"({"description":"Posts a message to a channel."})");
  return all;
}

TEST(SearchIndex, Cases) {
  Catalogue all = office();
  const SearchIndex index = all.index();
  std::ifstream file(OAP_SOURCE_DIR "/src/gateway/search/cases/search.case");
  int rows = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    const auto pieces = text::split(line, '|');
    ASSERT_EQ(pieces.size(), 2U) << line;
    const auto expected = text::split_words(pieces[1]);
    auto found = all.names(index.search(pieces[0], 10));
    if (expected.size() == 1 && expected[0] == "-") {
      EXPECT_THAT(found, IsEmpty()) << line;
    } else {
      ASSERT_GE(found.size(), expected.size()) << line;
      found.resize(expected.size());
      EXPECT_EQ(text::join(found, " "), text::join(expected, " ")) << line;
    }
    ++rows;
  }
  EXPECT_GE(rows, 20);
}

TEST(SearchIndex, ExactNamesWinThenBeginningsThenScore) {
  Catalogue all;
  all.add("z", "deploy", "{}");
  all.add("a", "deploy_all", "{}");
  all.add("b", "status", R"({"description":"deploy deploy deploy deploy deploy"})");
  all.add("c", "deploy", R"({"description":"deploy deploy deploy"})");
  const SearchIndex index = all.index();
  EXPECT_THAT(all.names(index.search("deploy", 10)),
              ElementsAre("c__deploy", "z__deploy", "a__deploy_all", "b__status"));
  EXPECT_THAT(all.names(index.search("z__deploy", 1)), ElementsAre("z__deploy"));
}

TEST(SearchIndex, EqualOnesAreByPublicName) {
  Catalogue all;
  for (const char* const server : {"d", "a", "c", "b"}) {
    all.add(server, "ping", "{}");
  }
  EXPECT_THAT(all.names(all.index().search("ping", 3)),
              ElementsAre("a__ping", "b__ping", "c__ping"));
}

TEST(SearchIndex, NobodyWinsByLengthOrRepetition) {
  Catalogue all;
  std::string stuffed;
  for (int i = 0; i < 5000; ++i) {
    stuffed += "invoice ";
  }
  all.add("spam", "thing", R"({"description":")" + stuffed + "\"}");
  all.add("real", "send_invoice", R"({"description":"Sends an invoice."})");
  all.add("other", "x", R"({"description":"Does something else entirely."})");
  EXPECT_EQ(all.names(all.index().search("please send me an invoice", 5)).front(),
            "real__send_invoice");
}

TEST(SearchIndex, AnEmptyOneFindsNothing) {
  EXPECT_THAT(SearchIndex().search("x"), IsEmpty());
  Catalogue all = office();
  EXPECT_THAT(all.index().search("create", 0), IsEmpty());
  EXPECT_THAT(all.index().search(""), IsEmpty());
  EXPECT_THAT(all.index().search("file"), SizeIs(2));
}

TEST(SearchIndex, TakesHostileDefinitions) {
  json::Value deep = json::Object{};
  for (int i = 0; i < 3000; ++i) {
    deep = json::Object{{"properties", json::Object{{"p", std::move(deep)}}}};
  }
  json::Object wide;
  for (int i = 0; i < 50'000; ++i) {
    wide["k" + std::to_string(i)] = json::Object{{"description", "word"}};
  }
  const json::Object deep_tool{{"inputSchema", deep}};
  const json::Object wide_tool{{"inputSchema", json::Object{{"properties", wide}}}};
  const json::Object odd_tool{{"title", 7}, {"description", nullptr}, {"inputSchema", "x"}};
  const std::vector<Searchable> tools{{"a__\xff\xfe", "a", "\xff\xfe", &deep_tool},
                                      {"b__wide", "b", "wide", &wide_tool},
                                      {"c__odd", "c", "odd", &odd_tool},
                                      {"d__none", "d", "none", nullptr}};
  const SearchIndex index(tools);
  EXPECT_EQ(index.search("odd").front().tool, 2U);
  EXPECT_EQ(index.search("wide").front().tool, 1U);
  EXPECT_THAT(index.search(std::string(1'000'000, 'a') + " none"), SizeIs(1));
}

TEST(SearchIndex, DoesNotDependOnTheOrderOfTools) {
  EXPECT_TRUE(rc::check([] {
    const auto word = rc::gen::element<std::string>("read", "file", "list", "issue", "搜索", "x");
    const auto phrase = rc::gen::container<std::vector<std::string>>(word);
    std::vector<json::Object> definitions(8);
    std::vector<Searchable> tools;
    for (int i = 0; i < 8; ++i) {
      definitions[i]["description"] = json::String(text::join(*phrase, " "));
      const std::string name = text::join(*phrase, "_") + std::to_string(i);
      tools.push_back({"s__" + name, "s", name, &definitions[i]});
    }
    const std::string query = text::join(*phrase, " ");
    const auto found = [&query](const std::vector<Searchable>& from) {
      std::vector<std::string> list;
      for (const Hit& hit : SearchIndex(from).search(query, 8)) {
        list.push_back(from[hit.tool].public_name);
      }
      return list;
    };
    const auto forward = found(tools);
    RC_ASSERT(found({tools.rbegin(), tools.rend()}) == forward);
  }));
}

}  // namespace
}  // namespace oap::gateway
