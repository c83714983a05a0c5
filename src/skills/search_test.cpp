#include "skills/search.hpp"

#include <gmock/gmock.h>

#include "async/runtime.hpp"
#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"

namespace oap::skills {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> names(const std::vector<Hit>& hits) {
  std::vector<std::string> list;
  for (const Hit& hit : hits) {
    list.push_back(hit.name + "=" + hit.source);
  }
  return list;
}

TEST(Search, AnAnswerIsReadAndWhatCannotBeASkillIsLeftOut) {
  const auto hits = hits_of(
      R"({"skills": [{"name": "pdf", "description": "Fills PDF forms", "source": "o/r"},
          {"name": "xls", "repo": "o/x"}, {"name": "no-source"}, {"name": "../up", "source": "o/r"},
          {"name": "a b", "source": "o/r"}, {"name": "opt", "source": "--upload-pack=x"}, 7, null]})",
      "reg");
  ASSERT_TRUE(hits);
  EXPECT_THAT(names(*hits), ElementsAre("pdf=o/r", "xls=o/x"));
  EXPECT_THAT(names(*hits_of(R"([{"name": "pdf", "source": "o/r"}])", "reg")), SizeIs(1));
  for (const char* bad : {"", "{", "7", "{\"skills\": 7}", "<html>", "{\"other\": []}"}) {
    const auto none = hits_of(bad, "reg");
    ASSERT_FALSE(none) << bad;
    EXPECT_THAT(none.error().message(), HasSubstr("reg"));
  }
}

TEST(Search, EveryWordMustOccur) {
  const Hit hit{"pdf-forms", "Fills Forms", "Owner/Repo", "r"};
  for (const char* yes : {"", "PDF", "forms fills", "owner"}) {
    EXPECT_TRUE(fits(hit, yes)) << yes;
  }
  EXPECT_FALSE(fits(hit, "pdf xls"));
}

class Registries : public ::testing::Test {
 protected:
  SearchResult run(std::vector<std::string> registries, std::string words) {
    return runtime_.run(search(runtime_.executor(), std::move(registries), std::move(words)));
  }
  os::testing::TempDir dir_;
  async::Runtime runtime_;
};

TEST_F(Registries, FilesAreSearchedAndOneThatFailsIsToldOf) {
  ASSERT_TRUE(os::write_file_atomic(
      dir_ / "index.json",
      R"([{"name": "pdf", "source": "o/r"}, {"name": "xls", "source": "o/r"}])"));
  const SearchResult found = run({dir_ / "none.json", dir_ / "index.json"}, "pdf");
  EXPECT_THAT(names(found.hits), ElementsAre("pdf=o/r"));
  EXPECT_THAT(found.problems, SizeIs(1));
  EXPECT_EQ(found.answered, 1U);
}

TEST_F(Registries, OnlyHttpsIsAskedAndTheListIsBounded) {
  for (const char* url : {"http://example.org/x", "ftp://x/y", "http://127.0.0.1.example.org/",
                          "file:///etc/passwd", "javascript://x"}) {
    const SearchResult found = run({url}, "x");
    EXPECT_EQ(found.answered, 0U) << url;
    EXPECT_THAT(found.problems, ElementsAre(HasSubstr("https"))) << url;
    EXPECT_THAT(found.hits, IsEmpty());
  }
  std::string many = "[";
  for (int i = 0; i < 500; ++i) {
    many += (i == 0 ? "" : ",") + std::string(R"({"name": "skill-)") + std::to_string(i) +
            R"(", "source": "o/r"})";
  }
  ASSERT_TRUE(os::write_file_atomic(dir_ / "many.json", many + "]"));
  EXPECT_THAT(run({dir_ / "many.json"}, "").hits, SizeIs(kMostHits));
}

}  // namespace
}  // namespace oap::skills
