#include "session/session_locks.hpp"

#include <gtest/gtest.h>

#include "os/testing/temp_dir.hpp"

namespace oap::session {
namespace {

TEST(SessionLocks, OneHolderASession) {
  const os::testing::TempDir folder;
  const std::string file = folder.path() + "/sessions.lock";
  SessionLocks mine(file);
  ASSERT_TRUE(mine.claim("ses_a"));
  EXPECT_TRUE(mine.claim("ses_a"));
  SessionLocks others(file);
  const auto refused = others.claim("ses_a");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kFailedPrecondition);
  EXPECT_TRUE(others.claim("ses_b"));
  EXPECT_FALSE(mine.claim("ses_b"));
}

TEST(SessionLocks, EndWithTheirHolder) {
  const os::testing::TempDir folder;
  const std::string file = folder.path() + "/sessions.lock";
  {
    SessionLocks mine(file);
    ASSERT_TRUE(mine.claim("ses_a"));
  }
  SessionLocks next(file);
  EXPECT_TRUE(next.claim("ses_a"));
}

TEST(SessionLocks, AFileThatCannotBeMadeIsAnError) {
  SessionLocks locks("/nonexistent/x/sessions.lock");
  EXPECT_FALSE(locks.claim("ses_a"));
}

}  // namespace
}  // namespace oap::session
