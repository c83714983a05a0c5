#include "config/edit_servers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json/compare.hpp"
#include "json/parse.hpp"
#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"
#include "yaml/yaml.hpp"

namespace oap::config {
namespace {

using ::testing::HasSubstr;

const std::string kFile = "mcp-servers.yaml";

json::Object entry() {
  return json::parse_object(R"({"command":["npx","-y","@scope/it","a b"],"env":{"K":"${K}"}})")
      .value();
}

std::string added(std::string_view text, const std::string& name = "new") {
  const auto out = with_server(text, kFile, name, entry());
  return out ? *out : "! " + out.error().message();
}
std::string removed(std::string_view text, const std::string& name) {
  const auto out = without_server(text, kFile, name);
  return out ? *out : "! " + out.error().message();
}

constexpr std::string_view kNew =
    "  new:\n    command: [npx, \"-y\", \"@scope/it\", \"a b\"]\n    env:\n      K: \"${K}\"\n";

TEST(EditServers, AnEmptyFileGetsTheKey) {
  EXPECT_EQ(added(""), "mcp_servers:\n" + std::string(kNew));
  EXPECT_EQ(added("# mine\n"), "# mine\nmcp_servers:\n" + std::string(kNew));
  EXPECT_EQ(added("mcp_servers:\n"), "mcp_servers:\n" + std::string(kNew));
  EXPECT_EQ(added("mcp_servers: {}  # none\n"), "mcp_servers:   # none\n" + std::string(kNew));
}

TEST(EditServers, TheEntryGoesBehindTheLastAndNothingElseMoves) {
  const std::string before =
      "# top\nmcp_servers:\n  a:\n    command: [x]  # why\n\n  # about b\n  b:\n    url: "
      "https://b.example\n    headers:\n      X: |\n        text\n\n# end\nplatform:\n  log_level: "
      "info\n";
  const std::size_t at = before.find("\n# end");
  std::string wanted = before;
  wanted.insert(at, kNew);
  EXPECT_EQ(added(before), wanted);
  EXPECT_EQ(removed(wanted, "new"), before);
}

TEST(EditServers, TheIndentationOfTheOthersIsKept) {
  EXPECT_EQ(
      added("mcp_servers:\n    a:\n        url: https://a.example"),
      "mcp_servers:\n    a:\n        url: https://a.example\n"
      "    new:\n      command: [npx, \"-y\", \"@scope/it\", \"a b\"]\n      env:\n        K: "
      "\"${K}\"\n");
}

TEST(EditServers, LineEndsOfWindowsStay) {
  const std::string out = added("mcp_servers:\r\n  a:\r\n    url: https://a.example\r\n");
  EXPECT_THAT(out, HasSubstr("    env:\r\n      K: \"${K}\"\r\n"));
  EXPECT_EQ(removed(out, "new"), "mcp_servers:\r\n  a:\r\n    url: https://a.example\r\n");
}

TEST(EditServers, RemovingCutsExactlyTheEntry) {
  const std::string text =
      "mcp_servers:\n  # first\n  a:\n    command: [x]\n    # inside\n\n  # second\n  b: {url: "
      "'https://b.example'}\n";
  EXPECT_EQ(removed(text, "a"),
            "mcp_servers:\n  # first\n\n  # second\n  b: {url: 'https://b.example'}\n");
  EXPECT_EQ(removed(text, "b"),
            "mcp_servers:\n  # first\n  a:\n    command: [x]\n    # inside\n\n  # second\n");
  EXPECT_EQ(removed("mcp_servers:\n  a:\n    command: [x]\n", "a"), "mcp_servers:\n");
}

TEST(EditServers, WhatCannotBeEditedSafelyIsRefused) {
  EXPECT_THAT(added("{\"mcp_servers\": {\"a\": {\"command\": [\"x\"]}}}"), HasSubstr("by hand"));
  EXPECT_THAT(added("mcp_servers: {a: {command: [x]}}\n"), HasSubstr("by hand"));
  EXPECT_THAT(removed("{\"mcp_servers\": {\"a\": {\"command\": [\"x\"]}}}", "a"),
              HasSubstr("by hand"));
  EXPECT_THAT(removed("mcp_servers: {a: {command: [x]}, b: {command: [y]}}\n", "a"),
              HasSubstr("by hand"));
  EXPECT_THAT(removed("mcp_servers:\n  a: &it\n    command: [x]\n  b: *it\n", "a"),
              HasSubstr("by hand"));
  EXPECT_THAT(added("mcp_servers: [1]\n"), HasSubstr("by hand"));
  EXPECT_THAT(added("- 1\n"), HasSubstr("by hand"));
}

TEST(EditServers, NamesThatAreThereOrNot) {
  EXPECT_THAT(added("mcp_servers:\n  new:\n    command: [x]\n"),
              HasSubstr("mcp-servers.yaml:2: there is a server new already"));
  EXPECT_THAT(removed("mcp_servers:\n  a:\n    command: [x]\n", "b"), HasSubstr("no server b"));
  EXPECT_THAT(removed("", "b"), HasSubstr("no server b"));
  EXPECT_THAT(added("mcp_servers: [\n"), HasSubstr("! "));
}

RC_GTEST_PROP(EditServers, AnyTextsComeBackFromTheFile, (const std::vector<std::string>& words)) {
  json::Array command{"x"};
  for (const std::string& word : words) {
    const bool usable = word.find('\0') == std::string::npos;
    command.emplace_back(usable ? word : "y");
  }
  const json::Object entry{{"command", command}};
  const auto out = with_server("mcp_servers:\n  a:\n    command: [x]\n", kFile, "new", entry);
  if (out) {
    const auto document = yaml::parse(*out, kFile);
    RC_ASSERT(document.has_value());
    const json::Object* const servers = json::find_object(document->value, "mcp_servers");
    RC_ASSERT(json::equal(*json::find(*servers, "new"), json::Value(entry)));
    RC_ASSERT(*without_server(*out, kFile, "new") == "mcp_servers:\n  a:\n    command: [x]\n");
  }
}

TEST(EditServers, FindsTheFileThatHasThem) {
  const os::testing::TempDir dir;
  EXPECT_EQ(find_servers_file(dir.path())->path, dir / "mcp-servers.yaml");
  dir.write("config.yaml", "mcp_servers:\n  a:\n    command: [x]\n");
  EXPECT_EQ(find_servers_file(dir.path())->path, dir / "config.yaml");
  EXPECT_EQ(where_is_server(dir.path(), "a"), dir / "config.yaml:2");
  EXPECT_EQ(where_is_server(dir.path(), "b"), std::nullopt);
  dir.write("mcp-servers.yaml", "mcp_servers:\n");
  EXPECT_THAT(find_servers_file(dir.path()).error().message(), HasSubstr("keep it in one"));
  dir.write("mcp-servers.yaml", "mcp_servers: [\n");
  EXPECT_FALSE(find_servers_file(dir.path()));
  EXPECT_FALSE(find_servers_file(""));
}

TEST(EditServers, WritesThroughALinkAndKeepsTheMode) {
  const os::testing::TempDir dir;
  dir.write("real/it.yaml", "old\n");
  ::chmod((dir / "real/it.yaml").c_str(), 0600);
  ASSERT_EQ(::symlink("real/it.yaml", (dir / "mcp-servers.yaml").c_str()), 0);
  const ServersFile file{dir / "mcp-servers.yaml", "old\n", true};
  ASSERT_TRUE(write_servers_file(file, "new\n", 0644));
  EXPECT_EQ(*os::read_file(dir / "real/it.yaml"), "new\n");
  struct stat info{};
  ASSERT_EQ(::stat((dir / "real/it.yaml").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST(EditServers, AnEntryIsCheckedAsInATrustedFile) {
  const Env env = [](std::string_view name) -> std::optional<std::string> {
    return name == "K" ? std::optional<std::string>("v") : std::nullopt;
  };
  const auto why = [&env](const std::string& name, const char* text) {
    const auto good = check_server_entry(name, json::parse_object(text).value(), {}, env);
    return good ? "" : good.error().message();
  };
  EXPECT_EQ(why("a", R"({"command":["npx","x"],"env":{"A":"${K}"}})"), "");
  EXPECT_EQ(why("a", R"({"url":"https://a.example","headers":{"X":"y"}})"), "");
  EXPECT_THAT(why("a__b", R"({"command":["x"]})"), HasSubstr("a name of at most"));
  EXPECT_THAT(why("a", R"({"command":["sh","-c","x"]})"), HasSubstr("shell"));
  EXPECT_THAT(why("a", R"({"url":"nothing"})"), HasSubstr("url: "));
  EXPECT_THAT(why("a", R"({"command":["x"],"env":{"A":"${UNSET}"}})"), HasSubstr("UNSET"));
  EXPECT_THAT(why("a", R"({"command":["x"],"env":{"A B":"1"}})"), HasSubstr("variable"));
  EXPECT_THAT(why("sandbox", R"({"command":["x"]})"), HasSubstr("built-in"));
}

}  // namespace
}  // namespace oap::config
