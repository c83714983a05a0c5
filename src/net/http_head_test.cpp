#include "net/http_head.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oap::net {
namespace {

/// Feeds the request in pieces of that many bytes.
Result<void> feed(RequestReader& reader, std::string_view bytes, std::size_t piece) {
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    OAP_CHECK_OK(reader.feed(bytes.substr(at, piece)));
  }
  return {};
}

TEST(RequestReader, ReadsARequestInAnyPieces) {
  const std::string bytes =
      "POST /mcp?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX-Y:  z \r\n\r\nhelloGET ";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    RequestReader reader;
    ASSERT_TRUE(feed(reader, bytes, piece)) << piece;
    ASSERT_TRUE(reader.is_done()) << piece;
    EXPECT_EQ(reader.head().method, "POST");
    EXPECT_EQ(reader.head().target, "/mcp?x=1");
    EXPECT_EQ(*reader.head().header("x-y"), "z");
    EXPECT_EQ(reader.head().content_length, 5U);
    EXPECT_EQ(reader.body(), "hello");
    EXPECT_EQ(reader.take_rest(), "GET ");
  }
}

TEST(RequestReader, ReadsAChunkedBody) {
  const std::string bytes =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nrest";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    RequestReader reader;
    ASSERT_TRUE(feed(reader, bytes, piece)) << piece;
    ASSERT_TRUE(reader.is_done()) << piece;
    EXPECT_TRUE(reader.head().chunked);
    EXPECT_EQ(reader.head().header("Trailer"), nullptr);
    EXPECT_EQ(reader.body(), "abc0123456789");
    EXPECT_EQ(reader.take_rest(), "rest");
  }
}

TEST(RequestReader, ReadsAnEmptyChunkedBody) {
  const std::string bytes =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    RequestReader reader;
    ASSERT_TRUE(feed(reader, bytes, piece)) << piece;
    EXPECT_TRUE(reader.is_done()) << piece;
    EXPECT_EQ(reader.body(), "");
  }
}

TEST(RequestReader, ReadsRequestsWithoutBody) {
  RequestReader reader;
  EXPECT_TRUE(reader.is_empty());
  ASSERT_TRUE(reader.feed("GET /health HTTP/1.1\r\nHost: a\r\n"));
  EXPECT_FALSE(reader.has_head());
  EXPECT_FALSE(reader.is_empty());
  ASSERT_TRUE(reader.feed("Connection: close\r\n\r\n"));
  EXPECT_TRUE(reader.is_done());
  EXPECT_FALSE(reader.head().keep_alive);
  EXPECT_EQ(reader.body(), "");
}

TEST(RequestReader, SaysWhenTheClientWaits) {
  RequestReader reader;
  ASSERT_TRUE(reader.feed(
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"));
  EXPECT_TRUE(reader.expects_continue());
  ASSERT_TRUE(reader.feed("x"));
  EXPECT_FALSE(reader.expects_continue());
}

struct Refused {
  const char* name;
  std::string bytes;
  Code code;
};

TEST(RequestReader, RefusesWhatIsDangerous) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n";
  const std::vector<Refused> cases = {
      {"two lengths", head + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
       Code::kInvalidArgument},
      {"different lengths", head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
       Code::kInvalidArgument},
      {"length and chunks",
       head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       Code::kInvalidArgument},
      {"chunks and length",
       head + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
       Code::kInvalidArgument},
      {"another coding", head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
       Code::kInvalidArgument},
      {"coding twice",
       head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       Code::kInvalidArgument},
      {"negative length", head + "Content-Length: -1\r\n\r\n", Code::kInvalidArgument},
      {"length is no number", head + "Content-Length: 0x5\r\n\r\n", Code::kInvalidArgument},
      {"length list", head + "Content-Length: 1, 1\r\n\r\nx", Code::kInvalidArgument},
      {"bad chunk size", head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
       Code::kInvalidArgument},
      {"no host", "GET / HTTP/1.1\r\n\r\n", Code::kInvalidArgument},
      {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", Code::kInvalidArgument},
      {"blank before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", Code::kInvalidArgument},
      {"no HTTP", "hello\r\n\r\n", Code::kInvalidArgument},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00", 7) + "\r\n\r\n", Code::kInvalidArgument},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Code::kInvalidArgument},
      {"NUL", std::string("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 29), Code::kInvalidArgument},
      {"long head", head + "X: " + std::string(2000, 'x'), Code::kResourceExhausted},
      {"endless method", std::string(2000, 'G'), Code::kResourceExhausted},
      {"long body", head + "Content-Length: 101\r\n\r\n", Code::kResourceExhausted},
      {"long chunks", head + "Transfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x'),
       Code::kResourceExhausted},
  };
  for (const Refused& each : cases) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, each.bytes.size()}) {
      RequestReader reader({1024, 100});
      const Result<void> fed = feed(reader, each.bytes, piece);
      ASSERT_FALSE(fed) << each.name << " in pieces of " << piece;
      EXPECT_EQ(fed.error().code(), each.code) << each.name << ": " << fed.error().message();
      EXPECT_FALSE(reader.is_done());
      EXPECT_FALSE(reader.feed("x")) << "an error must stay";
    }
  }
}

}  // namespace
}  // namespace oap::net
