#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/governor.hpp"
#include "api/line_server.hpp"
#include "base/clock.hpp"

namespace oap::api {

/// The daemon's methods over a Governor: docs/design/006-daemon-wire.md. Borrows the governor,
/// which outlives it. Belongs to the executor's thread.
class Dispatcher {
 public:
  /// `filter`: a command that takes secrets out of a text, for clients to start; empty: none.
  Dispatcher(Governor& governor, std::string version, const Clock& clock,
             std::vector<std::string> filter = {});

  /// The result of one request. kNotFound for a method that there is none of; kInvalidArgument for
  /// parameters that are wrong; what the governor fails with.
  Task<Result<json::Value>> answer(std::shared_ptr<Client> client, jsonrpc::Request request);

 private:
  Task<Result<json::Value>> hello(Client& client, json::Object params);
  Task<Result<json::Value>> before(Client& client, json::Object params);
  Task<Result<json::Value>> after(Client& client, json::Object params);
  Task<Result<json::Value>> message(Client& client, json::Object params);
  Task<Result<json::Value>> permission(Client& client, json::Object params);
  Task<Result<json::Value>> idle(Client& client, json::Object params);
  Task<Result<json::Value>> usage(Client& client, json::Object params);
  Task<Result<json::Value>> created(Client& client, json::Object params);
  Task<Result<json::Value>> hook(Client& client, json::Object params);
  Task<Result<json::Value>> status(Client& client, json::Object params);

  Governor& governor_;
  std::string version_;
  std::vector<std::string> filter_;
  const Clock& clock_;
  WallTime started_;
  SteadyTime since_;
};

}  // namespace oap::api
