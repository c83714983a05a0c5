#pragma once

#include <memory>
#include <string>

#include "async/semaphore.hpp"
#include "mcp/client/client.hpp"

namespace oap::cli {

/// Puts what a server asks in the course of a call to the person on the terminal, one question
/// after another: forms field by field, URLs in full (nothing is ever opened), sampling as a text
/// to answer. Without a terminal everything is declined. Belongs to the executor's thread and
/// outlives the calls it answers for.
class Questions {
 public:
  Questions(Executor executor, bool has_person)
      : executor_(std::move(executor)), has_person_(has_person) {}
  /// For RequestOptions: the questions of this server.
  mcp::AskHandler handler(std::string server);
  /// What a server is told that this can do.
  json::Object capabilities() const;

 private:
  using Reply = mcp::Answer<json::Object>;
  Task<Reply> answer(std::string server, std::string method, json::Object params);
  Task<Reply> form(std::string server, json::Object params);
  Task<Reply> visit(std::string server, json::Object params);
  Task<Reply> sample(std::string server, json::Object params);

  Executor executor_;
  bool has_person_;
  async::Semaphore turn_{1};
};

}  // namespace oap::cli
