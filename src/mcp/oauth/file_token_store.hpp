#pragma once

#include <string>

#include "async/blocking_pool.hpp"
#include "base/clock.hpp"
#include "mcp/oauth/token_store.hpp"

namespace oap::mcp::oauth {

/// Keeps grants in `oauth.tokens` of a directory, which is made where missing (0700): one file,
/// encrypted with AES-256-GCM under the key in `oauth.key` beside it (0600, made at the first
/// save). Several processes may use it: reads and writes hold the lock `oauth.lock`, writes replace
/// the file in one step. A key file that others can read is kFailedPrecondition; a file that is not
/// what was written, or whose key is gone, is kDataLoss and left as it is. The system's errors as
/// in os/file.hpp.
class FileTokenStore final : public TokenStore {
 public:
  /// The pool outlives the store.
  FileTokenStore(std::string directory, async::BlockingPool& pool,
                 Millis lock_timeout = Millis(5000));

  Task<Result<std::vector<Grant>>> load(GrantOwner owner) override;
  Task<Result<void>> save(GrantOwner owner, Grant grant) override;
  Task<Result<void>> erase(GrantOwner owner, std::string issuer) override;

 private:
  std::string directory_;
  async::BlockingPool& pool_;
  Millis lock_timeout_;
};

}  // namespace oap::mcp::oauth
