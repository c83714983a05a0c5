#include "gateway/upstream/call_verdict.hpp"

#include <gtest/gtest.h>

#include "jsonrpc/message.hpp"

namespace oap::gateway {
namespace {

Verdict of(Code code, Millis took = Millis(5000)) {
  return judge({Error(code, "x"), {}}, took, Millis(1000));
}
Verdict of_peer(int code) {
  return judge({Error(Code::kUpstream, "x"), jsonrpc::ErrorObject{code, "x"}}, Millis(1),
               Millis(1000));
}

TEST(CallVerdict, InfrastructureAndTimeoutsCount) {
  EXPECT_EQ(of(Code::kUnavailable), Verdict::kBad);
  EXPECT_EQ(of(Code::kUpstream), Verdict::kBad);
  EXPECT_EQ(of(Code::kDeadlineExceeded), Verdict::kBad);
  EXPECT_EQ(of_peer(jsonrpc::kInternalError), Verdict::kBad);
}

TEST(CallVerdict, TheCallersOwnDoingDoesNot) {
  EXPECT_EQ(of(Code::kCancelled), Verdict::kNothing);
  EXPECT_EQ(of(Code::kUnauthenticated), Verdict::kNothing);
  EXPECT_EQ(of(Code::kResourceExhausted), Verdict::kNothing);
  EXPECT_EQ(of(Code::kDeadlineExceeded, Millis(999)), Verdict::kNothing);
  EXPECT_EQ(of_peer(jsonrpc::kInvalidParams), Verdict::kGood);
  EXPECT_EQ(of_peer(-32042), Verdict::kGood);
}

}  // namespace
}  // namespace oap::gateway
