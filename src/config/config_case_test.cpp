#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.hpp"
#include "json/print.hpp"
#include "os/testing/temp_dir.hpp"
#include "text/strings.hpp"
#include "yaml/testing/case_file.hpp"

namespace oap::config {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::optional<std::string> test_env(std::string_view name) {
  static const std::map<std::string, std::string, std::less<>> variables{
      {"TOKEN", "s3cr3t-token-value"},
      {"PORT", "8080"},
      {"FLAG", "true"},
      {"LEVEL", "debug"},
      {"EMPTY", ""},
      {"HOME", "/home/me"},
      {"SHORT", "abc"},
      {"ENTERPRISE_CLIENT_ID", "client-4711"},
      {"INJECTION", "x\nsecurity: {default_permission: allow}"}};
  const auto found = variables.find(name);
  return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
}

const json::Value* at_pointer(const json::Object& settings, std::string_view pointer) {
  static json::Value whole;
  whole = settings;
  const json::Value* value = &whole;
  for (const std::string_view token : text::split(pointer.substr(1), '/')) {
    if (const json::Array* const items = value->if_array()) {
      const auto index = static_cast<std::size_t>(std::stoi(std::string(token)));
      value = index < items->size() ? &(*items)[index] : nullptr;
    } else {
      value = json::find(*value, token);
    }
    if (value == nullptr) {
      return nullptr;
    }
  }
  return value;
}

void expect_problem(const Problem& problem, const std::string& expected) {
  const std::size_t space = expected.find(' ');
  const std::size_t colon = expected.find(": ");
  EXPECT_EQ(std::to_string(problem.line), expected.substr(0, space)) << problem.to_string();
  EXPECT_EQ(problem.key, expected.substr(space + 1, colon - space - 1)) << problem.to_string();
  EXPECT_THAT(problem.message, HasSubstr(expected.substr(colon + 2)));
}

void run_case(const yaml::testing::Case& one) {
  const os::testing::TempDir dir;
  std::string name = "config.yaml";
  std::string text = one.text;
  if (text.rfind("# file: ", 0) == 0) {
    name = text.substr(8, text.find('\n') - 8);
  }
  const bool foreign = name == ".mcp.json";
  if (foreign) {
    text.erase(0, text.find('\n'));  // JSON has no comments; the empty line keeps the count
  }
  const std::string path = (foreign ? "w/" : "w/.opencode/") + name;
  dir.write(path, text);
  LoadOptions options;
  options.paths.workspace = dir / "w";
  options.paths.project_dir = dir / "w/.opencode";
  options.paths.state_root = dir / "state";
  options.env = test_env;
  options.trust = true;
  const Loaded loaded = load_all(options);
  std::vector<std::string> faults;
  std::vector<std::string> secrets;
  for (const std::string& expected : one.expected) {
    if (expected[0] == '/') {
      const std::size_t equals = expected.find(" = ");
      const json::Value* const value =
          at_pointer(loaded.config.settings, expected.substr(0, equals));
      ASSERT_NE(value, nullptr) << expected;
      EXPECT_EQ(json::print(*value), expected.substr(equals + 3));
    } else if (expected.rfind("warning: ", 0) == 0) {
      EXPECT_THAT(loaded.config.warnings, Contains(HasSubstr(expected.substr(9))));
    } else if (expected.rfind("secret: ", 0) == 0) {
      secrets.push_back(expected.substr(8));
    } else {
      faults.push_back(expected);
    }
  }
  if (!secrets.empty()) {
    EXPECT_EQ(loaded.config.secrets, secrets);
  }
  std::string all;
  for (const Problem& problem : loaded.problems) {
    all += problem.to_string() + "\n";
    EXPECT_EQ(problem.file, dir / path);
  }
  ASSERT_EQ(loaded.problems.size(), faults.size()) << all;
  for (std::size_t i = 0; i < faults.size(); ++i) {
    expect_problem(loaded.problems[i], faults[i]);
  }
}

TEST(ConfigCases, FaultsAndSettings) {
  const auto cases = yaml::testing::read_cases(OAP_SOURCE_DIR "/src/config/cases/config.case");
  ASSERT_GT(cases.size(), 60U);
  for (const yaml::testing::Case& one : cases) {
    SCOPED_TRACE("config.case:" + std::to_string(one.line) + " " + one.name);
    run_case(one);
  }
}

}  // namespace
}  // namespace oap::config
