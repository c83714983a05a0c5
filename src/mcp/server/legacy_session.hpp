#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "async/branch.hpp"
#include "async/promise.hpp"
#include "mcp/server/call.hpp"

namespace oap::mcp {

class LegacyCall;

/// One session of the legacy era, whatever the transport: handshake, ping, log level,
/// subscriptions, requests under way with their cancellation, questions to the client. Shared by
/// its calls; `end()` before the front goes. Belongs to the executor's thread.
/// Source: MCP 2025-11-25, basic/lifecycle, basic/utilities, server/utilities/logging.
class LegacySession final : public std::enable_shared_from_this<LegacySession> {
 public:
  /// Where a message goes that belongs to no request.
  using Aside = std::function<void(std::string message)>;

  /// `holder`: see Core::holder.
  LegacySession(Core& core, Principal principal, std::string holder, Aside aside);

  /// Why this initialize request begins nothing.
  static std::optional<Rejection> check_handshake(const jsonrpc::Request& request);

  void take(jsonrpc::Request request, std::shared_ptr<Outlet> outlet);
  /// A notification of the client's.
  void notice(const jsonrpc::Request& notification);
  /// The client's answer to a question; one to nothing is dropped.
  void take(jsonrpc::Response response);
  void changed(const Change& change);
  /// Cancels what runs, without answers, and unfollows resources. Safe to call twice.
  void end();

  const Caller& caller() const { return *caller_; }
  bool has_version(std::string_view version) const { return caller_->protocol_version == version; }
  std::size_t running() const { return calls_.size(); }
  bool is_idle() const { return calls_.empty() && questions_.empty(); }

 private:
  friend class LegacyCall;
  using Question = async::Promise<Answer<json::Object>>;

  static Task<void> shake_hands(std::shared_ptr<LegacySession> session, jsonrpc::Request request,
                                std::shared_ptr<Outlet> outlet);
  static Task<void> follow(std::shared_ptr<LegacySession> session, jsonrpc::Request request,
                           std::shared_ptr<Outlet> outlet);
  using Followed = std::map<std::string, Quota::Place>;  // by URI
  static Task<void> unfollow_all(Core& core, Followed uris, Caller caller);
  std::optional<Rejection> claim(const std::string& uri);
  void set_level(jsonrpc::Request request, Outlet& outlet);
  bool announces(const Change& change) const;

  Core& core_;
  std::string holder_;
  std::string who_;  ///< whose requests under way are counted together
  Aside aside_;
  std::shared_ptr<Caller> caller_;  // shared with calls; changes at a handshake only
  json::Object capabilities_;       ///< the server's, as told
  std::optional<LogLevel> level_;   ///< nothing: all
  std::map<std::string, std::shared_ptr<LegacyCall>> calls_;  // by id key; shared with their work
  std::map<std::string, Question> questions_;                 // by id key
  Followed uris_;
  std::uint64_t last_question_ = 0;
  bool ended_ = false;
};

/// One request of a legacy session.
class LegacyCall final : public Call {
 public:
  LegacyCall(Core& core, std::shared_ptr<LegacySession> session, const jsonrpc::Request& request,
             std::shared_ptr<Outlet> outlet);
  static void start(std::shared_ptr<LegacyCall> call, jsonrpc::Request request);

  Task<Answer<json::Object>> ask(std::string method, json::Object params) override;
  /// The client wants no answer any more.
  void cancel();

 private:
  static Task<void> run(std::shared_ptr<LegacyCall> call, std::string method, json::Object params);
  bool wants_log(LogLevel level) const override {
    return !session_->level_ || level >= *session_->level_;
  }
  void conclude(Answer<json::Object> answer);

  std::shared_ptr<LegacySession> session_;
  std::optional<async::Branch> branch_;
  bool cancelled_ = false;
};

}  // namespace oap::mcp
