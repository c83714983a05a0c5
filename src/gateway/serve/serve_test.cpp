#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/search/uri_template.hpp"
#include "gateway/serve/elicitation_approver.hpp"
#include "gateway/serve/relay.hpp"
#include "gateway/serve/state_seal.hpp"

namespace oap::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(StateSeal, OpensForItsOwnerAndPurposeOnly) {
  StateSeal seal;
  const Principal ann{"ann", "user", "default"};
  const Principal bob{"bob", "user", "default"};
  const std::string sealed = seal.seal("state", ann, "call 1");
  EXPECT_EQ(*seal.open(sealed, ann, "call 1"), "state");
  EXPECT_FALSE(seal.open(sealed, bob, "call 1"));
  EXPECT_FALSE(seal.open(sealed, ann, "call 2"));
  EXPECT_FALSE(StateSeal().open(sealed, ann, "call 1"));
  EXPECT_FALSE(seal.open("state", ann, "call 1"));
  EXPECT_FALSE(seal.open("", ann, "call 1"));
}

TEST(StateSeal, NoChangedByteOpens) {
  StateSeal seal;
  const Principal ann{"ann", "user", "default"};
  const std::string sealed = seal.seal("round 1", ann, "p");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    if (changed != sealed) {
      EXPECT_FALSE(seal.open(changed, ann, "p")) << i;
    }
  }
}

TEST(UriTemplate, MatchesWhatItCouldExpandTo) {
  EXPECT_TRUE(matches_template("test://template/{id}/data", "test://template/123/data"));
  EXPECT_FALSE(matches_template("test://template/{id}/data", "test://template/123/other"));
  EXPECT_TRUE(matches_template("file:///{+path}", "file:///a/b/c"));
  EXPECT_FALSE(matches_template("file:///{+path}", "http://a"));
  EXPECT_TRUE(matches_template("plain://x", "plain://x"));
  EXPECT_FALSE(matches_template("plain://x", "plain://xy"));
  EXPECT_TRUE(matches_template("a{x}a", "aa"));
  EXPECT_FALSE(matches_template("a{x}a", "a"));
  EXPECT_FALSE(matches_template("a{x", "a"));
}

TEST(ElicitationApprover, ShowsTheExactArgumentsAndNothingHidden) {
  approval::Request request;
  request.call.server = "git";
  request.call.tool = "push";
  request.call.arguments = {{"branch", "main\xE2\x80\xAEniam"}};
  request.rule = "permissions.yaml:3";
  request.reason = "pushing needs approval";
  const json::Object question = ElicitationApprover::question(request);
  const std::string message(json::get_string(question, "message"));
  EXPECT_THAT(message, HasSubstr("git__push"));
  EXPECT_THAT(message, HasSubstr("permissions.yaml:3"));
  EXPECT_THAT(message, HasSubstr("main"));
  EXPECT_THAT(message, Not(HasSubstr("\xE2\x80\xAE")));
}

TEST(Relay, IconsOfOtherSchemesAreLeftOut) {
  json::Object tool{{"icons", json::Array{json::Object{{"src", "https://a/i.png"}},
                                          json::Object{{"src", "javascript:x"}},
                                          json::Object{{"src", "data:image/png;base64,AA=="}},
                                          json::Object{{"src", "file:///etc/passwd"}}}}};
  drop_bad_icons(tool);
  EXPECT_EQ(json::find_array(tool, "icons")->size(), 2U);
}

TEST(Relay, TheEnvelopeStaysHereAndTheRestGoesOn) {
  json::Object meta{{"traceparent", "00-1-2-01"},
                    {"progressToken", 7},
                    {std::string(mcp::kMetaVersion), "2026-07-28"}};
  json::Object extra{{"_meta", std::move(meta)}};
  class Nobody final : public mcp::Exchange {
   public:
    const mcp::Caller& caller() const override { return caller_; }
    void progress(json::Object /*params*/) override {}
    bool wants_progress() const override { return false; }
    void notify(std::string /*method*/, json::Object /*params*/) override {}
    Task<mcp::Answer<json::Object>> ask(std::string /*method*/, json::Object /*params*/) override {
      co_return json::Object{};
    }
    bool can_ask(std::string_view /*method*/, const json::Object& /*params*/) const override {
      return false;
    }
    void close_stream(Millis /*retry*/) override {}

   private:
    mcp::Caller caller_;
  } exchange;
  const mcp::RequestOptions options = relay_to(exchange, extra);
  EXPECT_FALSE(options.on_progress);
  EXPECT_FALSE(options.keep_input_required);
  EXPECT_EQ(json::find_object(extra, "_meta")->size(), 1U);
  EXPECT_EQ(json::get_string(*json::find_object(extra, "_meta"), "traceparent"), "00-1-2-01");
}

}  // namespace
}  // namespace oap::gateway
