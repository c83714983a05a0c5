#include "net/address_guard.hpp"

#include <fstream>
#include <string>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "text/strings.hpp"

namespace oap::net {
namespace {

TEST(AddressGuard, ClassifiesTheTable) {
  std::ifstream file(OAP_SOURCE_DIR "/src/net/cases/address.case");
  int rows = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    const auto parts = text::split(line, '|');
    ASSERT_EQ(parts.size(), 2U) << line;
    EXPECT_EQ(to_string(classify(text::trim(parts[0]))), text::trim(parts[1])) << line;
    ++rows;
  }
  EXPECT_GE(rows, 75);
}

TEST(AddressGuard, ClassifiesSocketAddresses) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(0xA9FEA9FE);
  EXPECT_EQ(classify(reinterpret_cast<const sockaddr&>(v4)), AddressClass::kLinkLocal);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  ::inet_pton(AF_INET6, "2606:4700::1", &v6.sin6_addr);
  EXPECT_EQ(classify(reinterpret_cast<const sockaddr&>(v6)), AddressClass::kPublic);
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  EXPECT_EQ(classify(reinterpret_cast<const sockaddr&>(local)), AddressClass::kReserved);
}

TEST(AddressGuard, ReachesAllowOnlyWhatTheyName) {
  for (int i = 0; i <= static_cast<int>(AddressClass::kReserved); ++i) {
    const auto each = static_cast<AddressClass>(i);
    EXPECT_TRUE(is_allowed(Reach::kAnywhere, each));
    EXPECT_EQ(is_allowed(Reach::kPublicOnly, each), each == AddressClass::kPublic);
    EXPECT_EQ(is_allowed(Reach::kPublicOrLoopback, each),
              each == AddressClass::kPublic || each == AddressClass::kLoopback);
  }
}

}  // namespace
}  // namespace oap::net
