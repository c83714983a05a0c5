#include "tools/testing/served_tools.hpp"

namespace oap::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Python : public testing::ServedTools {
 protected:
  void SetUp() override { OAP_NEEDS_PYTHON(); }
};

TEST_F(Python, RunsAProgram) {
  EXPECT_EQ(run("python", {{"code", "print(1 + 1)\nprint('\xC3\xBC')"}}), "2\n\xC3\xBC\n");
  put(in("mine.py"), "value = 7\n");
  EXPECT_EQ(run("python", {{"code", "import mine\nprint(mine.value)"}}), "7\n");
  const std::string long_code = "#" + std::string(500'000, 'x') + "\nprint('long')";
  EXPECT_EQ(run("python", {{"code", long_code}}), "long\n");
}

TEST_F(Python, AnExceptionIsAnError) {
  const std::string text = run("python", {{"code", "print('first')\nraise ValueError('no')"}});
  EXPECT_THAT(text, StartsWith("tool error: first\n"));
  EXPECT_THAT(text, HasSubstr("ValueError: no"));
  EXPECT_THAT(text, HasSubstr("exit code 1"));
}

TEST_F(Python, KeepsWhatWasPrintedBeforeATimeout) {
  const std::string code =
      "print('begun')\nopen('printed', 'w').close()\nimport time\ntime.sleep(1000)";
  std::string text;
  for (int timeout = 2; timeout <= 256 && !std::filesystem::exists(in("printed")); timeout *= 2) {
    text = run("python", {{"code", code}, {"timeout", timeout}});
  }
  EXPECT_THAT(text, StartsWith("tool error: begun\n"));
  EXPECT_THAT(text, HasSubstr("s was up"));
}

}  // namespace
}  // namespace oap::tools
