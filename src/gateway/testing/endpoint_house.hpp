#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "async/runtime.hpp"
#include "gateway/serve/mcp_service.hpp"
#include "gateway/testing/quiet_upstream.hpp"
#include "json/parse.hpp"

namespace oap::gateway::testing {

/// A server whose lists and answers are set from outside.
class ListedUpstream final : public QuietUpstream {
 public:
  explicit ListedUpstream(std::string name) : name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  Task<Result<std::vector<ToolSpec>>> list_tools(Deadline /*deadline*/) override {
    co_return plain_specs(name_, tools);
  }
  Task<Result<mcp::Listing>> list(ListKind kind, Deadline /*deadline*/) override {
    mcp::Listing listing;
    for (const std::string& item : lists[kind]) {
      listing.items.push_back(json::parse_object(item).value());
    }
    co_return listing;
  }
  Task<mcp::Answer<ToolResult>> call(ToolCall call, mcp::RequestOptions options) override {
    calls.push_back(call.tool);
    if (asks) {
      json::Object question{{"message", "?"}};
      (void)co_await options.ask("elicitation/create", std::move(question));
    }
    ToolResult result = ToolResult::text(name_ + " ran " + call.tool);
    if (!state.empty()) {
      result.extra = {{"resultType", "input_required"}, {"requestState", state}};
    }
    co_return result;
  }
  Task<mcp::Answer<json::Object>> request(std::string method, json::Object params,
                                          mcp::RequestOptions /*options*/) override {
    const std::string uri(json::get_string(params, "uri"));
    requests.push_back(method + " " + uri);
    if (unknown.contains(uri)) {
      co_return mcp::refused(mcp::kResourceNotFoundLegacy, "Resource not found");
    }
    co_return json::Object{{"from", name_}};
  }
  Task<mcp::Answer<json::Object>> watch(std::string uri) override {
    watched.push_back("+" + uri);
    co_return json::Object{};
  }
  Task<void> unwatch(std::string uri) override {
    watched.push_back("-" + uri);
    co_return;
  }
  Health health() const override { return told; }

  std::vector<std::string> tools;
  std::map<ListKind, std::vector<std::string>> lists;  ///< items as JSON
  std::set<std::string> unknown;                       ///< URIs that it does not have
  bool asks = false;                                   ///< asks its client once in every call
  std::string state;                                   ///< its own requestState
  Health told;
  std::vector<std::string> calls;
  std::vector<std::string> requests;
  std::vector<std::string> watched;

 private:
  std::string name_;
};

class RecordingAudit final : public AuditSink {
 public:
  Task<Result<void>> append(audit::Event event, audit::Durability /*durability*/) override {
    co_return append_now(std::move(event));
  }
  Result<void> append_now(audit::Event event) override {
    if (full) {
      return fail(Code::kResourceExhausted, "no space left on device");
    }
    events.push_back(std::move(event));
    return {};
  }
  bool full = false;
  std::vector<audit::Event> events;
};

/// Takes out "hunter2".
class MaskingRedactor final : public Redactor {
 public:
  std::string redact(std::string_view text) const override {
    std::string out(text);
    for (std::size_t at = out.find("hunter2"); at != std::string::npos; at = out.find("hunter2")) {
      out.replace(at, 7, "***");
    }
    return out;
  }
  json::Value redact(const json::Value& value) const override {
    if (value.is_string()) {
      return json::Value(redact(json::view(value.get_string())));
    }
    json::Value copy = value;
    if (copy.is_object()) {
      for (auto& member : copy.get_object()) {
        member.value() = redact(member.value());
      }
    }
    return copy;
  }
};

/// A client's request in the hands of a Service, without a front. When it is asked something, its
/// client comes back as another Caller, and what is left of the first one is spoilt.
class FakeRequest final : public mcp::Exchange {
 public:
  explicit FakeRequest(mcp::Caller caller)
      : caller_(std::make_unique<mcp::Caller>(std::move(caller))) {}
  const mcp::Caller& caller() const override { return *caller_; }
  void progress(json::Object /*params*/) override {}
  bool wants_progress() const override { return false; }
  void notify(std::string /*method*/, json::Object /*params*/) override {}
  Task<mcp::Answer<json::Object>> ask(std::string /*method*/, json::Object /*params*/) override {
    auto next = std::make_unique<mcp::Caller>(*caller_);
    caller_->principal = Principal{"nobody", "freed", "freed"};
    caller_->era = mcp::Era::kLegacy;
    spoilt_.push_back(std::exchange(caller_, std::move(next)));
    co_return json::Object{{"action", "accept"}};
  }
  bool can_ask(std::string_view /*method*/, const json::Object& /*params*/) const override {
    return true;
  }
  void close_stream(Millis /*retry*/) override {}

