#pragma once

#include <memory>
#include <optional>
#include <string>

#include "mcp/server/core.hpp"
#include "mcp/server/envelope.hpp"
#include "mcp/server/outlet.hpp"
#include "mcp/server/service.hpp"

namespace oap::mcp {

/// What the exchanges of both eras have in common: whom they work for and where that one listens.
class Call : public Exchange {
 public:
  const Caller& caller() const override { return *caller_; }
  void progress(json::Object params) override;
  bool wants_progress() const override { return !progress_token_.is_null(); }
  void notify(std::string method, json::Object params) override;
  bool can_ask(std::string_view method, const json::Object& params) const override;
  void close_stream(Millis retry) override;

 protected:
  Call(Core& core, std::shared_ptr<const Caller> caller);
  /// Whether the caller wants log messages of this severity.
  virtual bool wants_log(LogLevel level) const = 0;
  void send(std::string method, json::Object params);
  void set_progress_token(const json::Object& params);

  Core& core_;
  std::shared_ptr<const Caller> caller_;  // shared with the session, or renewed when resumed
  std::shared_ptr<Outlet> outlet_;        // null while no client waits for an answer
  json::Value id_;
  json::Value progress_token_;
};

/// What a service's call came to, whatever it did: an exception is a failure.
Task<Answer<json::Object>> handle(Service& service, std::string method, json::Object params,
                                  Exchange& exchange);

/// A client's answer to a question.
Answer<json::Object> answer_of(jsonrpc::Response response);

}  // namespace oap::mcp
