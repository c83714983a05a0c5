#include "gateway/serve/endpoint_audit.hpp"

#include <algorithm>
#include <utility>

#include "async/deadline.hpp"
#include "base/log.hpp"
#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

constexpr std::size_t kMostPeers = 8;
constexpr std::size_t kLongestText = 512;

std::string short_text(std::string_view text) {
  return text::escape_visible(text::truncate_utf8(text, kLongestText));
}

/// Without the port: a flood comes from many.
std::string address_of(std::string_view peer) {
  return std::string(peer.substr(0, peer.rfind(':')));
}

}  // namespace

EndpointAudit::EndpointAudit(Executor executor, AuditSink& sink, const Redactor& redactor,
                             Millis door_interval)
    : executor_(executor),
      sink_(sink),
      redactor_(redactor),
      door_interval_(door_interval),
      stop_(executor),
      scope_(std::move(executor)) {}

audit::Event EndpointAudit::event_of(const mcp::Caller& caller, std::string_view method) const {
  audit::Event event;
  event.event_type = "mcp_request";
  event.user_id = caller.principal.user_id;
  event.role = caller.principal.role;
  event.tenant = caller.principal.tenant;
  event.session_id = caller.session_id;
  event.tool = std::string(kMethodPrefix) + std::string(method);
  event.success = true;
  return event;
}

Task<Result<void>> EndpointAudit::write(audit::Event event) {
  auto written = co_await sink_.append(std::move(event), audit::Durability::kWritten);
  if (!written) {
    log::error("gateway", "a request could not be audited, and was refused",
               {{"error", written.error().to_string()}});
    co_return fail(Code::kDataLoss, "the audit log could not be written: {}",
                   written.error().to_string());
  }
  co_return Result<void>{};
}

Task<Result<void>> EndpointAudit::listed(mcp::Caller caller, std::string method,
                                         std::size_t count) {
  audit::Event event = event_of(caller, method);
  event.action = "list";
  event.resource = std::move(method);
  event.details = json::Object{{"count", count}};
  return write(std::move(event));
}

Task<Result<void>> EndpointAudit::unknown(mcp::Caller caller, std::string name, std::string why) {
  audit::Event event = event_of(caller, "");
  event.event_type = "tool_execution";
  event.tool = redactor_.redact(short_text(name));
  event.action = "invoke";
  event.resource = event.tool;
  event.success = false;
  event.error = redactor_.redact(short_text(why));
  return write(std::move(event));
}

Task<Result<void>> EndpointAudit::follows(mcp::Caller caller, std::string server, std::string uri,
                                          std::string denied_by) {
  audit::Event event = event_of(caller, "resources/subscribe");
  event.action = "subscribe";
  event.server = std::move(server);
  event.resource = redactor_.redact(short_text(uri));
  event.success = denied_by.empty();
  event.permission_decision = denied_by.empty() ? "allow" : "deny";
  event.reason = std::move(denied_by);
  return write(std::move(event));
}

void EndpointAudit::turned_away(const mcp::TurnedAway& visit) {
  ++door_.count;
  ++door_.by_status[visit.status];
  const std::string address = address_of(visit.peer);
  const bool listed =
      std::find(door_.peers.begin(), door_.peers.end(), address) != door_.peers.end();
  if (!listed && door_.peers.size() < kMostPeers) {
    door_.peers.push_back(address);
  }
  door_.method = short_text(visit.method);
  door_.target = short_text(visit.target.substr(0, visit.target.find('?')));
  door_.reason = short_text(visit.why);
  if (!std::exchange(telling_, true)) {
    scope_.spawn(tell_of_door());
  }
}

Task<void> EndpointAudit::tell_of_door() {
  while (door_.count > 0) {
    co_await write_door();
    const Deadline next = Deadline::after(door_interval_);
    if (co_await stop_.wait(next) != async::Event::Wake::kDeadline) {
      break;
    }
  }
  telling_ = false;
}

Task<void> EndpointAudit::write_door() {
  const Door door = std::exchange(door_, {});
  if (door.count == 0) {
    co_return;
  }
  audit::Event event;
  event.event_type = "access_denied";
  event.action = door.method;
  event.resource = redactor_.redact(door.target);
  event.permission_decision = "deny";
  event.reason = redactor_.redact(door.reason);
  event.success = false;
  json::Object statuses;
  for (const auto& [status, count] : door.by_status) {
    statuses[std::to_string(status)] = count;
  }
  json::Array peers;
  for (const std::string& peer : door.peers) {
    peers.emplace_back(peer);
  }
  event.details = json::Object{
      {"count", door.count}, {"statuses", std::move(statuses)}, {"peers", std::move(peers)}};
  const auto written = co_await sink_.append(std::move(event), audit::Durability::kWritten);
  if (!written) {
    log::error("gateway", "who was turned away could not be audited",
               {{"count", std::to_string(door.count)}, {"error", written.error().to_string()}});
  }
}

Task<void> EndpointAudit::close() {
  stop_.notify();
  co_await scope_.join();
  co_await write_door();
}

}  // namespace oap::gateway
