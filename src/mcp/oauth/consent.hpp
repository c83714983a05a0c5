#pragma once

#include <functional>
#include <memory>
#include <string>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "net/http_client.hpp"

namespace oap::mcp::oauth {

/// The person's part of a sign-in. Outlives what uses it; one sign-in at a time.
class Consent {
 public:
  virtual ~Consent() = default;
  /// Gets ready to be sent back to: the redirect URI that the next authorize() will serve. `wanted`
  /// is the one that is registered already, "" where there is none; another one may come back.
  virtual Task<Result<std::string>> prepare(std::string wanted) = 0;
  /// Has the person visit `url` and waits until the browser is sent back; the whole URL it was sent
  /// back to, with its query. Nothing of it is checked here. kUnauthenticated, kCancelled.
  virtual Task<Result<std::string>> authorize(std::string url, std::string redirect_uri) = 0;
  /// Lets go of what prepare() took, where no authorize() follows. Harmless otherwise.
  virtual Task<void> release() = 0;
};

/// Listens on 127.0.0.1 for the browser's return (RFC 8252 §7.3). The listener lives from prepare()
/// to the end of authorize(). A request to another path or Host, or with another state than the
/// sign-in's, is answered with an error and does not end the wait.
class LoopbackConsent final : public Consent {
 public:
  /// Shows the URL to the person or opens a browser with it, without a shell; returns at once.
  using Show = std::function<void(const std::string& url)>;
  LoopbackConsent(Executor executor, Show show, Millis timeout = Millis(300'000));
  ~LoopbackConsent() override;

  Task<Result<std::string>> prepare(std::string wanted) override;
  /// kDeadlineExceeded where nobody came in time.
  Task<Result<std::string>> authorize(std::string url, std::string redirect_uri) override;
  Task<void> release() override;

 private:
  struct State;
  std::shared_ptr<State> state_;  // watched by the listener's handler
};

/// For tests and the conformance suite: visits the URL itself and takes the Location of the answer.
class FollowRedirectConsent final : public Consent {
 public:
  explicit FollowRedirectConsent(net::HttpClient& http,
                                 std::string redirect_uri = "http://127.0.0.1:33418/callback");
  Task<Result<std::string>> prepare(std::string wanted) override;
  Task<Result<std::string>> authorize(std::string url, std::string redirect_uri) override;
  Task<void> release() override;

 private:
  net::HttpClient& http_;
  std::string redirect_uri_;
};

}  // namespace oap::mcp::oauth
