#include "async/scope.hpp"
#include "tools/testing/served_tools.hpp"

namespace oap::tools {
namespace {

using ::testing::HasSubstr;
using EditFile = testing::ServedTools;

TEST_F(EditFile, ReplacesExactlyOneOccurrence) {
  put(in("f.txt"), "one\ntwo\nthree two\n");
  EXPECT_EQ(run("edit_file", {{"path", "f.txt"}, {"old_string", "one"}, {"new_string", "1"}}),
            "Edited f.txt: 1 replacement, at line 1");
  EXPECT_THAT(run("edit_file", {{"path", "f.txt"}, {"old_string", "two"}, {"new_string", "2"}}),
              HasSubstr("tool error: f.txt: old_string occurs 2 times (lines 2, 3)"));
  EXPECT_EQ(get(in("f.txt")), "1\ntwo\nthree two\n");
  EXPECT_EQ(
      run("edit_file",
          {{"path", "f.txt"}, {"old_string", "two"}, {"new_string", "2"}, {"replace_all", true}}),
      "Edited f.txt: 2 replacements, first at line 2");
  EXPECT_EQ(get(in("f.txt")), "1\n2\nthree 2\n");
}

TEST_F(EditFile, WritesNothingWhereItCannot) {
  put(in("bin"), std::string("a\0b", 3));
  EXPECT_THAT(run("edit_file", {{"path", "bin"}, {"old_string", "a"}, {"new_string", "b"}}),
              HasSubstr("binary file"));
  EXPECT_THAT(run("edit_file", {{"path", "no/x"}, {"old_string", "a"}, {"new_string", "b"}}),
              HasSubstr("there is no file"));
  EXPECT_FALSE(std::filesystem::exists(in("no")));
  EXPECT_THAT(
      run("edit_file", {{"path", "../secret.txt"}, {"old_string", "o"}, {"new_string", "b"}}),
      HasSubstr("outside the workspace"));
  EXPECT_EQ(get(top_ + "/secret.txt"), "outside\n");
}

Task<void> edit_one(mcp::Client* client, int number, int* done) {
  ToolCall call = mcp::testing::tool_call("edit_file");
  call.arguments["path"] = "many";
  call.arguments["old_string"] = "<" + std::to_string(number) + ">";
  call.arguments["new_string"] = "[" + std::to_string(number) + "]";
  const auto result = co_await client->call_tool(std::move(call), mcp::RequestOptions());
  *done += result && !result->is_error ? 1 : 0;
}

Task<void> edit_many(Executor executor, mcp::Client* client, int* done) {
  async::Scope scope(executor);
  for (int i = 0; i < 30; ++i) {
    scope.spawn(edit_one(client, i, done));
  }
  co_await scope.join();
}

TEST_F(EditFile, EditsOfOneFileAtTheSameTimeAreAllKept) {
  std::string text;
  std::string expected;
  for (int i = 0; i < 30; ++i) {
    text += "<" + std::to_string(i) + ">\n";
    expected += "[" + std::to_string(i) + "]\n";
  }
  put(in("many"), text);
  int done = 0;
  client().runtime().run(edit_many(client().runtime().executor(), client().operator->(), &done));
  EXPECT_EQ(done, 30);
  EXPECT_EQ(get(in("many")), expected);
}

}  // namespace
}  // namespace oap::tools
