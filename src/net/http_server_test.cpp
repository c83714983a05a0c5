#include "net/http_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/testing/serving.hpp"

namespace oap::net {
namespace {

using oap::net::testing::RawClient;
using oap::net::testing::Serving;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Task<void> echo(std::shared_ptr<HttpExchange> exchange) {
  HttpReply reply;
  reply.headers = {{"Content-Type", "text/plain"}, {"X-Method", exchange->head().method}};
  reply.body = exchange->head().target + "|" + exchange->take_body();
  exchange->respond(std::move(reply));
  co_return;
}

const std::string kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

std::string post(std::string_view body, std::string_view headers = {}) {
  return fmt::format("POST /p HTTP/1.1\r\nHost: h\r\n{}Content-Length: {}\r\n\r\n{}", headers,
                     body.size(), body);
}

TEST(HttpServer, AnswersAndKeepsTheConnection) {
  Serving server(echo);
  RawClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send(post("hello")));
    const std::string answer = client.read_answer();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
    EXPECT_THAT(answer, HasSubstr("X-Method: POST\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Length: 8\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\n/p|hello"));
    EXPECT_THAT(answer, Not(HasSubstr("Connection")));
  }
  EXPECT_TRUE(server.wait_for_connections(1));
}

}  // namespace
}  // namespace oap::net
