#include <bit>
#include <filesystem>

#include <gmock/gmock.h>

#include "audit/checkpoint.hpp"
#include "audit/indexing.hpp"
#include "audit/keyring.hpp"
#include "audit/log_fixture.hpp"
#include "audit/query.hpp"
#include "audit/tail.hpp"

namespace oap::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class EncryptionTest : public LogFixture {
 protected:
  Log::Options encrypted() {
    Log::Options made = options();
    made.encryption_keys = keys_;
    return made;
  }
  std::unique_ptr<Keyring> keyring() const {
    return Keyring::open(dir(), parse_keys(keys_).value(), false, {}).value();
  }
  static Event of(const std::string& user, const std::string& tool) {
    Event made = event(tool);
    made.user_id = user;
    made.resource = "/home/" + user + "/secret.txt";
    made.risk_score = 0.25;
    return made;
  }
  void append(const std::string& user, const std::string& tool) {
    ASSERT_TRUE(open(encrypted())->append(of(user, tool), Durability::kSync));
  }
  std::vector<std::string> seen(const Query& query = {}) const {
    const auto found = audit::search(dir(), query, 100, keyring().get());
    EXPECT_TRUE(found) << found.error().to_string();
    std::vector<std::string> lines;
    for (const json::Object& record : found->records) {
      lines.push_back(fmt::format("{} {} {}", json::get_string(record, "user_id"),
                                  json::get_string(record, "tool"),
                                  json::get_string(record, "event_type")));
    }
    return lines;
  }

  std::string keys_ = crypto::FernetKey::generate().print();
};

TEST_F(EncryptionTest, RecordsAreReadWithTheKeyAndVerifiedWithout) {
  append("ann", "bash");
  append("bob", "grep");
  const std::string bytes = read(segment_path());
  for (const char* word : {"ann", "bob", "bash", "grep", "secret.txt", "tool_execution"}) {
    EXPECT_THAT(bytes, Not(HasSubstr(std::string("\"") + word)));
  }
  EXPECT_TRUE(report().ok) << what(report());
  EXPECT_THAT(seen(), ElementsAre("ann bash tool_execution", "bob grep tool_execution"));
  Query query;
  query.user_id = "bob";
  EXPECT_THAT(seen(query), ElementsAre("bob grep tool_execution"));
  query = {};
  query.text = "/home/ann/";
  EXPECT_THAT(seen(query), ElementsAre("ann bash tool_execution"));
  const auto records = tail(dir(), 1, {}, keyring().get()).value();
  EXPECT_EQ(records[0].at("resource"), "/home/bob/secret.txt");
  EXPECT_EQ(records[0].at("risk_score"), 0.25);
  EXPECT_EQ(tail(dir(), 1).error().code(), Code::kFailedPrecondition);
  EXPECT_EQ(audit::search(dir(), {}, 1).error().code(), Code::kFailedPrecondition);
  EXPECT_TRUE(prove(dir(), "2", clock_.wall()));
}

TEST_F(EncryptionTest, ThreeRotationsStayReadable) {
  for (std::uint64_t version = 1; version <= 4; ++version) {
    append("ann", fmt::format("tool{}", version));
    if (version < 4) {
      EXPECT_EQ(open(encrypted())->rotate_key().value(), version + 1);
    }
  }
  EXPECT_EQ(list_segments(dir())->size(), 4U);
  EXPECT_TRUE(report().ok) << what(report());
  Query query;
  query.event_type = "tool_execution";
  EXPECT_THAT(seen(query), ElementsAre("ann tool1 tool_execution", "ann tool2 tool_execution",
                                       "ann tool3 tool_execution", "ann tool4 tool_execution"));
  const std::string old = keys_;
  keys_ = crypto::FernetKey::generate().print() + "," + old;
  EXPECT_TRUE(open(encrypted())->rotate_key());
  keys_ = keys_.substr(0, 44);
  EXPECT_EQ(seen(query).size(), 4U);
  keys_ = old;
  EXPECT_EQ(Log::open(encrypted()).error().code(), Code::kConfiguration);
}

TEST_F(EncryptionTest, AnotherProcessFollowsARotation) {
  const auto log = open(encrypted());
  ASSERT_TRUE(log->append(of("ann", "a"), Durability::kSync));
  ASSERT_TRUE(open(encrypted())->rotate_key());
  ASSERT_TRUE(log->append(of("ann", "b"), Durability::kSync));
  ASSERT_TRUE(open(encrypted())->rotate_key());
  ASSERT_TRUE(log->append(of("new", "c"), Durability::kSync));
  Query query;
  query.event_type = "tool_execution";
  EXPECT_THAT(seen(query),
              ElementsAre("ann a tool_execution", "ann b tool_execution", "new c tool_execution"));
  EXPECT_TRUE(report().ok) << what(report());
}

