#include "llm/factory.hpp"

#include <map>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oap::llm {
namespace {

using ::testing::HasSubstr;

Environment environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
}

TEST(ParseModel, SplitsAtTheFirstSlash) {
  const std::vector<std::tuple<const char*, const char*, const char*>> cases = {
      {"openai/mock-1", "openai", "mock-1"},
      {"openai-responses/gpt-5", "openai-responses", "gpt-5"},
      {"openai/meta-llama/Llama-3/x", "openai", "meta-llama/Llama-3/x"},
      {"replay//tmp/a b.jsonl", "replay", "/tmp/a b.jsonl"},
      {"replay/dir/file", "replay", "dir/file"},
      {"offline", "offline", ""},
      {" offline/anything ", "offline", ""},
      {"claude-3-5-sonnet", "anthropic", "claude-3-5-sonnet"},
      {"gpt-4o", "openai", "gpt-4o"},
      {"o3-mini", "openai", "o3-mini"},
      {"local/qwen", "local", "qwen"},
  };
  for (const auto& [text, provider, model] : cases) {
    const auto parsed = parse_model(text, {"local"});
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().message();
    EXPECT_EQ(parsed->provider, provider) << text;
    EXPECT_EQ(parsed->model, model) << text;
  }
}

TEST(ParseModel, SaysWhatIsKnown) {
  for (const char* text : {"", "opnai/x", "llama", "openai", "openai/", "replay", "/x", "anthropic",
                           "omega", "foo/claude-3"}) {
    const auto parsed = parse_model(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code(), Code::kUsage) << text;
  }
  EXPECT_THAT(parse_model("opnai/x").error().message(), HasSubstr("did you mean 'openai'"));
  EXPECT_THAT(parse_model("llama").error().message(),
              HasSubstr("anthropic, openai, openai-responses, offline, replay"));
  EXPECT_THAT(parse_model("openai").error().message(), HasSubstr("openai/MODEL"));
}

TEST(WithEnvironment, FillsWhatIsEmpty) {
  const auto settings = with_environment(
      {"openai"}, environment({{"OPENAI_API_KEY", " sk-1\n"}, {"OPENAI_BASE_URL", "http://h/v1"}}));
  EXPECT_EQ(settings.api_key, "sk-1");
  EXPECT_EQ(settings.base_url, "http://h/v1");
  const auto defaults = with_environment({"anthropic"}, environment({}));
  EXPECT_EQ(defaults.base_url, "https://api.anthropic.com");
  const auto token =
      with_environment({"anthropic"}, environment({{"ANTHROPIC_AUTH_TOKEN", "tok"}}));
  EXPECT_EQ(*net::find_header(token.headers, "Authorization"), "Bearer tok");
  ProviderSettings own{"openai"};
  own.api_key = "mine";
  EXPECT_EQ(with_environment(own, environment({{"OPENAI_API_KEY", "sk-1"}})).api_key, "mine");
}

TEST(WithEnvironment, GivesAKeyOnlyToItsVendor) {
  const Environment variables = environment({{"OPENAI_API_KEY", "sk-1"}});
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"https://api.openai.com/v1", "sk-1"},
      {"http://127.0.0.1:8080/v1", "sk-1"},
      {"https://api.openai.com.evil.com/v1", ""},
      {"https://gateway.example/v1", ""},
  };
  for (const auto& [url, key] : cases) {
    EXPECT_EQ(with_environment({"mine", "openai", url}, variables).api_key, key) << url;
  }
}

TEST(MakeProvider, NamesWhatIsMissing) {
  boost::asio::io_context context;
  net::HttpClient client(context.get_executor());
  const auto no_key = make_provider(with_environment({"openai"}, environment({})), client);
  ASSERT_FALSE(no_key);
  EXPECT_EQ(no_key.error().code(), Code::kUnauthenticated);
  EXPECT_THAT(no_key.error().message(), HasSubstr("set OPENAI_API_KEY"));
  const auto no_claude = make_provider({"anthropic"}, client);
  ASSERT_FALSE(no_claude);
  EXPECT_THAT(no_claude.error().message(), HasSubstr("set ANTHROPIC_API_KEY"));
  const auto gateway = make_provider({"g", "openai", "https://g.example"}, client);
  ASSERT_FALSE(gateway);
  EXPECT_THAT(gateway.error().message(), HasSubstr("api_key: ${OPENAI_API_KEY}"));
  EXPECT_EQ(make_provider({"x", "opnai"}, client).error().code(), Code::kConfiguration);
  EXPECT_EQ(make_provider({"openai", "", "localhost:80"}, client).error().code(),
            Code::kConfiguration);
}

TEST(MakeProvider, ALoopbackServerNeedsNoKey) {
  boost::asio::io_context context;
  net::HttpClient client(context.get_executor());
  for (const char* type : {"openai", "openai-responses", "anthropic"}) {
    const auto provider = make_provider({"local", type, "http://localhost:1/v1"}, client);
    ASSERT_TRUE(provider) << provider.error().message();
    EXPECT_EQ((*provider)->name(), "local");
    EXPECT_TRUE((*provider)->is_model());
  }
}

TEST(MakeProvider, MakesTheOfflineOne) {
  boost::asio::io_context context;
  net::HttpClient client(context.get_executor());
  const auto provider = make_provider({"offline"}, client);
  ASSERT_TRUE(provider);
  EXPECT_FALSE((*provider)->is_model());
}

}  // namespace
}  // namespace oap::llm
