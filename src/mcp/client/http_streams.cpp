#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "async/sleep.hpp"
#include "base/log.hpp"
#include "mcp/client/http_read.hpp"
#include "mcp/client/http_transport.hpp"

namespace oap::mcp {
namespace {

constexpr Millis kFirstPause{1000};
constexpr Millis kLongestPause{30'000};
constexpr int kMostFruitless = 5;

}  // namespace

HttpTransport::Place HttpTransport::place_of(const Read& read, Place before) {
  if (!read.body.last_event_id().empty()) {
    before.last_event_id = read.body.last_event_id();
  }
  if (read.body.retry()) {
    before.retry = read.body.retry();
  }
  return before;
}

/// As long as the server asked for; else longer each time that nothing came of it.
Millis HttpTransport::pause(const Place& place, int failures) {
  const Millis growing = kFirstPause * (1 << std::min(failures, 5));
  return std::min(kLongestPause, place.retry ? *place.retry : growing);
}

Task<Result<net::HttpResponse>> HttpTransport::get_once(std::shared_ptr<Read> read, Place place) {
  net::HttpRequest request = endpoint_.prepare("GET", endpoint_.url());
  request.headers.emplace_back("Accept", "text/event-stream");
  add_session(request);
  read->session = session_;
  if (!place.last_event_id.empty()) {
    request.headers.emplace_back("Last-Event-ID", place.last_event_id);
  }
  if (read->id != 0) {
    request.is_complete = [this, id = read->id] { return !receiver_->is_open(id); };
  }
  request.on_head = [raw = read.get()](int status, const net::HeaderList& headers) {
    return raw->body.head(status, headers);
  };
  const net::HttpClient::OnBody on_body = [raw = read.get()](std::string_view piece) {
    return raw->body.feed(piece);
  };
  co_return co_await endpoint_.send(std::move(request), on_body);
}

/// Goes on with the stream of a request that the server has closed or that broke.
Task<void> HttpTransport::resume(RequestId id, Place place) {
  Error last(Code::kUnavailable, "the stream broke");
  for (int fruitless = 0; fruitless < kMostFruitless && receiver_->is_open(id);) {
    if (!co_await async::sleep_for(pause(place, fruitless))) {
      co_return;
    }
    auto read = read_for(id);
    auto response = co_await get_once(read, place);
    if (response && !response->is_success()) {
      last = endpoint_.refusal(*response);
      break;
    }
    if (is_too_large(response)) {
      std::ignore = conclude(*read, std::move(response));
      co_return;
    }
    if (!response) {
      last = std::move(response).error();
    }
    fruitless = read->body.got_events() ? 0 : fruitless + 1;
    place = place_of(*read, std::move(place));
  }
  give_up(id, Error(Code::kUnavailable,
                    fmt::format("the answer of '{}' broke off and could not be resumed, it may "
                                "have run: {}",
                                endpoint_.name(), last.message())));
}

/// The stream for what the server says unasked, where it has one.
Task<void> HttpTransport::listen() {
  Place place;
  std::string session = session_;
  for (int fruitless = 0; fruitless < kMostFruitless * 2 && !closing_;) {
    if (session != session_) {
      place = Place();
      session = session_;
    }
    auto read = read_for(0);
    auto response = co_await get_once(read, place);
    if (closing_ || (!response && response.error().code() == Code::kCancelled)) {
      co_return;
    }
    const bool forgotten = response && response->status == 404 && !read->session.empty();
    const bool offered = !response || response->is_success() || response->status >= 500;
    if (!offered && !forgotten) {
      co_return;
    }
    if (forgotten && co_await renew(read->session)) {
      ++fruitless;
      continue;
    }
    fruitless = read->body.got_events() ? 0 : fruitless + 1;
    place = place_of(*read, std::move(place));
    if (!co_await async::sleep_for(pause(place, fruitless))) {
      co_return;
    }
  }
  log::info("mcp", "a server is no longer listened to: its stream breaks each time",
            {{"server", endpoint_.name()}});
}

}  // namespace oap::mcp