 private:
  std::unique_ptr<mcp::Caller> caller_;
  std::vector<std::unique_ptr<mcp::Caller>> spoilt_;
};

/// An McpService over servers that exist only in a test.
class EndpointHouse {
 public:
  EndpointHouse() { caller.principal = Principal{"ann", "user", "default"}; }
  ~EndpointHouse() {
    if (service) {
      runtime.run(audit_of_endpoint->close());
      runtime.run(catalog->close());
    }
  }
  EndpointHouse(const EndpointHouse&) = delete;
  EndpointHouse& operator=(const EndpointHouse&) = delete;

  ListedUpstream& add(const std::string& name) {
    auto upstream = std::make_unique<ListedUpstream>(name);
    ListedUpstream& added = *upstream;
    upstreams.add(std::move(upstream));
    return added;
  }
  /// After the servers have been added and the options set.
  void open() {
    catalog_options.offer_builtin = false;
    catalog = std::make_unique<Catalog>(runtime.executor(), upstreams, std::vector<ToolSpec>{},
                                        catalog_options, nullptr);
    gateway = std::make_unique<Gateway>(Gateway::Parts{hooks, approver, audit, redactor, upstreams,
                                                       *catalog, system_clock(), "/work",
                                                       Millis(2'000), Millis(50)});
    audit_of_endpoint = std::make_unique<EndpointAudit>(runtime.executor(), audit, redactor);
    options.may_list = [this](const Principal& principal, const ToolSpec& spec) {
      return !denied.contains(principal.user_id + " " + spec.server);
    };
    options.clean = [this](const std::string& text) { return redactor.redact(text); };
    options.list_patience = Millis(200);
    service = std::make_unique<McpService>(*gateway, *catalog, upstreams, seal, *audit_of_endpoint,
                                           options);
  }

  mcp::Answer<json::Object> handle(const std::string& method, const std::string& params = "{}") {
    FakeRequest request(caller);
    return runtime.run(service->handle(method, json::parse_object(params).value(), request));
  }
  mcp::Answer<json::Object> watch(const std::string& uri) {
    return runtime.run(service->watch(uri, caller));
  }
  /// The members `key` of the items of a list.
  std::vector<std::string> names(const std::string& method, const char* list, const char* key) {
    std::vector<std::string> found;
    const auto answer = handle(method);
    const json::Array* items = answer ? json::find_array(*answer, list) : nullptr;
    for (const json::Value& item : items == nullptr ? json::Array{} : *items) {
      found.emplace_back(json::get_string(item, key));
    }
    return found;
  }
  /// "event_type user tool resource ok", of all records.
  std::vector<std::string> records() const {
    std::vector<std::string> lines;
    for (const audit::Event& event : audit.events) {
      lines.push_back(fmt::format("{} {} {} {} {}", event.event_type, event.user_id, event.tool,
                                  event.resource, event.success.value_or(true) ? "ok" : "refused"));
    }
    return lines;
  }

  async::Runtime runtime;
  hooks::Registry hooks;
  approval::FixedApprover approver = approval::FixedApprover::nobody();
  RecordingAudit audit;
  MaskingRedactor redactor;
  UpstreamSet upstreams;
  CatalogOptions catalog_options;
  StateSeal seal;
  ServeOptions options;
  std::set<std::string> denied;  ///< "user server"
  mcp::Caller caller;
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<Gateway> gateway;
  std::unique_ptr<EndpointAudit> audit_of_endpoint;
  std::unique_ptr<McpService> service;
};

}  // namespace oap::gateway::testing
