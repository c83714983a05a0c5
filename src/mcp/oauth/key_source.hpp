#pragma once

#include <memory>
#include <string>

#include "async/semaphore.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "crypto/jose.hpp"
#include "mcp/oauth/web.hpp"

namespace oap::mcp::oauth {

/// How long keys count and how often they are fetched.
struct KeyTimes {
  Millis ttl{600'000};      ///< after it they are fetched again
  Millis pause{30'000};     ///< at least so long between two fetches, also failed ones
  Millis stale{3'600'000};  ///< beyond `ttl`, how long old keys serve while fetching fails
  Millis timeout{10'000};   ///< of one request
};

/// The signing keys of one issuer, fetched when first needed and kept. However many ask at once,
/// one fetches. Belongs to the executor's thread; outlives its tasks.
class KeySource {
 public:
  using Keys = std::shared_ptr<const crypto::Jwks>;

  /// `jwks_url` "" = what the issuer's metadata says. The issuer is one that the configuration
  /// names: it may be on loopback or inside the network.
  KeySource(net::HttpClient& http, std::string issuer, std::string jwks_url, const Clock& clock,
            KeyTimes times = {});

  /// kUnavailable where none can be had.
  Task<Result<Keys>> keys();
  /// For a token whose key is not in `seen`: newer keys, or `seen` itself where there are none or
  /// it is too early to ask.
  Task<Result<Keys>> newer(Keys seen);

 private:
  bool is_fresh() const;
  bool may_fetch() const;
  Task<Result<void>> fetch();

  Web web_;
  std::string issuer_;
  std::string jwks_url_;
  const Clock& clock_;
  KeyTimes times_;
  async::Semaphore turn_{1};
  Keys keys_;
  SteadyTime fetched_{};
  SteadyTime tried_{};
  bool has_tried_ = false;
};

}  // namespace oap::mcp::oauth
