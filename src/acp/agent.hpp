#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "acp/editor_approver.hpp"
#include "acp/host.hpp"
#include "acp/protocol.hpp"
#include "acp/wire.hpp"
#include "async/cancel.hpp"
#include "async/event.hpp"
#include "async/scope.hpp"
#include "os/fd.hpp"

namespace oap::acp {

struct AgentOptions {
  WireLimits wire;
  Millis permission_patience{300'000};  ///< how long a question waits for the editor's person
  Millis file_patience{10'000};         ///< how long the editor may take for a file
  Millis closing{10'000};               ///< how long ending may take
  std::size_t max_sessions = 32;        ///< open at the same time
};

/// An Agent Client Protocol agent: sessions of the platform, driven by an editor over one
/// connection. Each prompt is a task; what it does is told as session/update, what needs approval
/// is asked with session/request_permission. When the editor goes, every turn is cancelled, which
/// leaves it stored to be gone on with, and what was started is ended.
/// Source: agentclientprotocol.com/protocol/v1. Of the executor's thread.
class Agent final : public Receiver {
 public:
  /// The host outlives it.
  Agent(Executor executor, Host& host, AgentOptions options);
  ~Agent() override;

  /// Serves until the end of input, a closed output, or cancellation.
  Task<Result<void>> serve(os::UniqueFd in, os::UniqueFd out);

  void on_request(jsonrpc::Request request) override;
  void on_notification(std::string method, json::Object params) override;

 private:
  class Files;
  struct Open;
  using Answer = Result<json::Object>;
  using Method = Task<Answer> (Agent::*)(json::Object params);

  static const std::map<std::string_view, Method>& methods();
  Task<void> run(jsonrpc::Request request);
  Task<Answer> dispatch(std::string method, json::Object params);

  Task<Answer> initialize(json::Object params);
  Task<Answer> authenticate(json::Object params);
  Task<Answer> begin(json::Object params);
  Task<Answer> load(json::Object params);
  Task<Answer> resume(json::Object params);
  Task<Answer> fork(json::Object params);
  Task<Answer> list(json::Object params);
  Task<Answer> close(json::Object params);
  Task<Answer> remove(json::Object params);
  Task<Answer> prompt(json::Object params);
  Task<Answer> set_mode(json::Object params);
  Task<Answer> set_option(json::Object params);

  Result<std::shared_ptr<Open>> open(const json::Object& params, OpenRequest::How how);
  Result<std::shared_ptr<Open>> find(const json::Object& params) const;
  json::Object state_of(const Open& open) const;
  Task<Result<void>> shut(std::shared_ptr<Open> open, bool keep);
  Task<Result<std::shared_ptr<Open>>> reopen(json::Object params);
  Task<void> shut_all();
  void announce(const Open& open);
  void update(const std::string& session_id, json::Object update);
  Answer stop_reason(const orchestration::TaskReport& report) const;
  void tell_title(const Open& open);

  Executor executor_;
  Host& host_;
  AgentOptions options_;
  Wire wire_;
  std::optional<Client> client_;
  std::map<std::string, std::shared_ptr<Open>> sessions_;
  std::map<std::string, std::string> prompts_;  // request key → session, of those under way
  async::Scope scope_;
};

}  // namespace oap::acp
