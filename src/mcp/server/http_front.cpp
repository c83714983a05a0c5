#include <utility>

#include <fmt/format.h>

#include "mcp/server/cors.hpp"
#include "mcp/server/front.hpp"
#include "mcp/server/gate.hpp"
#include "mcp/server/http_answer.hpp"
#include "mcp/server/http_legacy.hpp"
#include "mcp/server/modern_desk.hpp"
#include "text/strings.hpp"

namespace oap::mcp {
namespace {

Rejection reject(int status, std::string message, int code = jsonrpc::kInvalidRequest) {
  return Rejection{status, jsonrpc::ErrorObject{code, std::move(message)}};
}

bool is_json(const net::RequestHead& head) {
  const std::string* type = head.header("Content-Type");
  if (type == nullptr) {
    return false;
  }
  const std::string_view text = *type;
  return text::equals_ci(text::trim(text.substr(0, text.find(';'))), "application/json");
}

bool is_batch(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '[';
}

void add_headers(HttpAnswer& answer, net::HeaderList headers) {
  for (auto& [name, value] : headers) {
    answer.add_header(std::move(name), std::move(value));
  }
}

}  // namespace

struct HttpFront::State {
  State(Executor executor, Service& service, HttpFrontOptions given)
      : options(std::move(given)),
        core(std::move(executor), service, options.limits),
        desk(core),
        legacy(core) {}

  void start();
  void dispatch(net::HttpExchange& http, Principal principal,
                const std::shared_ptr<HttpAnswer>& answer);
  void post(net::HttpExchange& http, Principal principal,
            const std::shared_ptr<HttpAnswer>& answer);
  void take_modern(net::HttpExchange& http, Principal principal, jsonrpc::Request request,
                   const std::shared_ptr<HttpAnswer>& answer);
  std::optional<Rejection> check_mirrored_params(const net::RequestHead& head,
                                                 const ModernRequest& request);

