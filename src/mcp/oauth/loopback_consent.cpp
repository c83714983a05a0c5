#include <optional>

#include "async/branch.hpp"
#include "async/deadline.hpp"
#include "async/promise.hpp"
#include "crypto/hash.hpp"
#include "json/uri.hpp"
#include "mcp/oauth/consent.hpp"
#include "mcp/oauth/form.hpp"
#include "net/http_server.hpp"
#include "net/url.hpp"

namespace oap::mcp::oauth {

namespace {

constexpr std::string_view kPath = "/callback";
constexpr std::string_view kPage =
    "<!doctype html><meta charset=\"utf-8\"><title>oap</title>"
    "<p>The sign-in has reached oap. You can close this window.</p>";

net::HttpReply page(int status, std::string_view body) {
  net::HttpReply reply;
  reply.status = status;
  reply.headers = {{"Content-Type", "text/html; charset=utf-8"},
                   {"Cache-Control", "no-store"},
                   {"Referrer-Policy", "no-referrer"},
                   {"Content-Security-Policy", "default-src 'none'"},
                   {"Connection", "close"}};
  reply.body = body;
  return reply;
}

std::uint16_t port_of(const std::string& redirect_uri) {
  const Result<net::Url> url = net::parse_url(redirect_uri);
  const bool ours = url && url->scheme == "http" && url->host == "127.0.0.1" && url->path == kPath;
  return ours ? url->port : std::uint16_t{0};
}

std::string state_in(std::string_view url) {
  return single(parse_form(json::split_uri(url).query.value_or("")), "state").value_or("");
}

}  // namespace

/// The listener of one sign-in and what it waits for.
struct LoopbackConsent::State {
  State(Executor used, Show shown, Millis limit)
      : executor(std::move(used)), show(std::move(shown)), timeout(limit) {}

  static Result<void> listen(const std::shared_ptr<State>& state, std::uint16_t port);
  static Task<Result<void>> stop(std::shared_ptr<State> state);
  static Task<void> answer_with(std::shared_ptr<State> state,
                                std::shared_ptr<net::HttpExchange> exchange);
  void answer(net::HttpExchange& exchange);
  std::string origin() const { return "http://" + host(); }
  std::string host() const { return fmt::format("127.0.0.1:{}", server->port()); }

  Executor executor;
  Show show;
  Millis timeout;
  std::unique_ptr<net::HttpServer> server;
  std::optional<async::Branch> serving;
  std::string expected_state;  ///< "" = nothing is expected yet
  async::Promise<std::string> came_back;
};

Result<void> LoopbackConsent::State::listen(const std::shared_ptr<State>& state,
                                            std::uint16_t port) {
  net::HttpServer::Options options;
  options.port = port;
  options.max_connections = 32;
  options.limits.body = 4096;
  net::HttpServer::Handler handler =
      [weak = std::weak_ptr(state)](const std::shared_ptr<net::HttpExchange>& exchange) {
        return answer_with(weak.lock(), exchange);
      };
  OAP_TRY(state->server, net::HttpServer::listen(state->executor, options, std::move(handler)));
  state->came_back = async::Promise<std::string>();
  state->expected_state.clear();
  state->serving.emplace(state->executor);
  state->serving->start(state->server->serve());
  return {};
}

Task<Result<void>> LoopbackConsent::State::stop(std::shared_ptr<State> state) {
  if (state->server) {
    const Deadline grace = Deadline::after(Millis(500));
    co_await state->server->close(grace);
    co_await state->serving->settle_shielded();
    state->serving.reset();
    state->server.reset();
  }
  co_return Result<void>{};
}

Task<void> LoopbackConsent::State::answer_with(std::shared_ptr<State> state,
                                               std::shared_ptr<net::HttpExchange> exchange) {
  if (state) {
    state->answer(*exchange);
  }
  co_return;
}

void LoopbackConsent::State::answer(net::HttpExchange& exchange) {
  const net::RequestHead& head = exchange.head();
  const std::string* sent_host = head.header("host");
  const std::size_t question = head.target.find('?');
  if (head.method != "GET" || head.target.substr(0, question) != kPath || sent_host == nullptr ||
      *sent_host != host()) {
    exchange.respond(page(404, "<p>There is nothing here.</p>"));
    return;
  }
  const std::string state = state_in(head.target);
  if (expected_state.empty() || !crypto::constant_time_equal(state, expected_state)) {
    exchange.respond(page(400, "<p>This does not belong to the sign-in under way.</p>"));
    return;
  }
  exchange.respond(page(200, kPage));
  came_back.set(origin() + head.target);
}

LoopbackConsent::LoopbackConsent(Executor executor, Show show, Millis timeout)
    : state_(std::make_shared<State>(std::move(executor), std::move(show), timeout)) {}

LoopbackConsent::~LoopbackConsent() {
  if (state_->serving) {
    state_->serving->cancel();
  }
}

Task<void> LoopbackConsent::release() { co_await async::shielded(State::stop(state_)); }

Task<Result<std::string>> LoopbackConsent::prepare(std::string wanted) {
  co_await release();
  const std::uint16_t port = port_of(wanted);
  Result<void> listening = State::listen(state_, port);
  if (!listening && port != 0) {
    listening = State::listen(state_, 0);
  }
  if (!listening) {
    co_return fail(std::move(listening).error().with_context("waiting for the sign-in to return"));
  }
  co_return state_->origin() + std::string(kPath);
}

Task<Result<std::string>> LoopbackConsent::authorize(std::string url,
                                                     std::string /*redirect_uri*/) {
  if (!state_->server) {
    co_return fail(Code::kFailedPrecondition, "a sign-in began without its listener");
  }
  state_->expected_state = state_in(url);
  state_->show(url);
  const Deadline deadline = Deadline::after(state_->timeout);
  Result<std::string> came_back = co_await state_->came_back.get(deadline);
  co_await release();
  if (!came_back && came_back.error().code() == Code::kDeadlineExceeded) {
    co_return fail(Code::kDeadlineExceeded, "nobody came back from the sign-in in time; try again");
  }
  co_return came_back;
}

}  // namespace oap::mcp::oauth
