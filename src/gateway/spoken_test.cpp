#include "gateway/spoken.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/runtime.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::gateway {
namespace {

/// Puts stars in place of one word, wherever it is.
class OneWord final : public Redactor {
 public:
  std::string redact(std::string_view text) const override {
    std::string out(text);
    for (std::size_t at = out.find("hunter2"); at != std::string::npos; at = out.find("hunter2")) {
      out.replace(at, 7, "***");
    }
    return out;
  }
  json::Value redact(const json::Value& value) const override {
    return json::parse(redact(json::print(value))).value();
  }
};

Task<mcp::Answer<json::Object>> echo(std::string method, json::Object params) {
  params["method"] = method;
  co_return params;
}

TEST(Spoken, ProgressAndLogMessagesHoldNoSecretsAndHideNothing) {
  const OneWord redactor;
  std::string heard;
  mcp::RequestOptions options;
  options.on_progress = [&](json::Object params) { heard += json::print(json::Value(params)); };
  options.on_notification = [&](std::string method, json::Object params) {
    heard += method + json::print(json::Value(params));
  };
  options = cleaned(std::move(options), redactor);
  options.on_progress({{"progress", 1}, {"message", "hunter2\u200B!"}});
  options.on_notification("n", {{"data", json::Array{"a\u202E", "hunter2"}}});
  EXPECT_EQ(heard, R"({"progress":1,"message":"***!"}n{"data":["a","***"]})");
}

TEST(Spoken, QuestionsKeepTheAddressThatIsToBeVisited) {
  const OneWord redactor;
  async::Runtime runtime;
  mcp::RequestOptions options;
  options.ask = &echo;
  options = cleaned(std::move(options), redactor);
  const auto answer = runtime.run(options.ask(
      "elicitation/create", {{"message", "hunter2"}, {"url", "https://a.example/?t=hunter2"}}));
  ASSERT_TRUE(answer);
  EXPECT_EQ(
      json::print(json::Value(*answer)),
      R"({"message":"***","url":"https://a.example/?t=hunter2","method":"elicitation/create"})");
}

TEST(Spoken, WhoDoesNotListenIsNotTold) {
  const OneWord redactor;
  const mcp::RequestOptions options = cleaned({}, redactor);
  EXPECT_FALSE(options.on_progress || options.on_notification || options.ask);
}

}  // namespace
}  // namespace oap::gateway
