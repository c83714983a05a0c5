#include "mcp/client/server_link.hpp"

#include <utility>

#include "mcp/client/envelope.hpp"

namespace oap::mcp {
namespace {

/// What a server may ask something about; what it asks without saying about which request is never
/// meant for others.
bool may_be_asked(std::string_view method) {
  return method == "tools/call" || method == "prompts/get" || method == "resources/read" ||
         method == "completion/complete";
}

std::optional<ClientEvents::List> changed_list(std::string_view method) {
  if (method == "notifications/tools/list_changed") {
    return ClientEvents::List::kTools;
  }
  if (method == "notifications/prompts/list_changed") {
    return ClientEvents::List::kPrompts;
  }
  if (method == "notifications/resources/list_changed") {
    return ClientEvents::List::kResources;
  }
  return std::nullopt;
}

}  // namespace

ServerLink::ServerLink(Executor executor_in, ServerSpec spec_in, ClientEvents events_in)
    : executor(std::move(executor_in)), spec(std::move(spec_in)), events(std::move(events_in)) {}

ServerLink::~ServerLink() = default;

Task<Result<void>> ServerLink::open(std::unique_ptr<Transport> transport) {
  if (connection) {
    co_await connection->close();
  }
  connection = std::make_unique<Connection>(executor, spec.name, std::move(transport));
  connection->set_question_patience(spec.question_patience);
  connection->on_question([this](std::string_view method) -> std::optional<json::Object> {
    if (method == "roots/list" && !spec.workspace.empty()) {
      return roots_of(spec.workspace);
    }
    return std::nullopt;
  });
  connection->on_notification([this](std::string method, json::Object params) {
    dispatch(std::move(method), std::move(params));
  });
  connection->on_renewal([this] {
    if (on_renewal) {
      on_renewal();
    }
  });
  auto opened = co_await connection->open();
  if (!opened) {
    connection.reset();
  }
  co_return opened;
}

Patience ServerLink::patience(const RequestOptions& options) const {
  return {options.deadline.sooner(Deadline::after(spec.call_hard_timeout)),
          options.idle_timeout.value_or(spec.call_timeout)};
}

Task<Answer<json::Object>> ServerLink::request(std::string method, json::Object params,
                                               RequestOptions options) {
  Inquiry inquiry;
  inquiry.patience = patience(options);
  put_envelope(params, era, spec, options);
  if (mirrors()) {
    inquiry.headers = standard_headers(method, params);
    const auto mirrored = method == "tools/call"
                              ? param_headers.find(json::get_string(params, "name"))
                              : param_headers.end();
    const json::Object* arguments = json::find_object(params, "arguments");
    if (mirrored != param_headers.end() && arguments != nullptr) {
      for (auto& header : mirror_params(mirrored->second, *arguments)) {
        inquiry.headers.push_back(std::move(header));
      }
    }
  }
  if (const json::Object* const meta = json::find_object(params, "_meta");
      meta != nullptr && method == "tools/call") {
    if (const auto key = json::get_string(*meta, "oap/idempotencyKey"); !key.empty()) {
      inquiry.headers.emplace_back("Idempotency-Key", encode_header_value(key));
    }
  }
  inquiry.may_be_asked = may_be_asked(method);
  inquiry.method = std::move(method);
  inquiry.params = std::move(params);
  inquiry.on_progress = std::move(options.on_progress);
  inquiry.on_notification = std::move(options.on_notification);
  inquiry.ask = std::move(options.ask);
  inquiry.owner = std::move(options.owner);
  inquiry.party = std::move(options.party);
  return connection->request(std::move(inquiry));
}

void ServerLink::dispatch(std::string method, json::Object params) {
  if (const auto list = changed_list(method)) {
    if (events.on_list_changed) {
      events.on_list_changed(*list);
    }
  } else if (method == "notifications/resources/updated") {
    if (events.on_resource_updated) {
      events.on_resource_updated(std::move(params));
    }
  } else if (events.on_other) {
    events.on_other(std::move(method), std::move(params));
  }
}

bool ServerLink::offers(std::string_view capability, std::string_view flag) const {
  const json::Object* found = json::find_object(info.capabilities, capability);
  return found != nullptr && (flag.empty() || json::get_bool(*found, flag));
}

Task<void> ServerLink::close() {
  if (connection) {
    co_await connection->close();
  }
}

}  // namespace oap::mcp
