#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "async/branch.hpp"
#include "async/event.hpp"
#include "base/log.hpp"
#include "mcp/client/envelope.hpp"
#include "mcp/client/server_link.hpp"
#include "mcp/client/stdio_transport.hpp"
#include "text/strings.hpp"

namespace oap::mcp {
namespace {

constexpr Millis kMostProbing{2000};

std::vector<std::string> strings_of(const json::Array* array) {
  std::vector<std::string> strings;
  for (const json::Value& each : array == nullptr ? json::Array() : *array) {
    if (each.is_string()) {
      strings.emplace_back(json::view(each.get_string()));
    }
  }
  return strings;
}

/// The versions that the server says it speaks; nothing where the answer is not of the modern era.
std::optional<std::vector<std::string>> supported(const Answer<json::Object>& discovered) {
  if (discovered) {
    const json::Array* versions = json::find_array(*discovered, "supportedVersions");
    return versions == nullptr ? std::nullopt : std::optional(strings_of(versions));
  }
  const auto& peer = discovered.error().peer;
  if (peer && peer->code == kUnsupportedVersion) {
    return peer->data ? strings_of(json::find_array(*peer->data, "supported"))
                      : std::vector<std::string>();
  }
  if (peer && (peer->code == kHeaderMismatch || peer->code == kMissingCapability)) {
    return std::vector<std::string>{std::string(kModernVersion)};
  }
  return std::nullopt;
}

}  // namespace

/// A question that is asked beside another.
struct ServerLink::Probe {
  Probe(const Executor& executor, async::Event changed_in)
      : branch(executor), changed(std::move(changed_in)) {}
  async::Branch branch;
  async::Event changed;
  std::optional<Answer<json::Object>> answer;
};

Inquiry ServerLink::discover_inquiry(Deadline deadline) const {
  Inquiry inquiry;
  inquiry.method = "server/discover";
  const RequestOptions options;
  put_envelope(inquiry.params, Era::kModern, spec, options);
  inquiry.headers = standard_headers(inquiry.method, inquiry.params);
  inquiry.patience.hard = deadline;
  inquiry.quiet = true;
  return inquiry;
}

Inquiry ServerLink::initialize_inquiry(Deadline deadline) const {
  Inquiry inquiry;
  inquiry.method = "initialize";
  inquiry.params["protocolVersion"] = kLatestVersion;
  inquiry.params["capabilities"] = capabilities_of(spec);
  inquiry.params["clientInfo"] = own_info();
  inquiry.patience.hard = deadline;
  return inquiry;
}

ServerLink::Verdict ServerLink::judge(const Answer<json::Object>& discovered) const {
  const auto versions = supported(discovered);
  if (!versions) {
    return Verdict::kLegacy;
  }
  if (std::find(versions->begin(), versions->end(), kModernVersion) != versions->end()) {
    return Verdict::kModern;
  }
  return std::any_of(versions->begin(), versions->end(),
                     [](const std::string& each) { return is_known_version(each); })
             ? Verdict::kLegacy
             : Verdict::kNoVersion;
}

Error ServerLink::no_version_error(const Answer<json::Object>& discovered) const {
  return {
      Code::kUpstream,
      fmt::format("the MCP server '{}' speaks only the protocol versions {}; known are {} and {}",
                  spec.name,
                  text::join(supported(discovered).value_or(std::vector<std::string>()), ", "),
                  kModernVersion, text::join(known_versions(), ", "))};
}

void ServerLink::take_discovery(const json::Object& result) {
  era = Era::kModern;
  connection->expect_no_questions();
  info = PeerInfo{};
  info.protocol_version = kModernVersion;
  if (const json::Object* found = json::find_object(result, "capabilities")) {
    info.capabilities = *found;
  }
  const json::Object* meta = json::find_object(result, "_meta");
  const json::Object* server =
      meta == nullptr ? nullptr : json::find_object(*meta, kMetaServerInfo);
  if (server == nullptr) {
    server = json::find_object(result, "serverInfo");
  }
  if (server != nullptr) {
    info.implementation = *server;
  }
  info.instructions = json::get_string(result, "instructions");
}

Result<void> ServerLink::take_initialization(Answer<json::Object> answer) {
  if (!answer && !answer.error().peer && answer.error().error.code() == Code::kDeadlineExceeded) {
    return fail(Code::kDeadlineExceeded,
                "the MCP server '{}' did not answer `initialize` within {:g} s", spec.name,
                static_cast<double>(spec.start_timeout.count()) / 1000.0);
  }
  if (!answer) {
    return fail(std::move(answer).error().error);
  }
  info = PeerInfo{};
  info.protocol_version = json::get_string(*answer, "protocolVersion");
  if (!is_known_version(info.protocol_version)) {
    return fail(Code::kUpstream, "the MCP server '{}' speaks protocol version '{}'; known are {}",
                spec.name, info.protocol_version, text::join(known_versions(), ", "));
  }
  if (const json::Object* found = json::find_object(*answer, "capabilities")) {
    info.capabilities = *found;
  }
  if (const json::Object* found = json::find_object(*answer, "serverInfo")) {
    info.implementation = *found;
  }
  info.instructions = json::get_string(*answer, "instructions");
  era = Era::kLegacy;
  return {};
}

Task<Answer<json::Object>> ServerLink::discover(Deadline deadline) {
  return connection->request(discover_inquiry(deadline));
}

Task<Result<void>> ServerLink::initialize(Deadline deadline) {
  auto answer = co_await connection->request(initialize_inquiry(deadline));
  OAP_CO_CHECK_OK(take_initialization(std::move(answer)));
  co_return co_await say_initialized();
}

Task<Result<void>> ServerLink::start_process() {
  StdioOptions options;
  options.max_message_bytes = spec.max_message_bytes;
  options.eof_grace = spec.eof_grace;
  options.term_grace = spec.term_grace;
  co_return co_await open(
      std::make_unique<StdioTransport>(executor, spec.name, spec.process, options));
}

Task<void> ServerLink::ask_into(ServerLink* link, std::shared_ptr<Probe> probe, Inquiry inquiry) {
  auto answer = co_await link->connection->request(std::move(inquiry));
  probe->answer = std::move(answer);
  probe->changed.notify();
}

Task<Result<void>> ServerLink::connect_stdio(Deadline deadline) {
  OAP_CO_CHECK_OK(co_await start_process());
  if (spec.era == Era::kLegacy) {
    co_return co_await initialize(deadline);
  }
  if (spec.era == Era::kModern) {
    auto discovered = co_await discover(deadline);
    co_return co_await conclude(std::move(discovered), deadline);
  }
  auto connected = co_await probe_process(deadline);
  if (connected || connection->alive() || deadline.passed() ||
      connected.error().code() != Code::kUnavailable) {
    co_return connected;
  }
  log::info("mcp", "a server ended when asked for its era; it is started again",
            {{"server", spec.name}, {"error", connected.error().message()}});
  OAP_CO_CHECK_OK(co_await start_process());
  co_return co_await initialize(deadline);
}

Task<Result<void>> ServerLink::probe_process(Deadline deadline) {
  async::Event changed(executor);
  auto probe = std::make_shared<Probe>(executor, changed);
  probe->branch.start(ask_into(this, probe, discover_inquiry(deadline)));
  const Deadline patience =
      deadline.sooner(Deadline::after(std::min(spec.start_timeout / 4, kMostProbing)));
  const async::Event::Wake wake = co_await changed.wait(patience);
  Result<void> connected;
  if (wake == async::Event::Wake::kNotified) {
    connected = co_await conclude(*std::move(probe->answer), deadline);
  } else if (wake == async::Event::Wake::kDeadline) {
    connected = co_await race(probe, deadline);
  } else {
    connected = fail(Code::kCancelled, "connecting to '{}' was cancelled", spec.name);
  }
  probe->branch.cancel();
  co_await probe->branch.settle_shielded();
  co_return connected;
}

/// A server that is silent so far may be a slow one of either era: it is asked both ways. One that
/// takes the handshake keeps to it from then on, whatever it has said about the other era.
Task<Result<void>> ServerLink::race(std::shared_ptr<Probe> discover, Deadline deadline) {
  async::Event changed = discover->changed;
  auto handshake = std::make_shared<Probe>(executor, changed);
  handshake->branch.start(ask_into(this, handshake, initialize_inquiry(deadline)));
  Deadline patience = Deadline::never();
  bool modern = false;
  auto wake = async::Event::Wake::kNotified;
  while (wake == async::Event::Wake::kNotified) {
    if (!modern && discover->answer && judge(*discover->answer) == Verdict::kModern) {
      modern = true;
      patience = Deadline::after(kMostProbing);
    }
    if (handshake->answer) {  // perhaps together with the other
      break;
    }
    changed.reset();
    wake = co_await changed.wait(patience);
  }
  Result<void> connected;
  if (wake == async::Event::Wake::kCancelled) {
    connected = fail(Code::kCancelled, "connecting to '{}' was cancelled", spec.name);
  } else if (handshake->answer && (handshake->answer->has_value() || !modern)) {
    connected = take_initialization(*std::move(handshake->answer));
    if (!connected && discover->answer && judge(*discover->answer) == Verdict::kNoVersion) {
      connected = fail(no_version_error(*discover->answer));
    }
  } else {
    take_discovery(discover->answer->value_or(json::Object()));
  }
  handshake->branch.cancel();
  co_await handshake->branch.settle_shielded();
  if (connected && era == Era::kLegacy) {
    connected = co_await say_initialized();
  }
  co_return connected;
}

/// What follows from the answer to `server/discover`.
Task<Result<void>> ServerLink::conclude(Answer<json::Object> discovered, Deadline deadline) {
  const Verdict verdict = judge(discovered);
  if (verdict == Verdict::kModern && !discovered) {
    discovered = co_await discover(deadline);  // what was wrong may have been for once only
  }
  if (verdict == Verdict::kModern) {
    take_discovery(discovered ? *discovered : json::Object());
    co_return Result<void>();
  }
  if (verdict == Verdict::kNoVersion) {
    co_return fail(no_version_error(discovered));
  }
  const bool ended = !discovered && !discovered.error().peer &&
                     (discovered.error().error.code() == Code::kUnavailable ||
                      discovered.error().error.code() == Code::kCancelled);
  if (spec.era == Era::kModern || ended) {
    co_return fail(discovered ? Error(Code::kUpstream,
                                      fmt::format("the MCP server '{}' does not speak version {}",
                                                  spec.name, kModernVersion))
                              : std::move(discovered).error().error);
  }
  co_return co_await initialize(deadline);
}

Error ServerLink::with_last_words(Error error) const {
  const std::string tail = connection ? connection->transport().diagnostics() : "";
  if (tail.empty() || error.message().find(tail) != std::string::npos) {
    return error;
  }
  return {error.code(), error.message() + "; it wrote last:\n" + tail};
}

Task<Result<void>> ServerLink::connect() {
  const Deadline deadline = Deadline::after(spec.start_timeout);
  Result<void> connected;
  if (spec.url.empty()) {
    connected = co_await connect_stdio(deadline);
  } else {
    connected = co_await connect_http(deadline);
  }
  if (!connected) {
    Error error = with_last_words(std::move(connected).error());
    co_await close();
    co_return fail(std::move(error));
  }
  co_return connected;
}

}  // namespace oap::mcp
