#include "mcp/client/param_headers.hpp"

#include <fstream>

#include <gmock/gmock.h>

#include "json/parse.hpp"

namespace oap::mcp {
namespace {

TEST(HeaderValue, IsEncodedWhereItCouldNotStandOrWouldBeMistaken) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"us-west1", "us-west1"},
      {"", ""},
      {"a b\tc", "a b\tc"},
      {"Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="},
      {" padded ", "=?base64?IHBhZGRlZCA=?="},
      {"line1\nline2", "=?base64?bGluZTEKbGluZTI=?="},
      {"=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="},
      {"=?base64?open", "=?base64?open"},
      {"\x7F", "=?base64?fw==?="},
  };
  for (const auto& [value, header] : cases) {
    EXPECT_EQ(encode_header_value(value), header) << value;
  }
}

/// Each line of the table: `ok HEADER@path.to.it …` or `no part of the reason`, then a tab and the
/// schema.
TEST(ParamHeaderCases, AreReadOrRefused) {
  std::ifstream file(OAP_SOURCE_DIR "/src/mcp/client/cases/param_headers.case");
  int count = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    ++count;
    const std::size_t tab = line.find('\t');
    ASSERT_NE(tab, std::string::npos) << line;
    const std::string expected = line.substr(0, tab);
    const auto schema = json::parse_object(line.substr(tab + 1));
    ASSERT_TRUE(schema) << line;
    const auto found = read_mirrored(*schema);
    std::string shown = found ? "ok" : "no " + found.error().message();
    for (const MirroredParam& each : found.value_or(std::vector<MirroredParam>())) {
      shown += " " + each.header + "@";
      for (std::size_t i = 0; i < each.path.size(); ++i) {
        shown += (i == 0 ? "" : ".") + each.path[i];
      }
    }
    if (expected.starts_with("ok")) {
      EXPECT_EQ(shown, expected) << line;
    } else {
      EXPECT_TRUE(!found) << line;
      EXPECT_THAT(shown, ::testing::HasSubstr(expected.substr(3))) << line;
    }
  }
  EXPECT_GT(count, 20);
}

TEST(MirroredParams, AreWhatIsAtTheirPathAndFitsAHeader) {
  const std::vector<MirroredParam> declared = {{"Mcp-Param-A", {"a"}}, {"Mcp-Param-B", {"b", "c"}}};
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"a":"x","b":{"c":true}})", "Mcp-Param-A=x;Mcp-Param-B=true;"},
      {R"({"a":-7,"b":{"c":9007199254740991}})", "Mcp-Param-A=-7;Mcp-Param-B=9007199254740991;"},
      {R"({"a":42.0})", "Mcp-Param-A=42;"},
      {R"({"a":1.5,"b":{"c":null}})", ""},
      {R"({"a":[1],"b":3})", ""},
      {R"({"a":{},"b":{"c":{}}})", ""},
      {R"({"c":"x"})", ""},
  };
  for (const auto& [arguments, expected] : cases) {
    std::string shown;
    for (const auto& [name, value] : mirror_params(declared, *json::parse_object(arguments))) {
      shown += name + "=" + value + ";";
    }
    EXPECT_EQ(shown, expected) << arguments;
  }
}

}  // namespace
}  // namespace oap::mcp