  HttpFrontOptions options;
  Core core;
  ModernDesk desk;
  HttpLegacy legacy;
  Feed::Registration registration;
};

void HttpFront::State::start() {
  if (options.authenticator != nullptr) {
    core.know_callers();
  }
  registration = core.service().feed().listen([this](const Change& change) {
    desk.changed(change);
    legacy.changed(change);
  });
  core.tend([this](SteadyTime now) {
    desk.sweep(now);
    legacy.sweep(now);
  });
}

void HttpFront::State::dispatch(net::HttpExchange& http, Principal principal,
                                const std::shared_ptr<HttpAnswer>& answer) {
  const net::RequestHead& head = http.head();
  const std::string* version = head.header("MCP-Protocol-Version");
  const bool modern = version != nullptr && *version == kModernVersion;
  if (head.method == "POST") {
    post(http, std::move(principal), answer);
  } else if (head.method == "GET" && !modern) {
    legacy.get(head, principal, answer);
  } else if (head.method == "DELETE" && !modern) {
    legacy.remove(head, principal, answer);
  } else {
    answer->add_header("Allow", modern ? "POST" : "GET, POST, DELETE");
    refuse(*answer, nullptr, reject(405, "this path does not answer " + head.method));
  }
}

void HttpFront::State::post(net::HttpExchange& http, Principal principal,
                            const std::shared_ptr<HttpAnswer>& answer) {
  const net::RequestHead& head = http.head();
  if (!is_json(head)) {
    refuse(*answer, nullptr, reject(415, "Content-Type must be application/json"));
    return;
  }
  if (!answer->accept().json && !answer->accept().stream) {
    refuse(*answer, nullptr,
           reject(406, "Accept must allow application/json and text/event-stream"));
    return;
  }
  if (http.body().size() > options.limits.max_message_bytes) {
    refuse(*answer, nullptr,
           reject(413, fmt::format("the message is longer than {} bytes",
                                   options.limits.max_message_bytes)));
    return;
  }
  if (is_batch(http.body())) {
    legacy.post_batch(head, principal, http.body(), answer);
    return;
  }
  auto decoded = jsonrpc::decode(http.body());
  if (!decoded) {
    jsonrpc::Rejected& why = decoded.error();
    refuse(*answer, std::move(why.id), reject(400, std::move(why.message), why.code));
    return;
  }
  const std::string* version = head.header("MCP-Protocol-Version");
  auto* request = std::get_if<jsonrpc::Request>(&*decoded);
  const bool modern = request != nullptr ? era_of(*request, version) == Era::kModern
                                         : version != nullptr && *version == kModernVersion;
  if (!modern) {
    legacy.post(head, principal, std::move(*decoded), answer);
  } else if (request == nullptr) {
    refuse(*answer, nullptr,
           reject(400, fmt::format("{} has no answers from clients", kModernVersion)));
  } else if (request->is_notification) {
    answer->respond(202, "");
  } else {
    take_modern(http, std::move(principal), std::move(*request), answer);
  }
}

std::optional<Rejection> HttpFront::State::check_mirrored_params(const net::RequestHead& head,
                                                                 const ModernRequest& request) {
  if (request.method != "tools/call") {
    return std::nullopt;
  }
  const std::string_view tool = json::get_string(request.params, "name");
  const auto* mirrored = core.service().mirrored(tool, *request.caller);
  return mirrored == nullptr ? std::nullopt
                             : check_mirrored(head.headers, request.params, *mirrored);
}

void HttpFront::State::take_modern(net::HttpExchange& http, Principal principal,
                                   jsonrpc::Request request,
                                   const std::shared_ptr<HttpAnswer>& answer) {
  const net::HeaderList& headers = http.head().headers;
  auto envelope = read_envelope(request.params);
  if (!envelope) {
    refuse(*answer, std::move(request.id), std::move(envelope).error());
    return;
  }
  auto wrong = check_version_header(headers, envelope->version);
  if (!wrong) {
    wrong = check_version(envelope->version);
  }
  if (!wrong) {
    wrong = check_method_headers(headers, request);
  }
  if (wrong) {
    refuse(*answer, std::move(request.id), *std::move(wrong));
    return;
  }
  ModernRequest taken;
  taken.id = std::move(request.id);
  taken.method = std::move(request.method);
  taken.params = std::move(request.params);
  taken.log_level = envelope->log_level;
  taken.caller = caller_of(*std::move(envelope), std::move(principal), "");
  taken.raw = http.take_body();
  if (auto mismatch = check_mirrored_params(http.head(), taken)) {
    refuse(*answer, std::move(taken.id), *std::move(mismatch));
    return;
  }
  auto outlet = std::make_shared<HttpOutlet>(answer);
  core.pulses().push_back(*outlet);
  desk.take(std::move(taken), std::move(outlet));
}

HttpFront::HttpFront(Executor executor, Service& service, HttpFrontOptions options)
    : state_(std::make_unique<State>(std::move(executor), service, std::move(options))) {
  state_->start();
}

HttpFront::~HttpFront() = default;

bool HttpFront::is_trusted_origin(const net::RequestHead& head) const {
  return is_trusted(head, state_->options.allowed_hosts, state_->options.allowed_origins);
}

void HttpFront::turned_away(const net::HttpExchange& http, int status, std::string_view why) const {
  if (state_->options.on_turned_away) {
    const net::RequestHead& head = http.head();
    state_->options.on_turned_away({http.peer(), head.method, head.target, status, why});
  }
}

Task<void> HttpFront::serve(std::shared_ptr<net::HttpExchange> http) {
  State& state = *state_;
  const auto answer = HttpAnswer::make(state.core.executor(), http);
  if (!is_trusted_origin(http->head())) {
    turned_away(*http, 403, "this Host or Origin may not use this server");
    refuse(*answer, nullptr, reject(403, "this Host or Origin may not use this server"));
    co_return;
  }
  add_headers(*answer, cors_headers(http->head()));
  if (http->head().method == "OPTIONS") {
    add_headers(*answer, preflight_headers(http->head()));
    answer->respond(204, "");
    co_return;
  }
  Principal principal = state.options.anonymous;
  if (state.options.authenticator != nullptr) {
    auto who = co_await state.options.authenticator->authenticate(http->head());
    if (!who) {
      if (!who.error().challenge.empty()) {
        answer->add_header("WWW-Authenticate", who.error().challenge);
      }
      turned_away(*http, who.error().status, who.error().message);
      refuse(*answer, nullptr, reject(who.error().status, who.error().message));
      co_return;
    }
    principal = *std::move(who);
  }
  if (state.core.closing()) {
    refuse(*answer, nullptr, reject(503, "this server is shutting down", kTooBusy));
    co_return;
  }
  state.dispatch(*http, std::move(principal), answer);
  co_await HttpAnswer::settled(answer);
}

HttpFront::Counts HttpFront::counts() const {
  Counts counts;
  counts.sessions = state_->legacy.size();
  counts.streams = state_->legacy.streams() + state_->desk.listening();
  counts.requests = state_->core.running();
  counts.parked = state_->desk.parked();
  return counts;
}

Task<void> HttpFront::close(Deadline grace) {
  State& state = *state_;
  state.core.begin_closing();
  state.registration = {};
  state.desk.close();
  co_await state.core.wait_idle(grace);
  state.legacy.end_all();
  co_await state.core.close(grace);
}

}  // namespace oap::mcp
