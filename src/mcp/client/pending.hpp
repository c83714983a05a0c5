#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mcp/client/connection.hpp"

namespace oap::mcp {

/// A request that waits for its answer; lives in the frame of Connection::request.
struct Connection::Pending {
  Pending(const Executor& executor, RequestId number, Inquiry what)
      : id(number), inquiry(std::move(what)), answered(executor) {}

  RequestId id;
  Inquiry inquiry;
  async::Event answered;
  std::optional<Answer<json::Object>> answer;
  SteadyTime last_sign;
  std::vector<std::shared_ptr<Asked>> asked;  ///< what the peer has asked about it
  int open_questions = 0;
  SteadyTime asked_at;  ///< the first of these
};

/// A question of the peer that is being answered.
struct Connection::Asked {
  explicit Asked(const Executor& executor) : branch(executor) {}
  json::Value id;
  RequestId about = 0;  ///< the request whose `ask` answers it
  async::Branch branch;
  bool withdrawn = false;  ///< the peer wants no answer any more
};

}  // namespace oap::mcp
