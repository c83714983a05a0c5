#include "mcp/server/quota.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oap::mcp {
namespace {

using ::testing::HasSubstr;

class QuotaTest : public ::testing::Test {
 protected:
  /// How many of so many more the holder gets.
  std::size_t take(const std::string& holder, std::size_t wanted) {
    std::size_t got = 0;
    for (; got < wanted; ++got) {
      auto place = quota_.take(holder);
      if (!place) {
        refused_ = place.error();
        break;
      }
      places_.push_back(*std::move(place));
    }
    return got;
  }

  Quota quota_{"sessions", 100};
  std::vector<Quota::Place> places_;
  Quota::NoPlace refused_;
};

TEST_F(QuotaTest, AloneItTakesHalfAndTheOthersAQuarterEach) {
  EXPECT_EQ(take("ann", 100), 50U);
  EXPECT_TRUE(refused_.share_is_used);
  EXPECT_THAT(refused_.message, HasSubstr("100 sessions"));
  EXPECT_THAT(refused_.message, HasSubstr("more than 25"));
  EXPECT_EQ(take("bob", 100), 25U);
  EXPECT_EQ(take("cid", 100), 25U);
  EXPECT_EQ(take("dan", 1), 0U);
  EXPECT_FALSE(refused_.share_is_used);
  EXPECT_THAT(refused_.message, HasSubstr("100"));
}

TEST_F(QuotaTest, TheOperatorMayHaveAll) { EXPECT_EQ(take("", 101), 100U); }

TEST_F(QuotaTest, WhatIsGivenBackCanBeHadAgain) {
  EXPECT_EQ(take("ann", 100), 50U);
  places_.resize(20);
  EXPECT_EQ(quota_.taken(), 20U);
  EXPECT_EQ(quota_.held_by("ann"), 20U);
  EXPECT_EQ(take("ann", 100), 30U);
  places_.clear();
  EXPECT_EQ(quota_.taken(), 0U);
  EXPECT_EQ(quota_.held_by("ann"), 0U);
}

TEST_F(QuotaTest, APlaceIsGivenBackOnceHoweverItMoves) {
  Quota::Place first = *quota_.take("ann");
  Quota::Place second = *quota_.take("bob");
  first = std::move(second);
  EXPECT_EQ(quota_.held_by("ann"), 0U);
  EXPECT_EQ(quota_.taken(), 1U);
  Quota::Place third = std::move(first);
  first = Quota::Place();
  EXPECT_EQ(quota_.taken(), 1U);
  third = Quota::Place();
  EXPECT_EQ(quota_.taken(), 0U);
}

TEST_F(QuotaTest, PlacesMayOutliveIt) {
  Quota::Place kept;
  {
    Quota quota("streams", 4);
    kept = *quota.take("ann");
  }
  kept = Quota::Place();
}

TEST_F(QuotaTest, EverybodyGetsOneOfASmallPool) {
  Quota small("streams", 2);
  auto ann = small.take("ann");
  ASSERT_TRUE(ann);
  EXPECT_FALSE(small.take("ann"));
  EXPECT_TRUE(small.take("bob"));
}

}  // namespace
}  // namespace oap::mcp
