#include "mcp/server/http_legacy.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "crypto/hash.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "mcp/protocol.hpp"
#include "mcp/server/modern_desk.hpp"

namespace oap::mcp {
namespace {

constexpr std::string_view kBatchVersion = "2025-03-26";
constexpr std::string_view kPrimingVersion = "2025-11-25";
constexpr std::size_t kMaxBatch = 100;

Rejection reject(int status, std::string message, int code = jsonrpc::kInvalidRequest) {
  return Rejection{status, jsonrpc::ErrorObject{code, std::move(message)}};
}

std::optional<Rejection> check_legacy_version(const net::RequestHead& head) {
  const std::string* version = head.header("MCP-Protocol-Version");
  if (version == nullptr || is_known_version(*version)) {
    return std::nullopt;
  }
  return reject(400, "MCP-Protocol-Version names a version that is not spoken here");
}

json::Value id_of(const jsonrpc::Message& message) {
  const auto* request = std::get_if<jsonrpc::Request>(&message);
  return request != nullptr && !request->is_notification ? request->id : json::Value(nullptr);
}

bool is_request(const jsonrpc::Message& message) {
  const auto* request = std::get_if<jsonrpc::Request>(&message);
  return request != nullptr && !request->is_notification;
}

}  // namespace

void refuse(HttpAnswer& answer, json::Value id, Rejection rejection) {
  jsonrpc::Response response;
  response.id = std::move(id);
  response.error = std::move(rejection.error);
  const bool nameless = response.id.is_null();
  std::string text = jsonrpc::print(std::move(response));
  constexpr std::string_view kNull = R"("id":null,)";
  if (const std::size_t at = text.find(kNull); nameless && at != std::string::npos) {
    text.erase(at, kNull.size());
  }
  answer.respond(rejection.status, std::move(text));
}

HttpLegacy::Found HttpLegacy::find(const net::RequestHead& head, const Principal& principal) {
  if (auto wrong = check_legacy_version(head)) {
    return tl::unexpected<Rejection>(*std::move(wrong));
  }
  const std::string* key = head.header("Mcp-Session-Id");
  if (key == nullptr) {
    return tl::unexpected<Rejection>(
        reject(400, "Mcp-Session-Id is missing; a session begins with initialize"));
  }
  const auto it = sessions_.find(*key);
  if (it == sessions_.end() ||
      name_of(it->second->protocol->caller().principal) != name_of(principal)) {
    return tl::unexpected<Rejection>(
        reject(404, "there is no such session, or it has ended; begin a new one with initialize"));
  }
  it->second->last_used = std::chrono::steady_clock::now();
  return it->second;
}

bool HttpLegacy::is_quiet(const Session& session) const {
  const bool listening = session.unasked != nullptr && session.unasked->is_connected();
  return session.protocol->is_idle() && !listening;
}

/// Ends the session that has been idle longest, of this holder, else of whoever holds most.
bool HttpLegacy::make_room(const std::string* holder) {
  constexpr Millis kLongEnough{60'000};
  const SteadyTime latest = std::chrono::steady_clock::now() - kLongEnough;
  std::shared_ptr<Session> oldest;
  std::size_t most = 0;
  for (const auto& [key, session] : sessions_) {
    const bool meant = holder == nullptr || session->holder == *holder;
    if (!meant || session->last_used >= latest || !is_quiet(*session)) {
      continue;
    }
    const std::size_t held = places_.held_by(session->holder);
    if (!oldest || held > most || (held == most && session->last_used < oldest->last_used)) {
      oldest = session;
      most = held;
    }
  }
  if (oldest) {
    end(oldest);
  }
  return oldest != nullptr;
}

HttpLegacy::Found HttpLegacy::create(const Principal& principal, std::string_view peer) {
  std::string holder = core_.holder(principal, peer);
  auto place = places_.take(holder);
  if (!place && make_room(place.error().share_is_used ? &holder : nullptr)) {
    place = places_.take(holder);
  }
  if (!place) {
    return tl::unexpected<Rejection>(no_place(std::move(place).error()));
  }
  auto session = std::make_shared<Session>();
  session->place = *std::move(place);
  session->key = crypto::random_hex(20);
  session->log = std::make_shared<EventLog>();
  session->last_used = std::chrono::steady_clock::now();
  session->protocol = std::make_shared<LegacySession>(
      core_, principal, holder, [weak = std::weak_ptr(session)](std::string message) {
        const auto alive = weak.lock();
        if (alive && alive->unasked) {
          alive->unasked->send(std::move(message));
        }
      });
  session->holder = std::move(holder);
  sessions_.emplace(session->key, session);
  return session;
}

void HttpLegacy::end(const std::shared_ptr<Session>& session) {
  sessions_.erase(session->key);
  session->place = {};
  session->protocol->end();
  if (const auto unasked = std::exchange(session->unasked, nullptr)) {
    unasked->end();
  }
  session->log->closed = true;
  const auto streams = std::exchange(session->log->streams, {});
  for (const auto& [number, stream] : streams) {
    stream->end();
  }
}

std::shared_ptr<SessionStream> HttpLegacy::new_stream(Session& session, std::size_t answers,
                                                      std::shared_ptr<HttpAnswer> answer) {
  SessionStream::Place place;
  place.store = &store_;
  place.log = session.log;
  place.number = ++session.last_stream;
  place.primes = session.protocol->caller().protocol_version >= kPrimingVersion;
  auto stream = std::make_shared<SessionStream>(std::move(place), answers);
  stream->connect(std::move(answer));
  core_.pulses().push_back(*stream);
  return stream;
}

void HttpLegacy::take(Session& session, jsonrpc::Message message,
                      const std::shared_ptr<Outlet>& outlet) {
  if (auto* response = std::get_if<jsonrpc::Response>(&message)) {
    session.protocol->take(std::move(*response));
    return;
  }
  auto& request = std::get<jsonrpc::Request>(message);
  if (request.is_notification) {
    session.protocol->notice(request);
  } else {
    session.protocol->take(std::move(request), outlet);
  }
}

void HttpLegacy::initialize(const net::RequestHead& head, const Principal& principal,
                            jsonrpc::Request request, const std::shared_ptr<HttpAnswer>& answer) {
  const std::string* key = head.header("Mcp-Session-Id");
  if (key != nullptr && sessions_.contains(*key)) {
    refuse(*answer, std::move(request.id),
           reject(400, "this session has been initialized already"));
    return;
  }
  if (auto wrong = LegacySession::check_handshake(request)) {
    refuse(*answer, std::move(request.id), *std::move(wrong));
    return;
  }
  auto session = create(principal, answer->peer());
  if (!session) {
    refuse(*answer, std::move(request.id), std::move(session).error());
    return;
  }
  answer->add_header("Mcp-Session-Id", (*session)->key);
  const auto stream = new_stream(**session, 1, answer);
  (*session)->protocol->take(std::move(request), stream);
}

void HttpLegacy::post(const net::RequestHead& head, const Principal& principal,
                      jsonrpc::Message message, const std::shared_ptr<HttpAnswer>& answer) {
  auto* request = std::get_if<jsonrpc::Request>(&message);
  if (request != nullptr && !request->is_notification && request->method == "initialize") {
    initialize(head, principal, std::move(*request), answer);
    return;
  }
  auto session = find(head, principal);
  if (!session) {
    refuse(*answer, id_of(message), std::move(session).error());
    return;
  }
  if (!is_request(message)) {
    take(**session, std::move(message), nullptr);
    answer->respond(202, "");
    return;
  }
  const auto stream = new_stream(**session, 1, answer);
  take(**session, std::move(message), stream);
}

void HttpLegacy::post_batch(const net::RequestHead& head, const Principal& principal,
                            std::string_view text, const std::shared_ptr<HttpAnswer>& answer) {
  auto session = find(head, principal);
  if (!session) {
    refuse(*answer, nullptr, std::move(session).error());
    return;
  }
  const auto parsed = json::parse(text);
  const bool array = parsed && parsed->is_array() && !parsed->get_array().empty();
  if (!array || !(*session)->protocol->has_version(kBatchVersion) ||
      parsed->get_array().size() > kMaxBatch) {
    const bool broken = !parsed;
    refuse(*answer, nullptr,
           reject(400,
                  broken ? "this is not JSON: " + parsed.error().message()
                         : fmt::format("batches (arrays of messages) are for {} only, of 1 to {}",
                                       kBatchVersion, kMaxBatch),
                  broken ? jsonrpc::kParseError : jsonrpc::kInvalidRequest));
    return;
  }
  std::vector<jsonrpc::Message> messages;
  std::vector<jsonrpc::Rejected> rejected;
  std::size_t answers = 0;
  for (const json::Value& item : parsed->get_array()) {
    auto decoded = jsonrpc::decode(json::print(item));
    if (decoded) {
      answers += is_request(*decoded) ? 1 : 0;
      messages.push_back(std::move(*decoded));
    } else if (!decoded.error().response) {
      ++answers;
      rejected.push_back(std::move(decoded).error());
    }
  }
  std::shared_ptr<SessionStream> stream;
  if (answers > 0) {
    if (!answer->accept().stream) {
      refuse(*answer, nullptr, reject(406, "a batch is answered as text/event-stream"));
      return;
    }
    stream = new_stream(**session, answers, answer);
    stream->open();
  } else {
    answer->respond(202, "");
  }
  for (jsonrpc::Rejected& each : rejected) {
    refuse(*stream, std::move(each.id), reject(400, std::move(each.message), each.code));
  }
  for (jsonrpc::Message& message : messages) {
    take(**session, std::move(message), stream);
  }
}

void HttpLegacy::get(const net::RequestHead& head, const Principal& principal,
                     const std::shared_ptr<HttpAnswer>& answer) {
  auto session = find(head, principal);
  if (!session) {
    refuse(*answer, nullptr, std::move(session).error());
    return;
  }
  if (!answer->accept().stream) {
    refuse(*answer, nullptr, reject(406, "GET is answered as text/event-stream"));
    return;
  }
  Session& found = **session;
  if (const std::string* last = head.header("Last-Event-ID")) {
    const auto id = parse_event_id(*last);
    const auto it = id ? found.log->streams.find(id->stream) : found.log->streams.end();
    if (it == found.log->streams.end()) {
      refuse(*answer, nullptr, reject(400, "nothing is kept of the stream of this Last-Event-ID"));
      return;
    }
    if (it->second->has_ended_by(id->number)) {
      answer->respond(204, "");  // to an EventSource: do not come again
      return;
    }
    it->second->resume(answer, id->number);
    return;
  }
  if (found.unasked && found.unasked->is_connected()) {
    refuse(*answer, nullptr, reject(409, "this session has its GET stream already"));
    return;
  }
  auto place = core_.streams().take(found.holder);
  if (!place) {
    refuse(*answer, nullptr, no_place(std::move(place).error()));
    return;
  }
  answer->hold(*std::move(place));
  if (found.unasked) {
    found.unasked->end();
  }
  found.unasked = new_stream(found, 0, answer);
  found.unasked->open();
}

void HttpLegacy::remove(const net::RequestHead& head, const Principal& principal,
                        const std::shared_ptr<HttpAnswer>& answer) {
  auto session = find(head, principal);
  if (!session) {
    refuse(*answer, nullptr, std::move(session).error());
    return;
  }
  end(*session);
  answer->respond(204, "");
}

void HttpLegacy::changed(const Change& change) {
  for (const auto& [key, session] : sessions_) {
    session->protocol->changed(change);
  }
}

void HttpLegacy::sweep(SteadyTime now) {
  store_.sweep(now);
  std::vector<std::shared_ptr<Session>> late;
  for (const auto& [key, session] : sessions_) {
    session->log->forget_streams();
    if (!is_quiet(*session)) {
      session->last_used = now;
    } else if (now - session->last_used >= core_.limits().session_idle) {
      late.push_back(session);
    }
  }
  for (const auto& session : late) {
    end(session);
  }
}

std::size_t HttpLegacy::streams() const {
  std::size_t count = 0;
  for (const auto& [key, session] : sessions_) {
    count += static_cast<std::size_t>(
        std::count_if(session->log->streams.begin(), session->log->streams.end(),
                      [](const auto& entry) { return entry.second->is_connected(); }));
  }
  return count;
}

void HttpLegacy::end_all() {
  while (!sessions_.empty()) {
    end(std::shared_ptr(sessions_.begin()->second));
  }
}

}  // namespace oap::mcp
