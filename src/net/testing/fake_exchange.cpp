#include "net/testing/fake_exchange.hpp"

namespace oap::net::testing {

void FakeExchange::respond(HttpReply answer) {
  if (ended_ || streaming_) {
    return;
  }
  reply_ = std::move(answer);
  answered_ = true;
  ended_ = true;
  gone_ = nullptr;
}

void FakeExchange::start_stream(int status, HeaderList headers) {
  if (ended_ || streaming_) {
    return;
  }
  reply_.status = status;
  reply_.headers = std::move(headers);
  streaming_ = true;
  if (head_.method == "HEAD") {
    finish();
  }
}

Result<void> FakeExchange::write(std::string bytes) {
  if (ended_) {
    return fail(Code::kUnavailable, "the HTTP answer has ended, or its client has gone");
  }
  if (!streaming_) {
    return fail(Code::kFailedPrecondition, "the HTTP answer is written before it was started");
  }
  if (!reads_) {
    return fail(Code::kResourceExhausted, "the client does not read");
  }
  reply_.body += bytes;
  pieces_.push_back(std::move(bytes));
  return {};
}

void FakeExchange::finish() {
  if (streaming_ && !ended_) {
    finished_ = true;
    ended_ = true;
    gone_ = nullptr;
  }
}

void FakeExchange::on_disconnect(std::function<void()> gone) {
  if (left_) {
    gone();
  } else if (!ended_) {
    gone_ = std::move(gone);
  }
}

void FakeExchange::leave() {
  if (ended_) {
    return;
  }
  ended_ = true;
  left_ = true;
  if (auto gone = std::exchange(gone_, nullptr)) {
    gone();
  }
}

}  // namespace oap::net::testing
