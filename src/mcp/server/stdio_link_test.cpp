#include "mcp/server/stdio_link.hpp"

#include <gmock/gmock.h>

#include "mcp/server/testing/front_house.hpp"

namespace oap::mcp {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kEnvelope;
using ::testing::Not;
using ::testing::SizeIs;

/// A link whose client is the test.
class LinkHouse {
 public:
  LinkHouse()
      : service(runtime.executor()),
        core_(runtime.executor(), service, {}),
        link_(std::make_unique<StdioLink>(
            core_, Principal{},
            [this](std::string message) { lines.push_back(std::move(message)); })),
        registration_(
            service.feed().listen([this](const Change& change) { link_->changed(change); })) {}
  ~LinkHouse() { end(); }
  LinkHouse(const LinkHouse&) = delete;
  LinkHouse& operator=(const LinkHouse&) = delete;

  void end() {
    if (link_) {
      registration_ = {};
      link_->end_input();
      link_->end();
      runtime.run(core_.close(Deadline::after(Millis(0))));
      link_.reset();
    }
  }
  /// The lines that answer these.
  std::vector<std::string> say(const std::vector<std::string>& messages) {
    lines.clear();
    runtime.run(receive(*link_, messages));
    return lines;
  }
  static Task<void> receive(StdioLink& link, std::vector<std::string> messages) {
    for (const std::string& each : messages) {
      link.receive(each);
    }
    co_await testing::take_turns(40);
  }
  static std::string message(int id, const std::string& method, const std::string& params) {
    return testing::FrontHouse::message(id, method, params);
  }
  static std::string modern(int id, const std::string& method, const std::string& params = "") {
    return message(id, method, params + (params.empty() ? "" : ",") + kEnvelope);
  }
  static std::string cancel(int id) {
    return R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" +
           std::to_string(id) + "}}";
  }

  async::Runtime runtime;
  testing::ScriptService service;
  std::vector<std::string> lines;

 private:
  Core core_;
  std::unique_ptr<StdioLink> link_;
  Feed::Registration registration_;
};

TEST(StdioLink, BothErasSideBySide) {
  LinkHouse house;
  const auto lines = house.say({house.modern(1, "server/discover"),
                                house.message(2, "initialize", R"("protocolVersion":"2025-06-18")"),
                                house.modern(3, "tools/call", R"("name":"echo")"),
                                house.message(4, "tools/call", R"("name":"echo")"),
                                house.modern(5, "ping"), house.message(6, "ping", "")});
  ASSERT_THAT(lines, SizeIs(6));
  EXPECT_THAT(lines[0], HasSubstr("supportedVersions"));
  EXPECT_THAT(lines[1], HasSubstr(R"("protocolVersion":"2025-06-18")"));
  EXPECT_THAT(lines[2], HasSubstr("resultType"));
  EXPECT_THAT(lines[3], Not(HasSubstr("resultType")));
  EXPECT_THAT(lines[4], HasSubstr("-32601"));
  EXPECT_EQ(lines[5], R"({"jsonrpc":"2.0","id":6,"result":{}})");
}

TEST(StdioLink, RefusesAModernVersionAndEnvelopeItCannotServe) {
  LinkHouse house;
  const auto lines =
      house.say({R"({"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{)"
                 R"("io.modelcontextprotocol/protocolVersion":"2099-01-01",)"
                 R"("io.modelcontextprotocol/clientCapabilities":{}}}})",
                 R"({"jsonrpc":"2.0","id":2,"method":"tools/list","params":{"_meta":{)"
                 R"("io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})"});
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[0], AllOf(HasSubstr("-32022"), HasSubstr(R"("requested":"2099-01-01")")));
  EXPECT_THAT(lines[1], HasSubstr("-32602"));
}

TEST(StdioLink, CancelsAModernCallWithoutAnAnswer) {
  LinkHouse house;
  EXPECT_THAT(house.say({house.modern(1, "tools/call", R"("name":"wait")"), house.cancel(1)}),
              IsEmpty());
  EXPECT_EQ(house.service.cancelled_, 1);
  EXPECT_THAT(house.say({house.modern(1, "tools/call", R"("name":"echo")")}), SizeIs(1));
}

TEST(StdioLink, AnIdUnderWayIsRefusedInBothEras) {
  LinkHouse house;
  const auto lines = house.say({house.modern(1, "tools/call", R"("name":"wait")"),
                                house.modern(1, "tools/list"), house.message(1, "ping", "")});
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[0], HasSubstr("still under way"));
  EXPECT_THAT(lines[1], HasSubstr("still under way"));
}

TEST(StdioLink, AModernQuestionIsNeverARequest) {
  LinkHouse house;
  const auto asked = house.say({house.modern(1, "tools/call", R"("name":"ask")")});
  ASSERT_THAT(asked, SizeIs(1));
  EXPECT_THAT(asked[0], AllOf(HasSubstr("input_required"), HasSubstr(R"("id":1,"result")")));
  const auto parsed = json::parse(asked[0]);
  const std::string state(json::get_string(*json::find_object(*parsed, "result"), "requestState"));
  const auto lines =
      house.say({house.modern(2, "tools/call",
                              R"("name":"ask","requestState":")" + state +
                                  R"(","inputResponses":{"input-1":{"action":"accept"}})")});
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines[0], AllOf(HasSubstr(R"("id":2)"), HasSubstr("accept")));
}

