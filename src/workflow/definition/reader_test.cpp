#include "workflow/definition/reader.hpp"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "json/print.hpp"
#include "text/strings.hpp"
#include "workflow/definition/blueprint.hpp"
#include "yaml/testing/case_file.hpp"

namespace oap::workflow {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const std::string kFolder = std::string(OAP_SOURCE_DIR) + "/src/workflow/definition/cases/";

/// Everything that is wrong, as `oap workflow lint` would print it.
std::string lint(const std::string& text) {
  return to_text(check_workflow(text, "w.yaml", nullptr).problems);
}

/// The file with what is printed now.
void update(const std::string& path) {
  std::ifstream in(path);
  std::string out;
  for (std::string line; std::getline(in, line) && !line.starts_with("=== ");) {
    out += line + "\n";
  }
  for (const auto& each : yaml::testing::read_cases(path)) {
    const std::string printed = lint(each.text);
    out += "=== " + each.name + "\n" + each.text.substr(0, each.text.find_last_not_of('\n') + 1);
    out += each.text.empty() ? "" : "\n";
    for (const std::string_view line : text::split_lines(printed)) {
      const bool first = line.starts_with("w.yaml");
      out += first ? ">>> " + std::string(line) + "\n" : "";
    }
    out += printed.empty() ? ">>> ok\n\n" : "\n";
  }
  std::ofstream(path) << out;
}

/// Each expected line is a part of one printed line; "ok" alone: nothing is printed.
TEST(ReaderTest, LintTable) {
  if (std::getenv("OAP_UPDATE_CASES") != nullptr) {
    update(kFolder + "workflow_lint.case");
  }
  int count = 0;
  for (const auto& each : yaml::testing::read_cases(kFolder + "workflow_lint.case")) {
    SCOPED_TRACE(fmt::format("workflow_lint.case:{} {}", each.line, each.name));
    ++count;
    const std::string printed = lint(each.text);
    if (each.expected == std::vector<std::string>{"ok"}) {
      EXPECT_THAT(printed, IsEmpty());
      continue;
    }
    EXPECT_FALSE(each.expected.empty());
    for (const std::string& line : each.expected) {
      EXPECT_THAT(printed, HasSubstr(line));
    }
    const auto lines = std::count(printed.begin(), printed.end(), '\n');
    EXPECT_GE(lines, static_cast<std::ptrdiff_t>(each.expected.size())) << printed;
  }
  EXPECT_GE(count, 150);
}

TEST(ReaderTest, ReadTable) {
  int count = 0;
  for (const auto& each : yaml::testing::read_cases(kFolder + "workflow_read.case")) {
    SCOPED_TRACE(fmt::format("workflow_read.case:{} {}", each.line, each.name));
    ++count;
    const Reading reading = read_workflow(each.text, "w.yaml");
    EXPECT_TRUE(reading.ok()) << to_text(reading.problems);
    ASSERT_EQ(each.expected.size(), 1U);
    const auto wanted = json::parse(each.expected.front());
    ASSERT_TRUE(wanted) << wanted.error().message();
    EXPECT_EQ(json::canonical(to_json(reading.definition)), json::canonical(*wanted));
    const auto again = definition_from_json(to_json(reading.definition));
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(content_hash(*again), content_hash(reading.definition));
  }
  EXPECT_GE(count, 30);
}

/// Keys of the schema without a sentence.
void undescribed(const json::Value& schema, const std::string& at, std::string& out) {
  if (schema.is_array()) {
    for (const json::Value& each : schema.get_array()) {
      undescribed(each, at, out);
    }
  }
  if (!schema.is_object()) {
    return;
  }
  for (const auto& [key, member] : schema.get_object()) {
    const std::string place = at + "/" + std::string(key);
    if (key == "properties" && member.is_object()) {
      for (const auto& [name, property] : member.get_object()) {
        if (json::get_string(property, "description").size() < 8) {
          out += place + "/" + std::string(name) + "\n";
        }
        undescribed(property, place + "/" + std::string(name), out);
      }
    } else {
      undescribed(member, place, out);
    }
  }
}

TEST(ReaderTest, TheSchemaSaysASentenceOfEveryKey) {
  std::string missing;
  undescribed(workflow_schema(), "", missing);
  EXPECT_EQ(missing, "");
  EXPECT_GE(json::find_object(workflow_schema(), "properties")->size(), 17U);
}

class FakeTools final : public ToolSchemas {
 public:
  Result<const json::Value*> input_schema(std::string_view server,
                                          std::string_view tool) const override {
    if (server != "sandbox" || tool != "read_file") {
      return fail(Code::kNotFound, "there is no tool '{}' on the server '{}'", tool, server);
    }
    return &schema_;
  }

 private:
  json::Value schema_ = *json::parse(
      R"({"type":"object","required":["path"],"additionalProperties":false,)"
      R"("properties":{"path":{"type":"string","minLength":1},"lines":{"type":"integer"}}})");
};

std::string with_tools(const std::string& step) {
  const FakeTools tools;
  return to_text(
      check_workflow("id: w\ninputs: {n: integer, s: string}\nsteps:\n  - " + step +
                         "\n  - {id: z, wait: 1, if: inputs.n == 1 && inputs.s == 'a'}\n",
                     "w.yaml", &tools)
          .problems);
}

TEST(ReaderTest, ArgumentsAreHeldAgainstTheToolsSchemas) {
  EXPECT_EQ(with_tools("{id: a, tool: read_file, with: {path: x, lines: 5}}"), "");
  EXPECT_EQ(with_tools("{id: a, tool: read_file, with: {path: '${{ inputs.s }}'}}"), "");
  EXPECT_EQ(with_tools("{id: a, tool: read_file, with: {path: x, lines: '${{ inputs.n }}'}}"), "");
  EXPECT_THAT(with_tools("{id: a, tool: read_file, with: {lines: 5}}"), HasSubstr("path"));
  EXPECT_THAT(with_tools("{id: a, tool: read_file, with: {path: 5}}"),
              HasSubstr("argument 'path' of the tool 'read_file'"));
  EXPECT_THAT(with_tools("{id: a, tool: read_file, with: {path: x, lnes: 5}}"), HasSubstr("lnes"));
  EXPECT_THAT(with_tools("{id: a, tool: read_file, with: {path: x, lnes: '${{ inputs.n }}'}}"),
              HasSubstr("no argument 'lnes' (did you mean 'lines'?)"));
  EXPECT_THAT(
      with_tools("{id: a, tool: read_file, with: {path: x, lines: 'n ${{ inputs.n }}'}}"),
      HasSubstr("argument 'lines' of the tool 'read_file' is string, but integer is wanted"));
  EXPECT_THAT(with_tools("{id: a, tool: write}"), HasSubstr("there is no tool 'write'"));
  EXPECT_THAT(with_tools("{id: a, tool: read_file, server: web}"),
              HasSubstr("on the server 'web'"));
}

}  // namespace
}  // namespace oap::workflow