TEST_F(EncryptionTest, AnErasedUsersRecordsAreUnreadableAndTheChainIsIntact) {
  append("ann", "bash");
  append("bob", "grep");
  EXPECT_TRUE(open(encrypted())->erase("ann"));
  EXPECT_EQ(open(encrypted())->erase("nobody").error().code(), Code::kNotFound);
  EXPECT_THAT(seen(), ElementsAre("[erased] bash tool_execution", "bob grep tool_execution",
                                  "  subject_erased"));
  const auto records = tail(dir(), 3, {}, keyring().get()).value();
  EXPECT_FALSE(records[0].contains("resource"));
  EXPECT_EQ(records[0].at("erased"), true);
  EXPECT_TRUE(report().ok) << what(report());
  append("ann", "new");
  EXPECT_THAT(seen().back(), "ann new tool_execution");
}

TEST_F(EncryptionTest, AMovedOrChangedCiphertextIsFound) {
  append("ann", "a");
  append("ann", "b");
  std::string bytes = read(segment_path());
  bytes[bytes.find("\"data\":\"") + 12] ^= 1;
  overwrite(segment_path(), bytes);
  EXPECT_FALSE(report().ok);
  const auto found = audit::search(dir(), {}, 10, keyring().get());
  EXPECT_EQ(found->malformed, 1U);
}

TEST_F(EncryptionTest, AClearLogGoesOnEncryptedAndBack) {
  fill(2);
  append("ann", "a");
  fill(1);
  EXPECT_TRUE(report().ok);
  Query query;
  query.tool = "a";
  EXPECT_THAT(seen(query), ElementsAre("ann a tool_execution"));
  query.tool = "tool1";
  EXPECT_THAT(seen(query), ElementsAre(" tool1 tool_execution"));
}

TEST_F(EncryptionTest, KeysThatAreNoneAreRefused) {
  for (const char* keys : {"abc", "x,y", "AAAA"}) {
    Log::Options bad = options();
    bad.encryption_keys = keys;
    const auto log = Log::open(bad);
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().code(), Code::kConfiguration);
  }
  EXPECT_EQ(open()->rotate_key().error().code(), Code::kFailedPrecondition);
  EXPECT_EQ(open()->erase("x").error().code(), Code::kFailedPrecondition);
}

TEST_F(EncryptionTest, ARingThatIsGoneIsNotMadeAnewBesideWhatItWraps) {
  append("ann", "a");
  const std::string ring = read(dir() + "/keys/ring");
  ASSERT_EQ(unlink((dir() + "/keys/ring").c_str()), 0);
  for (const bool create : {true, false}) {
    const auto opened = Keyring::open(dir(), parse_keys(keys_).value(), create, {});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), Code::kDataLoss);
    EXPECT_THAT(opened.error().message(), HasSubstr(dir() + "/keys/ring is gone"));
    EXPECT_THAT(opened.error().message(), HasSubstr("from a backup"));
  }
  EXPECT_FALSE(Log::open(encrypted()));
  EXPECT_FALSE(os::exists(dir() + "/keys/ring"));
  for (const auto& entry : std::filesystem::directory_iterator(dir() + "/keys")) {
    if (entry.path().filename().string().starts_with("segment-")) {
      std::filesystem::remove(entry.path());
    }
  }
  EXPECT_FALSE(Log::open(encrypted())) << "a user's key alone is still there";
  ASSERT_TRUE(os::write_file_atomic(dir() + "/keys/ring", ring, 0600));
  EXPECT_TRUE(Log::open(encrypted()));
}

TEST_F(EncryptionTest, KeysThatWereRemovedAreNoticed) {
  append("ann", "a");
  append("bob", "b");
  ASSERT_TRUE(report().ok) << what(report());
  const std::string ring = read(dir() + "/keys/ring");
  ASSERT_EQ(unlink((dir() + "/keys/ring").c_str()), 0);
  EXPECT_FALSE(report().ok);
  EXPECT_THAT(what(report()), HasSubstr("the ring of keys (keys/ring) is gone"));
  ASSERT_TRUE(os::write_file_atomic(dir() + "/keys/ring", ring, 0600));
  ASSERT_TRUE(report().ok) << what(report());
  for (const auto& entry : std::filesystem::directory_iterator(dir() + "/keys")) {
    if (entry.path().filename().string().starts_with("segment-")) {
      std::filesystem::remove(entry.path());
    }
  }
  EXPECT_FALSE(report().ok);
  EXPECT_THAT(what(report()), HasSubstr("records 1 to 2 are encrypted and their segment's key is"));
  std::filesystem::remove_all(dir() + "/keys");
  EXPECT_FALSE(report().ok);
  EXPECT_THAT(what(report()), HasSubstr("can no longer be read"));
}

