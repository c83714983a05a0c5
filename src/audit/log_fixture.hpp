#pragma once

#include <memory>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "audit/log.hpp"
#include "audit/segment.hpp"
#include "audit/verify.hpp"
#include "os/file.hpp"
#include "os/testing/temp_dir.hpp"

namespace oap::audit {

inline Event event(const std::string& tool = "bash") {
  Event made;
  made.event_type = "tool_execution";
  made.tool = tool;
  made.arguments = {{"command", "ls"}};
  return made;
}

class LogFixture : public testing::Test {
 protected:
  Log::Options options() {
    Log::Options made;
    made.dir = dir();
    made.workspace = temp_.path();
    made.clock = &clock_;
    made.seal_segments = false;
    return made;
  }
  std::string dir() const { return temp_ / "audit"; }
  std::unique_ptr<Log> open() { return open(options()); }
  static std::unique_ptr<Log> open(const Log::Options& options) {
    auto log = Log::open(options);
    EXPECT_TRUE(log) << log.error().to_string();
    return log ? std::move(*log) : nullptr;
  }
  void fill(int count) {
    const auto log = open();
    for (int i = 0; i < count; ++i) {
      const auto appended = log->append(event(fmt::format("tool{}", i)), Durability::kSync);
      ASSERT_TRUE(appended) << appended.error().to_string();
    }
  }
  VerifyReport report() const {
    auto verified = verify(dir());
    EXPECT_TRUE(verified) << verified.error().to_string();
    return verified.value_or(VerifyReport{});
  }
  std::string segment_path(std::uint64_t first = 1) const {
    return dir() + "/" + segment_name(first);
  }
  std::string read(const std::string& path) const { return os::read_file(path).value(); }
  void overwrite(const std::string& path, std::string_view bytes) const {
    const int fd = ::open(path.c_str(), O_WRONLY | O_TRUNC);
    ASSERT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    ::close(fd);
  }

  os::testing::TempDir temp_;
  FakeClock clock_;
};

inline std::string what(const VerifyReport& report) {
  std::string text;
  for (const Problem& problem : report.problems) {
    text += problem.what + "; ";
  }
  return text;
}

}  // namespace oap::audit
