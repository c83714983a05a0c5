#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "audit/anchor.hpp"
#include "audit/checkpoint.hpp"
#include "audit/indexing.hpp"
#include "audit/log_fixture.hpp"
#include "audit/query.hpp"
#include "audit/sealed_pages.hpp"
#include "crypto/hash.hpp"
#include "json/print.hpp"

namespace oap::audit {
namespace {

using testing::HasSubstr;

/// A log of a random shape, and what somebody with the folder can do to it.
class Victim : public LogFixture {
 public:
  void TestBody() override {}

  void build(int records, std::uint64_t segment_bytes, bool encrypted) {
    Log::Options made = options();
    made.segment_bytes = segment_bytes;
    made.encryption_keys = encrypted ? keys_ : "";
    const auto log = open(made);
    for (int i = 0; i < records; ++i) {
      Event one = event(fmt::format("tool{}", i % 3));
      one.user_id = fmt::format("user{}", i % 2);
      clock_.advance(Millis(1'000));
      const bool last = i + 1 == records;
      ASSERT_TRUE(log->append(one, last ? Durability::kSync : Durability::kWritten));
    }
  }
  void seal() {
    ASSERT_TRUE(make_checkpoints(dir(), true, clock_.wall()));
    const std::atomic<bool> stop = false;
    const auto ring = keyring();
    make_indexes(dir(), ring.get(), stop);
  }
  std::unique_ptr<Keyring> keyring() const {
    auto ring = Keyring::open(dir(), parse_keys(keys_).value(), false, {});
    return ring ? std::move(*ring) : nullptr;
  }
  void retire(Millis age) {
    Log::Options made = options();
    made.segment_bytes = 1;
    ASSERT_GT(open(made)->retire(age)->segments, 0U);
  }
  Anchor anchor() const { return {read_checkpoints(dir())->back(), **public_key(dir())}; }
  bool is_intact(std::vector<Anchor> anchors = {}) const {
    const auto ring = keyring();
    return verify(dir(), {ring.get(), std::move(anchors)})->ok;
  }
  std::string path(std::size_t i) const { return dir() + "/" + segments()[i].name; }
  std::vector<Segment> segments() const { return list_segments(dir()).value(); }
  std::vector<std::string> lines(const std::string& file) const {
    std::vector<std::string> found;
    const std::string bytes = read(file);
    for (std::size_t from = 0; from < bytes.size();) {
      const std::size_t stop = bytes.find('\n', from) + 1;
      found.push_back(bytes.substr(from, stop - from));
      from = stop;
    }
    return found;
  }
  void put(const std::string& file, const std::vector<std::string>& all) const {
    std::string bytes;
    for (const std::string& line : all) {
      bytes += line;
    }
    overwrite(file, bytes);
  }
  using LogFixture::dir;
  using LogFixture::overwrite;
  using LogFixture::read;

  /// Does one thing of so many; false where it would change nothing here.
  static constexpr int kDeeds = 12;
  bool tamper(int deed, std::size_t a, std::size_t b);

  std::string keys_ = crypto::FernetKey::generate().print();
};

bool Victim::tamper(int deed, std::size_t a, std::size_t b) {
  const std::size_t count = segments().size();
  const std::string file = path(a % count);
  std::vector<std::string> all = lines(file);
  const std::size_t at = b % all.size();
  const std::string bytes = read(file);
  switch (deed) {
    case 0: {
      std::string changed = bytes;
      changed[b % bytes.size()] = static_cast<char>(changed[b % bytes.size()] ^ (1U << (a % 8)));
      overwrite(file, changed);
      return true;
    }
    case 1: {
      const std::size_t other = a % all.size();
      std::swap(all[at], all[other]);
      put(file, all);
      return at != other;
    }
    case 2:
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(at));
      put(file, all);
      return true;
    case 3:
      all.insert(all.begin() + static_cast<std::ptrdiff_t>(at), all[a % all.size()]);
      put(file, all);
      return true;
    case 4: {
      const std::string other = all[a % all.size()];
      const bool changes = other != all[at];
      all[at] = other;
      put(file, all);
      return changes;
    }
    case 5:
      overwrite(file, bytes.substr(0, b % bytes.size()));
      return true;
    case 6:
      std::filesystem::remove(file);
      return true;
    case 7:
      std::filesystem::copy_file(file, dir() + "/" + segment_name(100'000 + b % 1'000));
      return true;
    case 8: {
      const std::string other = path(b % count);
      const std::string theirs = read(other);
      overwrite(file, theirs);
      overwrite(other, bytes);
      return file != other;
    }
    case 9: {
      const std::string name = dir() + "/checkpoints";
      std::string changed = read(name);
      changed[b % changed.size()] = static_cast<char>(changed[b % changed.size()] ^ 1);
      overwrite(name, changed);
      return true;
    }
    case 10: {
      std::vector<std::string> signed_lines = lines(dir() + "/checkpoints");
      const std::size_t gone = b % signed_lines.size();
      signed_lines.erase(signed_lines.begin() + static_cast<std::ptrdiff_t>(gone));
      put(dir() + "/checkpoints", signed_lines);
      return gone < signed_lines.size();
    }
    default: {
      const std::string name = index_path(dir(), segments()[a % count]);
      if (!os::exists(name)) {
        return false;
      }
      std::string changed = read(name);
      changed[b % changed.size()] = static_cast<char>(changed[b % changed.size()] ^ 1);
      overwrite(name, changed);
      return true;
    }
  }
}

TEST(TamperTest, WhateverIsDoneToALogIsFound) {
  rc::check([] {
    const int records = *rc::gen::inRange(2, 40);
    const auto segment_bytes = static_cast<std::uint64_t>(*rc::gen::inRange(300, 6'000));
    const bool encrypted = *rc::gen::arbitrary<bool>();
    const int deed = *rc::gen::inRange(0, Victim::kDeeds);
    const auto a = static_cast<std::size_t>(*rc::gen::inRange(0, 1 << 20));
    const auto b = static_cast<std::size_t>(*rc::gen::inRange(0, 1 << 20));
    Victim victim;
    victim.build(records, segment_bytes, encrypted);
    victim.seal();
    RC_ASSERT(victim.is_intact({victim.anchor()}));
    const bool changed = victim.tamper(deed, a, b);
    RC_TAG(deed, changed);
    RC_ASSERT(victim.is_intact() == !changed);
  });
}

TEST(TamperTest, AFolderThatWasRolledBackIsFoundByAnAnchorOnly) {
  rc::check([] {
    const int before = *rc::gen::inRange(1, 20);
    const int after = *rc::gen::inRange(1, 20);
    const bool encrypted = *rc::gen::arbitrary<bool>();
    Victim victim;
    victim.build(before, 2'000, encrypted);
    victim.seal();
    const Anchor old = victim.anchor();
    const std::string kept = victim.dir() + ".kept";
    std::filesystem::copy(victim.dir(), kept, std::filesystem::copy_options::recursive);
    victim.build(after, 2'000, encrypted);
    victim.seal();
    const Anchor anchor = victim.anchor();
    RC_ASSERT(victim.is_intact({old, anchor}));
    std::filesystem::remove_all(victim.dir());
    std::filesystem::rename(kept, victim.dir());
    RC_ASSERT(victim.is_intact());
    RC_ASSERT(victim.is_intact({old}));
    RC_ASSERT(!victim.is_intact({old, anchor}));
    victim.build(after + 5, 2'000, encrypted);
    RC_ASSERT(!victim.is_intact({anchor}));
  });
}

TEST(TamperTest, AChainForgedWithAKeyOfItsOwnIsFoundByAnAnchor) {
  Victim victim;
  victim.build(5, 1U << 20U, false);
  victim.seal();
  const Anchor anchor = victim.anchor();
  std::filesystem::remove_all(victim.dir());
  std::filesystem::remove(victim.dir() + ".seen");
  EXPECT_FALSE(victim.is_intact({anchor})) << "nothing is there";
  victim.build(9, 1U << 20U, false);
  victim.seal();
  EXPECT_TRUE(victim.is_intact());
  const auto found = verify(victim.dir(), {nullptr, {anchor}}).value();
  EXPECT_THAT(what(found), HasSubstr("the folder's signing key is"));
  EXPECT_THAT(what(found), HasSubstr("are not those that a signed checkpoint"));
}

TEST(TamperTest, AnAnchorOfWhatWasRetiredIsSaidNotToHaveBeenCompared) {
  Victim victim;
  victim.build(4, 1, false);
  victim.seal();
  const Anchor old = victim.anchor();
  victim.build(4, 1, false);
  victim.seal();
  const Anchor young = victim.anchor();
  victim.retire(Millis(3'500));
  const auto check = [&victim](std::vector<Anchor> anchors) {
    return verify(victim.dir(), {nullptr, std::move(anchors)}).value();
  };
  VerifyReport found = check({old});
  EXPECT_FALSE(found.ok);
  EXPECT_TRUE(found.is_undecided);
  EXPECT_EQ(found.anchors_retired, 1U);
  EXPECT_EQ(found.anchors_compared, 0U);
  EXPECT_THAT(what(found), HasSubstr("none of the 1 anchors could be held against a record"));
  EXPECT_EQ(to_json(found).at("undecided"), true);
  found = check({old, young});
  EXPECT_TRUE(found.ok) << what(found);
  EXPECT_FALSE(found.is_undecided);
  EXPECT_EQ(json::get_int(to_json(found).at("anchors"), "retired"), 1);
  EXPECT_EQ(json::get_int(to_json(found).at("anchors"), "compared"), 1);
}

TEST(TamperTest, ATombstoneDoesNotHideThatWhatItCoversWasForged) {
  Victim victim;
  victim.build(4, 1, false);
  victim.seal();
  const Anchor anchor = victim.anchor();
  std::filesystem::remove_all(victim.dir());
  std::filesystem::remove(victim.dir() + ".seen");
  victim.build(9, 1, false);
  victim.seal();
  victim.retire(Millis(1'500));
  EXPECT_TRUE(victim.is_intact());
  const auto found = verify(victim.dir(), {nullptr, {anchor}}).value();
  EXPECT_FALSE(found.ok);
  EXPECT_FALSE(found.is_undecided);
  EXPECT_THAT(what(found), HasSubstr("checkpoints say something else of them"));
}

TEST(TamperTest, AnIndexForgedWithTheFoldersKeyIsFound) {
  Victim victim;
  victim.build(30, 2'000, false);
  victim.seal();
  const Segment segment = victim.segments()[0];
  const std::string path = index_path(victim.dir(), segment);
  const std::string key(
      crypto::as_bytes(crypto::hmac_sha256(victim.read(victim.dir() + "/signing-key.pem"),
                                           fmt::format("oap audit index {}", segment.first))));
  auto pages = SealedPages::open(os::UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), key);
  ASSERT_TRUE(pages);
  std::string content(static_cast<std::size_t>(pages->size()), '\0');
  ASSERT_TRUE(pages->read(0, content.data(), content.size()));
  victim.overwrite(path, seal_pages(key, content, false).value());
  EXPECT_TRUE(victim.is_intact()) << "sealed anew, it says the same";
  for (const std::size_t back : {std::size_t{1}, content.size() / 3}) {
    std::string forged = content;
    forged[forged.size() - back] = static_cast<char>(forged[forged.size() - back] ^ 1);
    victim.overwrite(path, seal_pages(key, forged, false).value());
    EXPECT_THAT(what(verify(victim.dir()).value()), HasSubstr("not that of the records"));
  }
}

TEST(TamperTest, AnchorsAreWhatCheckpointPrints) {
  Victim victim;
  victim.build(3, 1U << 20U, false);
  victim.seal();
  const std::string pem = victim.read(victim.dir() + "/signing-key.pub");
  const std::string line = json::print(
      json::Object{{"checkpoint", to_json(victim.anchor().checkpoint)}, {"public_key", pem}});
  EXPECT_EQ(parse_anchors(line + "\n\n" + line + "\n", std::nullopt)->size(), 2U);
  EXPECT_TRUE(parse_anchors(line, **public_key(victim.dir())));
  std::string changed = line;
  changed.replace(changed.find("\"last\":3"), 8, "\"last\":2");
  for (const std::string& bad : {std::string(), std::string("{}"), std::string("x"), changed}) {
    EXPECT_EQ(parse_anchors(bad, std::nullopt).error().code(), Code::kInvalidArgument) << bad;
  }
}

}  // namespace
}  // namespace oap::audit
