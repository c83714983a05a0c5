#include "text/nearest.hpp"

#include <gtest/gtest.h>

namespace oap::text {
namespace {

TEST(Nearest, CountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("ab", "ba"), 1U);
  EXPECT_EQ(edit_distance("Read", "read"), 0U);
  EXPECT_EQ(edit_distance(std::string(500, 'a'), std::string(500, 'b')), 128U);
}

TEST(Nearest, FindsWhatWasMeant) {
  const std::vector<std::string> tools = {"read_file", "write_file", "list_dir", "bash", "github"};
  EXPECT_EQ(nearest("raed_file", tools), "read_file");
  EXPECT_EQ(nearest("READ_FILE", tools), "read_file");
  EXPECT_EQ(nearest("readfile", tools), "read_file");
  EXPECT_EQ(nearest("bsah", tools), "bash");
  EXPECT_EQ(nearest("list", tools), "list_dir");
  EXPECT_EQ(nearest("gihtub", tools), "github");
  EXPECT_EQ(nearest("python", tools), std::nullopt);
  EXPECT_EQ(nearest("x", tools), std::nullopt);
  EXPECT_EQ(nearest("", tools), std::nullopt);
  EXPECT_EQ(nearest("bash", tools), std::nullopt);
  EXPECT_EQ(nearest("bash", {}), std::nullopt);
  EXPECT_EQ(did_you_mean("wirte_file", tools), " (did you mean 'write_file'?)");
  EXPECT_EQ(did_you_mean("zzz", tools), "");
}

}  // namespace
}  // namespace oap::text
