#include "mcp/server/stdio_link.hpp"

#include <utility>

#include <fmt/format.h>

#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::mcp {

/// The lines about one request.
class StdioLink::LineOutlet final : public Outlet {
 public:
  LineOutlet(StdioLink& link, std::string key, bool modern)
      : link_(link), key_(std::move(key)), modern_(modern) {}
  ~LineOutlet() override { close(); }
  LineOutlet(const LineOutlet&) = delete;
  LineOutlet& operator=(const LineOutlet&) = delete;

  bool is_modern() const { return modern_; }
  void send(std::string message) override {
    if (open_) {
      link_.send_(std::move(message));
    }
  }
  void answer(std::string message, int /*status*/) override {
    if (open_) {
      close();
      link_.send_(std::move(message));
    }
  }
  void abandon() override { close(); }
  void on_gone(std::function<void()> gone) override { gone_ = std::move(gone); }
  void leave() {
    close();
    if (const auto gone = std::exchange(gone_, nullptr)) {
      gone();
    }
  }

 private:
  void close() {
    if (std::exchange(open_, false)) {
      link_.open_.erase(key_);
    }
  }

  StdioLink& link_;
  std::string key_;
  std::function<void()> gone_;
  bool modern_;
  bool open_ = true;
};

StdioLink::StdioLink(Core& core, Principal principal, Send send)
    : principal_(std::move(principal)),
      send_(std::move(send)),
      desk_(core),
      session_(std::make_shared<LegacySession>(
          core, principal_, "", [this](std::string message) { send_(std::move(message)); })) {}

void StdioLink::receive(std::string line) {
  const std::size_t first = line.find_first_not_of(" \t\r");
  if (first == std::string::npos) {
    return;
  }
  if (line[first] == '[' && session_->has_version("2025-03-26")) {
    receive_batch(line);
    return;
  }
  auto decoded = jsonrpc::decode(line);
  if (!decoded) {
    reject(std::move(decoded).error());
    return;
  }
  take(std::move(*decoded), std::move(line));
}

void StdioLink::receive_batch(std::string_view line) {
  const auto parsed = json::parse(line);
  if (!parsed || !parsed->is_array() || parsed->get_array().empty()) {
    reject({parsed ? jsonrpc::kInvalidRequest : jsonrpc::kParseError,
            parsed ? "a batch must hold messages" : parsed.error().message(), nullptr, false});
    return;
  }
  for (const json::Value& item : parsed->get_array()) {
    std::string text = json::print(item);
    auto decoded = jsonrpc::decode(text);
    if (decoded) {
      take(std::move(*decoded), std::move(text));
    } else {
      reject(std::move(decoded).error());
    }
  }
}

void StdioLink::receive_oversize(const Oversize& message) {
  const Traits traits = guess_traits(message.head, message.tail);
  reject({jsonrpc::kInvalidRequest,
          fmt::format("the message has {} bytes, which is over the limit", message.bytes),
          traits.id.value_or(nullptr), false});
}

void StdioLink::take(jsonrpc::Message message, std::string raw) {
  if (auto* response = std::get_if<jsonrpc::Response>(&message)) {
    session_->take(std::move(*response));
    return;
  }
  auto& request = std::get<jsonrpc::Request>(message);
  if (request.is_notification) {
    take_notification(request);
  } else {
    take_request(std::move(request), std::move(raw));
  }
}

void StdioLink::take_notification(const jsonrpc::Request& notification) {
  if (notification.method == "notifications/cancelled") {
    const json::Value* id = json::find(notification.params, "requestId");
    const auto it = id == nullptr ? open_.end() : open_.find(jsonrpc::id_key(*id));
    const auto outlet = it == open_.end() ? nullptr : it->second.lock();
    if (outlet && outlet->is_modern()) {
      outlet->leave();
      return;
    }
  }
  session_->notice(notification);
}

void StdioLink::take_request(jsonrpc::Request request, std::string raw) {
  std::string key = jsonrpc::id_key(request.id);
  if (open_.contains(key)) {
    send_refusal(std::move(request.id),
                 Rejection{200, jsonrpc::ErrorObject{jsonrpc::kInvalidRequest,
                                                     "a request with this id is still under way"}});
    return;
  }
  const bool modern = era_of(request, nullptr) == Era::kModern;
  auto outlet = std::make_shared<LineOutlet>(*this, key, modern);
  open_.emplace(std::move(key), outlet);
  if (!modern) {
    session_->take(std::move(request), std::move(outlet));
    return;
  }
  auto envelope = read_envelope(request.params);
  auto wrong = envelope ? check_version(envelope->version) : std::move(envelope).error();
  if (wrong) {
    refuse(*outlet, std::move(request.id), *std::move(wrong));
    return;
  }
  ModernRequest taken;
  taken.id = std::move(request.id);
  taken.method = std::move(request.method);
  taken.params = std::move(request.params);
  taken.log_level = envelope->log_level;
  taken.caller = caller_of(*std::move(envelope), principal_, session_->caller().session_id);
  taken.raw = std::move(raw);
  desk_.take(std::move(taken), std::move(outlet));
}

void StdioLink::send_refusal(json::Value id, Rejection rejection) {
  jsonrpc::Response response;
  response.id = std::move(id);
  response.error = std::move(rejection.error);
  send_(jsonrpc::print(std::move(response)));
}

void StdioLink::reject(jsonrpc::Rejected rejected) {
  if (!rejected.response) {
    send_refusal(std::move(rejected.id),
                 Rejection{400, jsonrpc::ErrorObject{rejected.code, rejected.message}});
  }
}

void StdioLink::changed(const Change& change) {
  desk_.changed(change);
  session_->changed(change);
}

void StdioLink::end_input() { desk_.close(); }

void StdioLink::end() { session_->end(); }

}  // namespace oap::mcp
