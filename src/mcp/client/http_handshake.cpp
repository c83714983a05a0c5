#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "mcp/client/http_transport.hpp"
#include "mcp/client/server_link.hpp"
#include "mcp/client/sse_transport.hpp"

namespace oap::mcp {
namespace {

bool is_no_endpoint(int status) { return status == 400 || status == 404 || status == 405; }

/// Failures that say nothing about the era: the server was not reached, or lets nobody in.
bool is_final(const Failure& failure) {
  const Code code = failure.error.code();
  return !failure.peer && (code == Code::kUnavailable || code == Code::kUnauthenticated ||
                           code == Code::kPermissionDenied || code == Code::kCancelled ||
                           code == Code::kInvalidArgument || code == Code::kConfiguration);
}

}  // namespace

Task<Result<void>> ServerLink::connect_http(Deadline deadline) {
  auto transport = std::make_unique<HttpTransport>(executor, spec);
  HttpTransport* const opened = transport.get();
  OAP_CO_CHECK_OK(co_await open(std::move(transport)));
  http = opened;
  if (spec.era != Era::kLegacy) {
    const Deadline patience =
        spec.era ? deadline : deadline.sooner(Deadline::after(spec.start_timeout / 2));
    auto discovered = co_await discover(patience);
    const Verdict verdict = judge(discovered);
    const bool decided = verdict != Verdict::kLegacy || spec.era == Era::kModern;
    if (decided) {
      co_return co_await conclude(std::move(discovered), deadline);
    }
    if (!discovered && is_final(discovered.error()) && http->refused_with() < 500) {
      co_return fail(std::move(discovered).error().error);
    }
  }
  http->use_legacy();
  auto initialized = co_await initialize(deadline);
  if (initialized || !is_no_endpoint(http->refused_with())) {
    co_return initialized;
  }
  auto old_way = co_await connect_sse(deadline);
  co_return old_way ? old_way : initialized;
}

Task<Result<void>> ServerLink::connect_sse(Deadline deadline) {
  http = nullptr;
  ServerSpec shortened = spec;
  shortened.start_timeout = deadline.left();
  OAP_CO_CHECK_OK(co_await open(std::make_unique<SseTransport>(executor, shortened)));
  co_return co_await initialize(deadline);
}

Task<Result<void>> ServerLink::say_initialized() {
  if (http != nullptr) {
    http->set_version(info.protocol_version);
  }
  json::Object nothing;
  auto told = co_await connection->tell("notifications/initialized", std::move(nothing));
  if (told && http != nullptr) {
    http->start_listening();
  }
  co_return told;
}

}  // namespace oap::mcp
