#include "session/usage_note.hpp"

#include <fstream>
#include <memory>

#include <gmock/gmock.h>

#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"

namespace oap::session {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class UsageNoteTest : public ::testing::Test {
 protected:
  std::vector<std::int64_t> adopted(bool take = true) {
    std::vector<std::int64_t> seen;
    UsageNote::adopt(dir_.path(), [&](const json::Object& used) {
      seen.push_back(json::get_int(used, "tokens", -1));
      return take;
    });
    return seen;
  }
  os::testing::TempDir dir_;
};

TEST_F(UsageNoteTest, TheLastOneCountsWhenTheProcessHasEnded) {
  auto note = std::make_unique<UsageNote>(dir_ / "a.used");
  note->put({{"tokens", 100'000}});
  note->put({{"tokens", 7}});
  EXPECT_EQ(json::get_int(UsageNote::read(dir_ / "a.used"), "tokens"), 7);
  EXPECT_THAT(adopted(), IsEmpty()) << "its process lives";
  note.reset();
  EXPECT_THAT(adopted(false), ElementsAre(7));
  EXPECT_THAT(adopted(), ElementsAre(7));
  EXPECT_THAT(adopted(), IsEmpty());
}

TEST_F(UsageNoteTest, WhatWasStoredElsewhereIsDropped) {
  UsageNote note(dir_ / "a.used");
  note.put({{"tokens", 7}});
  note.drop();
  EXPECT_FALSE(os::exists(dir_ / "a.used"));
  note.drop();
  UsageNote never(dir_ / "b.used");
  never.drop();
}

TEST_F(UsageNoteTest, DamageIsNothing) {
  std::ofstream(dir_ / "a.used") << "{\"tokens\":";
  EXPECT_THAT(UsageNote::read(dir_ / "a.used"), IsEmpty());
  EXPECT_THAT(UsageNote::read(dir_ / "none.used"), IsEmpty());
  EXPECT_THAT(adopted(), ElementsAre(-1)) << "and is put away";
  UsageNote large(dir_ / "c.used");
  large.put({{"text", std::string(10'000, 'x')}});
  EXPECT_THAT(UsageNote::read(dir_ / "c.used"), IsEmpty());
}

}  // namespace
}  // namespace oap::session
