#include "audit/checkpoint.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "audit/log_fixture.hpp"
#include "audit/query.hpp"
#include "crypto/keygen.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class CheckpointTest : public LogFixture {
 protected:
  void write(int count, std::uint64_t segment_bytes = 3'000) {
    Log::Options small = options();
    small.segment_bytes = segment_bytes;
    const auto log = open(small);
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(log->append(event(fmt::format("tool{}", i)), Durability::kWritten));
    }
  }
  std::uint64_t make(bool newest = true) const {
    return make_checkpoints(dir(), newest, clock_.wall()).value();
  }
  std::vector<std::string> event_ids() const {
    std::vector<std::string> ids;
    const auto found = audit::search(dir(), {}, 1'000);
    for (const json::Object& record : found->records) {
      ids.emplace_back(json::get_string(record, "event_id"));
    }
    return ids;
  }
  std::string checkpoint_path() const { return dir() + "/checkpoints"; }
};

TEST_F(CheckpointTest, WholeSegmentsAreSealedOnceAndTheNewestWhenAsked) {
  write(20);
  const std::size_t segments = list_segments(dir()).value().size();
  ASSERT_GT(segments, 2U);
  EXPECT_EQ(make(false), segments - 1);
  EXPECT_EQ(make(false), 0U);
  EXPECT_EQ(make(true), 1U);
  EXPECT_EQ(make(true), 0U);
  const auto all = read_checkpoints(dir()).value();
  ASSERT_THAT(all, SizeIs(segments));
  EXPECT_TRUE(all.front().sealed);
  EXPECT_FALSE(all.back().sealed);
  EXPECT_EQ(all.front().first, 1U);
  EXPECT_EQ(all.back().last, 20U);
  const auto key = public_key(dir()).value();
  for (const Checkpoint& one : all) {
    EXPECT_TRUE(is_signed_by(one, *key));
  }
  struct stat info{};
  ASSERT_EQ(stat((dir() + "/signing-key.pem").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  const VerifyReport found = report();
  EXPECT_TRUE(found.ok) << what(found);
  EXPECT_EQ(found.checkpoints, segments);
  write(3);
  EXPECT_GE(make(true), 1U);
  EXPECT_TRUE(report().ok) << what(report());
}

TEST_F(CheckpointTest, TheLogSealsItsSegmentsItself) {
  Log::Options sealing = options();
  sealing.segment_bytes = 3'000;
  sealing.seal_segments = true;
  {
    const auto log = open(sealing);
    for (int i = 0; i < 40; ++i) {
      ASSERT_TRUE(log->append(event(), Durability::kWritten));
    }
  }
  EXPECT_EQ(make(false), 0U);
  EXPECT_EQ(read_checkpoints(dir())->size(), list_segments(dir())->size() - 1);
  EXPECT_TRUE(report().ok) << what(report());
}

TEST_F(CheckpointTest, EachRecordCanBeProvenWithoutTheLog) {
  write(20);
  const auto ids = event_ids();
  ASSERT_THAT(ids, SizeIs(20));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto proof = prove(dir(), ids[i], clock_.wall());
    ASSERT_TRUE(proof) << proof.error().to_string();
    const json::Object read_back = json::parse_object(json::print(*proof)).value();
    const auto proven = check_proof(read_back, public_key(dir()).value());
    ASSERT_TRUE(proven) << proven.error().to_string();
    EXPECT_EQ(json::get_string(proven->record, "event_id"), ids[i]);
    EXPECT_TRUE(proven->key_given);
  }
  EXPECT_EQ(check_proof(*prove(dir(), "7", clock_.wall()), std::nullopt)->record.at("seq"), 7);
  EXPECT_EQ(prove(dir(), "evt_", clock_.wall()).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(prove(dir(), "21", clock_.wall()).error().code(), Code::kNotFound);
  EXPECT_EQ(prove(dir(), "evt_none", clock_.wall()).error().code(), Code::kNotFound);
}

TEST_F(CheckpointTest, AProofThatWasChangedAnywhereDoesNotHold) {
  write(9, 1U << 20U);
  const std::string proof = json::print(*prove(dir(), "4", clock_.wall()));
  const auto key = public_key(dir()).value();
  ASSERT_TRUE(check_proof(json::parse_object(proof).value(), key));
  const std::size_t pem = proof.find("BEGIN PUBLIC");
  for (std::size_t at = 0; at < proof.size(); ++at) {
    std::string changed = proof;
    changed[at] = changed[at] == '0' ? '1' : '0';
    const auto object = json::parse_object(changed);
    const bool in_pem = at + 20 > pem && at < pem + 140;
    if (object && !in_pem && *object != json::parse_object(proof).value()) {
      ASSERT_FALSE(check_proof(*object, key)) << at << changed;
    }
  }
  const auto other =
      crypto::PrivateKey::from_pem(crypto::generate_ed25519_pem().value())->public_key();
  EXPECT_FALSE(check_proof(json::parse_object(proof).value(), other));
  EXPECT_FALSE(check_proof({}, std::nullopt));
}

TEST_F(CheckpointTest, AChainThatWasRewrittenOrRolledBackWithItsHeadIsFound) {
  write(4, 1U << 20U);
  const std::string old_segment = read(segment_path());
  const std::string old_head = read(dir() + "/head");
  write(2, 1U << 20U);
  make();
  overwrite(segment_path(), old_segment);
  overwrite(dir() + "/head", old_head);
  EXPECT_THAT(what(report()), HasSubstr("a signed checkpoint"));
  write(3, 1U << 20U);
  EXPECT_THAT(what(report()), HasSubstr("are not those that a signed checkpoint"));
}

TEST_F(CheckpointTest, ChangedCheckpointsAreFound) {
  write(20);
  make();
  const std::string intact = read(checkpoint_path());
  for (std::size_t at = 0; at < intact.size(); at += 7) {
    std::string bytes = intact;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    overwrite(checkpoint_path(), bytes);
    ASSERT_FALSE(report().ok) << at;
  }
  overwrite(checkpoint_path(), intact.substr(intact.find('\n') + 1));
  EXPECT_FALSE(report().ok);
  overwrite(checkpoint_path(), intact);
  EXPECT_TRUE(report().ok);
  std::filesystem::remove(dir() + "/signing-key.pub");
  EXPECT_THAT(what(report()), HasSubstr("signing-key.pub is missing"));
}

TEST_F(CheckpointTest, RetiredSegmentsLeaveASignedTombstone) {
  write(12, 1);
  clock_.advance(std::chrono::hours(24 * 10));
  Log::Options small = options();
  small.segment_bytes = 1;
  {
    const auto log = open(small);
    ASSERT_TRUE(log->append(event(), Durability::kSync));
    EXPECT_EQ(log->retire(std::chrono::hours(24 * 5))->segments, 12U);
  }
  EXPECT_TRUE(report().ok) << what(report());
  Query query;
  query.event_type = "retired";
  const auto tombstone = audit::search(dir(), query, 10)->records.at(0);
  const json::Value& details = tombstone.at("details");
  EXPECT_EQ(json::get_int(details, "events"), 12);
  EXPECT_EQ(json::get_string(details, "root").size(), 64U);
  EXPECT_FALSE(json::get_string(details, "signature").empty());
  EXPECT_EQ(make(), 2U);
  const auto other = crypto::to_pem(
      crypto::PrivateKey::from_pem(crypto::generate_ed25519_pem().value())->public_key());
  overwrite(dir() + "/signing-key.pub", *other);
  EXPECT_THAT(what(report()), HasSubstr("the tombstone of retired segments is not signed"));
}

}  // namespace
}  // namespace oap::audit