TEST(StdioLink, ALegacyQuestionIsARequestOnTheSameLink) {
  LinkHouse house;
  house.say({house.message(0, "initialize",
                           R"("protocolVersion":"2025-11-25","capabilities":{"elicitation":{}})")});
  const auto asked = house.say({house.message(1, "tools/call", R"("name":"ask")")});
  ASSERT_THAT(asked, SizeIs(1));
  EXPECT_THAT(asked[0], HasSubstr(R"("id":"oap-1","method":"elicitation/create")"));
  const auto lines = house.say({R"({"jsonrpc":"2.0","id":"oap-7","result":{}})",
                                R"({"jsonrpc":"2.0","id":"oap-1","result":{"action":"decline"}})"});
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines[0], HasSubstr("decline"));
}

TEST(StdioLink, ACancelledCallTakesItsQuestionBack) {
  LinkHouse house;
  house.say({house.message(0, "initialize",
                           R"("protocolVersion":"2025-11-25","capabilities":{"elicitation":{}})")});
  house.say({house.message(1, "tools/call", R"("name":"ask")")});
  const auto lines = house.say({house.cancel(1)});
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines[0], AllOf(HasSubstr("notifications/cancelled"), HasSubstr("oap-1")));
}

TEST(StdioLink, ListensUntilItIsCancelledOrTheEnd) {
  LinkHouse house;
  const std::string filter = R"("notifications":{"toolsListChanged":true})";
  const auto opened = house.say({house.modern(1, "subscriptions/listen", filter),
                                 house.modern(2, "subscriptions/listen", filter)});
  ASSERT_THAT(opened, SizeIs(2));
  EXPECT_THAT(opened[0], HasSubstr("subscriptions/acknowledged"));
  house.say({house.cancel(1)});
  house.lines.clear();
  house.service.feed().publish({Change::Kind::kTools, ""});
  ASSERT_THAT(house.lines, SizeIs(1));
  EXPECT_THAT(house.lines[0], HasSubstr(R"("io.modelcontextprotocol/subscriptionId":2)"));
  house.lines.clear();
  house.end();
  ASSERT_THAT(house.lines, SizeIs(1));
  EXPECT_THAT(house.lines[0], HasSubstr(R"("id":2,"result")"));
}

TEST(StdioLink, LegacyListsChangeUnasked) {
  LinkHouse house;
  house.service.feed().publish({Change::Kind::kTools, ""});
  EXPECT_THAT(house.lines, IsEmpty());
  house.say({house.message(0, "initialize", R"("protocolVersion":"2025-11-25")")});
  house.lines.clear();
  house.service.feed().publish({Change::Kind::kTools, ""});
  EXPECT_THAT(house.lines,
              ElementsAre(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})"));
}

TEST(StdioLink, BatchesAreForOneVersionOnly) {
  LinkHouse house;
  const std::string batch = R"([{"jsonrpc":"2.0","id":1,"method":"ping"},7])";
  EXPECT_THAT(house.say({batch}), ElementsAre(HasSubstr("batches")));
  house.say({house.message(0, "initialize", R"("protocolVersion":"2025-03-26")")});
  EXPECT_THAT(house.say({batch}),
              ElementsAre(HasSubstr(R"("id":1,"result":{})"), HasSubstr("-32600")));
  EXPECT_THAT(house.say({"[]"}), ElementsAre(HasSubstr("-32600")));
}

TEST(Feed, TellsThoseWhoListenAndOnlyWhileTheyDo) {
  Feed feed;
  int first = 0;
  int second = 0;
  auto one = feed.listen([&](const Change& /*change*/) { ++first; });
  {
    const auto two = feed.listen([&](const Change& /*change*/) {
      ++second;
      one = {};
    });
    feed.publish({Change::Kind::kTools, ""});
    feed.publish({Change::Kind::kTools, ""});
  }
  feed.publish({Change::Kind::kTools, ""});
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 2);
}

TEST(Feed, MayGoBeforeItsRegistrations) {
  Feed::Registration registration;
  {
    Feed feed;
    registration = feed.listen([](const Change& /*change*/) {});
  }
  registration = {};
}

TEST(Mirror, IsWhatTheSchemaAsksForUnlessItBreaksTheRules) {
  const auto found = mirrored_params(testing::object(R"({"properties":{
      "a":{"type":"string","x-mcp-header":"A"},
      "in":{"type":"object","properties":{"deep":{"type":"boolean","x-mcp-header":"Deep"}}}}})"));
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].header, "Mcp-Param-A");
  EXPECT_EQ(found[1].header, "Mcp-Param-Deep");
  EXPECT_THAT(found[1].path, ElementsAre("in", "deep"));
  EXPECT_TRUE(mirrored_params(testing::object(R"({"properties":{
      "a":{"type":"string","x-mcp-header":"A"},
      "same":{"type":"string","x-mcp-header":"a"}}})"))
                  .empty());
}

}  // namespace
}  // namespace oap::mcp
