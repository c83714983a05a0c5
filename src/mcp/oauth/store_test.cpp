#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "async/runtime.hpp"
#include "mcp/oauth/file_token_store.hpp"
#include "os/file.hpp"
#include "os/lock.hpp"
#include "os/testing/temp_dir.hpp"

namespace oap::mcp::oauth {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Grant grant(const std::string& issuer, const std::string& token) {
  Grant out;
  out.issuer = issuer;
  out.resource = "https://r.example.com/mcp";
  out.client.client_id = "client";
  out.client.client_secret = "client-secret-1";
  out.client.auth_method = "client_secret_basic";
  out.client.redirect_uri = "http://127.0.0.1:1/callback";
  out.client.source = ClientRegistration::Source::kDynamic;
  out.client.secret_expires_at = WallTime(std::chrono::seconds(1'900'000'000));
  out.requested = {"a", "b"};
  out.tokens =
      Tokens{token, "refresh-" + token, {"a"}, WallTime(std::chrono::seconds(1'800'000'000))};
  return out;
}

class FileTokenStoreTest : public ::testing::Test {
 protected:
  FileTokenStore store() { return {dir_ / "state", runtime_.blocking(), Millis(50)}; }
  Result<std::vector<Grant>> load(const GrantOwner& owner) {
    FileTokenStore held = store();
    return runtime_.run(held.load(owner));
  }
  Result<void> save(const GrantOwner& owner, Grant what) {
    FileTokenStore held = store();
    return runtime_.run(held.save(owner, std::move(what)));
  }
  static unsigned mode(const std::string& path) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0U;
  }
  std::string tokens() const { return dir_ / "state/oauth.tokens"; }
  std::string key() const { return dir_ / "state/oauth.key"; }

  os::testing::TempDir dir_;
  async::Runtime runtime_;
  GrantOwner ann_{"ann", "https://r.example.com/mcp"};
};

TEST_F(FileTokenStoreTest, KeepsAllOfAGrant) {
  EXPECT_TRUE(load(ann_)->empty());
  EXPECT_FALSE(os::exists(dir_ / "state"));
  ASSERT_TRUE(save(ann_, grant("https://a", "token-1")));
  const auto back = load(ann_);
  ASSERT_TRUE(back) << back.error().to_string();
  ASSERT_EQ(back->size(), 1U);
  EXPECT_EQ(to_json(back->front()), to_json(grant("https://a", "token-1")));
}

TEST_F(FileTokenStoreTest, IsPrivateAndUnreadable) {
  ASSERT_TRUE(save(ann_, grant("https://a", "token-1")));
  EXPECT_EQ(mode(dir_ / "state"), 0700U);
  EXPECT_EQ(mode(key()), 0600U);
  EXPECT_EQ(mode(tokens()), 0600U);
  const std::string bytes = *os::read_file(tokens());
  for (const std::string secret : {"token-1", "client-secret-1", "ann", "https"}) {
    EXPECT_THAT(bytes, Not(HasSubstr(secret)));
  }
}

TEST_F(FileTokenStoreTest, KeepsOwnersAndIssuersApart) {
  ASSERT_TRUE(save(ann_, grant("https://a", "token-1")));
  ASSERT_TRUE(save(ann_, grant("https://b", "token-2")));
  ASSERT_TRUE(save({"bob", ann_.server}, grant("https://a", "token-3")));
  ASSERT_TRUE(save(ann_, grant("https://a", "token-4")));
  const auto of_ann = load(ann_);
  ASSERT_EQ(of_ann->size(), 2U);
  EXPECT_EQ(of_ann->front().tokens->access_token, "token-4");
  EXPECT_EQ(load({"bob", ann_.server})->front().tokens->access_token, "token-3");
  EXPECT_TRUE(load({"ann", "https://other.example.com"})->empty());
  FileTokenStore held = store();
  ASSERT_TRUE(runtime_.run(held.erase(ann_, "https://a")));
  EXPECT_EQ(load(ann_)->front().issuer, "https://b");
  ASSERT_TRUE(runtime_.run(held.erase(ann_, "")));
  EXPECT_TRUE(load(ann_)->empty());
  EXPECT_EQ(load({"bob", ann_.server})->size(), 1U);
}

TEST_F(FileTokenStoreTest, ADamagedFileIsAnErrorAndStays) {
  ASSERT_TRUE(save(ann_, grant("https://a", "token-1")));
  const std::string whole = *os::read_file(tokens());
  std::string flipped = whole;
  flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 1);
  for (const std::string& bytes :
       {flipped, whole.substr(0, whole.size() - 1), std::string(), std::string("{}")}) {
    ASSERT_TRUE(os::write_file_atomic(tokens(), bytes, 0600));
    const auto read = load(ann_);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code(), Code::kDataLoss);
    const auto written = save(ann_, grant("https://b", "token-2"));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code(), Code::kDataLoss);
    EXPECT_EQ(*os::read_file(tokens()), bytes);
  }
}

TEST_F(FileTokenStoreTest, ALostOrForeignKeyIsAnError) {
  ASSERT_TRUE(save(ann_, grant("https://a", "token-1")));
  const std::string good = *os::read_file(key());
  ASSERT_TRUE(os::write_file_atomic(key(), std::string(32, 'k'), 0600));
  EXPECT_EQ(load(ann_).error().code(), Code::kDataLoss);
  ASSERT_TRUE(os::write_file_atomic(key(), "short", 0600));
  EXPECT_EQ(load(ann_).error().code(), Code::kDataLoss);
  ASSERT_TRUE(os::write_file_atomic(key(), good, 0644));
  EXPECT_EQ(load(ann_).error().code(), Code::kFailedPrecondition);
  ASSERT_EQ(::unlink(key().c_str()), 0);
  EXPECT_EQ(load(ann_).error().code(), Code::kDataLoss);
  EXPECT_EQ(save(ann_, grant("https://b", "token-2")).error().code(), Code::kDataLoss);
  EXPECT_FALSE(os::exists(key()));
}

TEST_F(FileTokenStoreTest, WaitsForTheLockButNotForEver) {
  ASSERT_TRUE(save(ann_, grant("https://a", "token-1")));
  const auto held = os::FileLock::acquire(dir_ / "state/oauth.lock", Deadline::never());
  ASSERT_TRUE(held);
  EXPECT_EQ(load(ann_).error().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(save(ann_, grant("https://a", "token-2")).error().code(), Code::kDeadlineExceeded);
}

TEST(GrantText, WrongMembersAreDataLoss) {
  json::Object object = to_json(grant("https://a", "t"));
  ASSERT_TRUE(read_grant(object));
  json::Object no_issuer = object;
  no_issuer.erase("issuer");
  EXPECT_EQ(read_grant(no_issuer).error().code(), Code::kDataLoss);
  json::Object no_client = object;
  no_client["client"] = 1;
  EXPECT_FALSE(read_grant(no_client));
  json::Object odd_source = object;
  odd_source["client"].as_object()["source"] = "stolen";
  EXPECT_FALSE(read_grant(odd_source));
  json::Object empty_tokens = object;
  empty_tokens["tokens"] = json::Object();
  EXPECT_FALSE(read_grant(empty_tokens));
}

}  // namespace
}  // namespace oap::mcp::oauth
