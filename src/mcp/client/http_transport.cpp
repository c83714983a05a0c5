#include "mcp/client/http_transport.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "async/deadline.hpp"
#include "async/sleep.hpp"
#include "base/log.hpp"
#include "mcp/client/http_read.hpp"
#include "net/url.hpp"

namespace oap::mcp {
namespace {

constexpr Millis kFarewell{2000};

/// Whether the body of a refusal says in JSON-RPC what is wrong. Who may come in at all is said by
/// the status.
bool explains_itself(const net::HttpResponse& response) {
  if (response.status == 401 || response.status == 403 || !response.body.starts_with('{')) {
    return false;
  }
  const auto decoded = jsonrpc::decode(response.body);
  const auto* answer = decoded ? std::get_if<jsonrpc::Response>(&*decoded) : nullptr;
  return answer != nullptr && answer->error;
}

bool is_session_id(std::string_view id) {
  for (const char c : id) {
    if (c < 0x21 || c > 0x7E) {
      return false;
    }
  }
  return !id.empty();
}

Task<Result<net::HttpResponse>> send_delete(Endpoint* endpoint, net::HttpRequest request) {
  const net::HttpClient::OnBody ignore = [](std::string_view) -> Result<void> { return {}; };
  co_return co_await endpoint->send(std::move(request), ignore);
}

}  // namespace

HttpTransport::HttpTransport(Executor executor, const ServerSpec& spec)
    : executor_(executor), endpoint_(spec), start_timeout_(spec.start_timeout), scope_(executor) {}

HttpTransport::~HttpTransport() = default;

Task<Result<void>> HttpTransport::open(Receiver& receiver) {
  receiver_ = &receiver;
  if (auto url = net::parse_url(endpoint_.url()); !url) {
    co_return fail(
        std::move(url).error().with_context("the MCP server '" + endpoint_.name() + "'"));
  }
  co_return Result<void>();
}

Result<void> HttpTransport::send(Outgoing message) {
  if (closing_) {
    return fail(Code::kUnavailable, "the link to '{}' was closed", endpoint_.name());
  }
  if (message.id == 0) {
    scope_.spawn(run(std::move(message)));
    return {};
  }
  async::Branch branch(executor_);
  posts_.emplace(message.id, branch);
  branch.start(run(std::move(message)));
  return {};
}

Task<void> HttpTransport::run(Outgoing message) {
  const RequestId id = message.id;
  auto sent = co_await post(std::move(message));
  if (!sent && id == 0) {
    log::info("mcp", "a message was not accepted",
              {{"server", endpoint_.name()}, {"error", sent.error().to_string()}});
  }
  if (id != 0) {
    posts_.erase(id);
  }
}

Task<Result<void>> HttpTransport::deliver(Outgoing message) { return post(std::move(message)); }

void HttpTransport::abandon(RequestId id) {
  if (const auto at = posts_.find(id); at != posts_.end()) {
    async::Branch branch = at->second;
    branch.cancel();
  }
}

void HttpTransport::add_session(net::HttpRequest& request) const {
  if (era_ == Era::kModern) {
    request.headers.emplace_back("MCP-Protocol-Version", kModernVersion);
    return;
  }
  if (!session_.empty()) {
    request.headers.emplace_back("Mcp-Session-Id", session_);
  }
  if (!version_.empty()) {
    request.headers.emplace_back("MCP-Protocol-Version", version_);
  }
}

std::shared_ptr<HttpTransport::Read> HttpTransport::read_for(RequestId id) {
  const auto sink = [this, id](const net::SseEvent& event) {
    receiver_->on_message(event.data, id);
  };
  auto read = std::make_shared<Read>(BodyReader(sink, endpoint_.max_message_bytes()));
  read->id = id;
  return read;
}

Task<Result<net::HttpResponse>> HttpTransport::post_once(std::shared_ptr<Read> read,
                                                         std::string text) {
  net::HttpRequest request = endpoint_.prepare("POST", endpoint_.url());
  request.headers.emplace_back("Content-Type", "application/json");
  request.headers.emplace_back("Accept", "application/json, text/event-stream");
  const bool handshake = read->method == "initialize";
  const bool new_session = handshake && era_ == Era::kLegacy;
  if (!new_session) {
    add_session(request);
    read->session = session_;
  }
  for (const auto& header : read->headers) {
    request.headers.push_back(header);
  }
  request.body = std::move(text);
  if (read->id != 0) {
    request.is_complete = [this, id = read->id] { return !receiver_->is_open(id); };
  }
  request.on_head = [this, raw = read.get(), new_session](int status,
                                                          const net::HeaderList& headers) {
    const std::string* session = net::find_header(headers, "Mcp-Session-Id");
    if (new_session && status >= 200 && status < 300) {
      session_ = session != nullptr && is_session_id(*session) ? *session : std::string();
    }
    return raw->body.head(status, headers);
  };
  const net::HttpClient::OnBody on_body = [raw = read.get()](std::string_view piece) {
    return raw->body.feed(piece);
  };
  auto response = co_await endpoint_.send(std::move(request), on_body);
  if (response && response->is_success()) {
    read->body.finish();
  }
  co_return response;
}

bool HttpTransport::is_too_large(const Result<net::HttpResponse>& response) {
  return !response && response.error().code() == Code::kResourceExhausted;
}

Task<Result<void>> HttpTransport::post(Outgoing message) {
  if (message.method == "initialize") {
    initialize_text_ = message.text;
  }
  for (int attempt = 1;; ++attempt) {
    auto read = read_for(message.id);
    read->method = message.method;
    read->headers = message.headers;
    const bool may_repeat =
        era_ == Era::kLegacy && !session_.empty() && attempt == 1 && !message.method.empty();
    std::string text = may_repeat ? message.text : std::move(message.text);
    auto response = co_await post_once(read, std::move(text));
    const bool forgotten = response && response->status == 404 && !read->session.empty();
    if (forgotten && may_repeat) {
      auto renewed = co_await renew(read->session);
      if (renewed) {
        continue;
      }
      give_up(message.id, renewed.error());
      co_return renewed;
    }
    const bool broke = response ? response->is_success() : !is_too_large(response);
    const Place place = place_of(*read, Place());
    if (broke && read->body.is_stream() && era_ == Era::kLegacy && message.id != 0 &&
        !place.last_event_id.empty() && receiver_->is_open(message.id) && !closing_) {
      co_await resume(message.id, place);
      co_return Result<void>();
    }
    co_return conclude(*read, std::move(response));
  }
}

/// Tells the receiver of a request that has got no answer, and why.
Result<void> HttpTransport::conclude(const Read& read, Result<net::HttpResponse> response) {
  if (is_too_large(response)) {
    Oversize traces;
    traces.bytes = endpoint_.max_message_bytes() + 1;
    receiver_->on_oversize(traces, read.id);
  }
  if (!response) {
    give_up(read.id, response.error());
    return fail(std::move(response).error());
  }
  if (!response->is_success()) {
    refused_with_ = response->status;
    if (read.id != 0 && explains_itself(*response)) {
      receiver_->on_message(response->body, read.id);
    }
    Error why = endpoint_.refusal(*response);
    give_up(read.id, why);
    return fail(std::move(why));
  }
  if (read.id == 0 || !receiver_->is_open(read.id)) {
    return {};
  }
  Error why(
      Code::kUpstream,
      read.body.is_stream()
          ? fmt::format("'{}' ended the stream of {} without an answer; it may have run",
                        endpoint_.name(), read.method)
          : fmt::format("'{}' answered {} with HTTP {} and no message (content type '{}')",
                        endpoint_.name(), read.method, response->status, read.body.content_type()));
  give_up(read.id, read.body.is_stream() ? Error(Code::kUnavailable, why.message()) : why);
  return fail(std::move(why));
}

void HttpTransport::give_up(RequestId id, Error why) {
  if (id != 0 && receiver_->is_open(id)) {
    receiver_->on_failed(id, Failure{std::move(why)});
  }
}

void HttpTransport::start_listening() { scope_.spawn(listen()); }

Task<Result<void>> HttpTransport::renew(std::string stale) {
  const Deadline patience = Deadline::after(start_timeout_);
  const auto permit = co_await renewing_.acquire(patience);
  if (!permit) {
    co_return fail(permit.error());
  }
  if (session_ != stale) {
    co_return Result<void>();
  }
  auto begun = co_await async::with_deadline(patience, begin_anew(),
                                             "a new session with " + endpoint_.name());
  if (!begun) {
    co_return begun;
  }
  log::info("mcp", "a server had forgotten its session; a new one was begun",
            {{"server", endpoint_.name()}});
  receiver_->on_renewed();
  co_return begun;
}

Task<Result<void>> HttpTransport::begin_anew() {
  bool accepted = false;
  const auto sink = [this, &accepted](const net::SseEvent& event) {
    const auto decoded = jsonrpc::decode(event.data);
    const auto* response = decoded ? std::get_if<jsonrpc::Response>(&*decoded) : nullptr;
    if (response != nullptr && response->result) {
      accepted = true;
      version_ = json::get_string(*response->result, "protocolVersion", version_);
    }
  };
  auto read = std::make_shared<Read>(BodyReader(sink, endpoint_.max_message_bytes()));
  read->method = "initialize";
  auto response = co_await post_once(read, initialize_text_);
  if (!response) {
    co_return fail(std::move(response).error());
  }
  if (!response->is_success()) {
    co_return fail(endpoint_.refusal(*response));
  }
  if (!accepted) {
    co_return fail(Code::kUpstream, "'{}' has forgotten its session and begins no new one",
                   endpoint_.name());
  }
  auto told = read_for(0);
  told->method = "notifications/initialized";
  response = co_await post_once(told, R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  co_return response ? Result<void>() : fail(std::move(response).error());
}

Task<void> HttpTransport::close() {
  if (std::exchange(closing_, true)) {
    co_return;
  }
  const auto posts = posts_;
  for (const auto& [id, post] : posts) {
    async::Branch branch = post;
    branch.cancel();
    co_await branch.settle_shielded();
  }
  scope_.cancel();
  co_await scope_.join();
  if (era_ == Era::kLegacy && !session_.empty()) {
    net::HttpRequest request = endpoint_.prepare("DELETE", endpoint_.url());
    add_session(request);
    request.deadline = Deadline::after(kFarewell);
    auto ended = co_await async::shielded(send_delete(&endpoint_, std::move(request)));
    if (!ended) {
      log::debug("mcp", "a session was not ended", {{"server", endpoint_.name()}});
    }
  }
}

}  // namespace oap::mcp