TEST_F(EncryptionTest, AnIndexShowsNothingWithoutTheKeyAndForgetsWhoIsErased) {
  Log::Options small = encrypted();
  small.segment_bytes = 200'000;
  {
    const auto log = open(small);
    for (int i = 0; i < 1'000; ++i) {
      ASSERT_TRUE(log->append(of(i < 300 ? "ann" : "bob", i == 5 ? "grep" : "bash"),
                              i % 50 == 0 ? Durability::kWritten : Durability::kDeferred));
    }
  }
  const auto segments = list_segments(dir()).value();
  ASSERT_GT(segments.size(), 3U);
  Query query;
  query.tool = "grep";
  EXPECT_THAT(seen(query), ElementsAre("ann grep tool_execution"));
  query = {};
  query.user_id = "ann";
  query.tool = "bash";
  EXPECT_EQ(seen(query).size(), 100U);
  EXPECT_EQ(audit::search(dir(), query, 1).error().code(), Code::kFailedPrecondition);
  const auto ring = keyring();
  EXPECT_TRUE(verify(dir(), {ring.get(), {}})->ok);
  const auto path = [&](std::size_t i) { return index_path(dir(), segments[i]); };
  std::string bytes = read(path(0));
  EXPECT_TRUE(std::has_single_bit(bytes.size()));
  EXPECT_THAT(bytes, Not(HasSubstr("oap audit")));
  bytes[bytes.size() / 2] ^= 1;
  overwrite(path(0), bytes);
  EXPECT_FALSE(verify(dir(), {ring.get(), {}})->ok);
  EXPECT_TRUE(verify(dir())->ok) << "there is no key to check the index with";
  EXPECT_EQ(seen(query).size(), 100U);
  const std::size_t last = segments.size() - 2;
  EXPECT_TRUE(open(small)->erase("ann"));
  EXPECT_FALSE(os::exists(path(0)));
  EXPECT_TRUE(os::exists(path(last)));
  EXPECT_TRUE(seen(query).empty());
  query = {};
  query.tool = "grep";
  EXPECT_THAT(seen(query), ElementsAre("[erased] grep tool_execution"));
}

TEST_F(EncryptionTest, ASegmentThatGoesOnEncryptedHasAnotherIndex) {
  fill(5);
  const Segment segment = list_segments(dir()).value()[0];
  const os::UniqueFd records(::open(segment_path().c_str(), O_RDONLY | O_CLOEXEC));
  const auto index = [&](Keyring* keys, bool stop) {
    const std::atomic<bool> stopped = stop;
    const std::uint64_t size =
        written_size(records.get(), os::read_file(segment_path())->size()).value();
    return open_index(dir(), segment, records.get(), size, keys, 0, stopped).has_value();
  };
  EXPECT_FALSE(index(nullptr, true));
  EXPECT_FALSE(os::exists(index_path(dir(), segment)));
  EXPECT_TRUE(index(nullptr, false));
  const std::string clear = index_path(dir(), segment);
  EXPECT_TRUE(os::exists(clear));
  append("ann", "a");
  const auto ring = keyring();
  EXPECT_NE(index_path(dir(), segment), clear);
  EXPECT_TRUE(verify(dir(), {ring.get(), {}})->ok);
  EXPECT_TRUE(index(ring.get(), false));
  EXPECT_TRUE(verify(dir(), {ring.get(), {}})->ok);
  remove_index(dir(), segment);
  EXPECT_FALSE(os::exists(clear));
  EXPECT_FALSE(os::exists(index_path(dir(), segment)));
}

TEST_F(EncryptionTest, TheEmergencyFileIsNoLeak) {
  Log::Options some = encrypted();
  some.emergency_file = "emergency.log";
  const auto log = open(some);
  ASSERT_TRUE(log->append(of("ann", "a"), Durability::kSync));
  ASSERT_EQ(unlink(segment_path().c_str()), 0);
  clock_.advance(Millis(10));
  ASSERT_FALSE(log->append(of("ann", "b"), Durability::kSync));
  const std::string saved = read(temp_ / "emergency.log");
  EXPECT_THAT(saved, Not(HasSubstr("\"ann")));
  const std::size_t at = saved.find("gAAA");
  ASSERT_NE(at, std::string::npos);
  const std::string token = saved.substr(at, saved.find('"', at) - at);
  EXPECT_THAT(crypto::fernet_open(parse_keys(keys_).value(), token, clock_.wall()).value(),
              HasSubstr("/home/ann/secret.txt"));
}

}  // namespace
}  // namespace oap::audit
