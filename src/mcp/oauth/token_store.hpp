#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "async/task.hpp"
#include "mcp/oauth/grant.hpp"

namespace oap::mcp::oauth {

/// Whose grants, for which server: the user and the server's URL.
struct GrantOwner {
  std::string user;
  std::string server;
};

/// Keeps registrations and tokens, one grant for each user, server and issuer. Outlives what uses
/// it. Belongs to the executor's thread.
class TokenStore {
 public:
  virtual ~TokenStore() = default;
  /// Of all issuers, the one saved last first.
  virtual Task<Result<std::vector<Grant>>> load(GrantOwner owner) = 0;
  /// Replaces the grant of the same owner and issuer. When it returns, the grant is safe.
  virtual Task<Result<void>> save(GrantOwner owner, Grant grant) = 0;
  /// Forgets one issuer's grant; "" all of them.
  virtual Task<Result<void>> erase(GrantOwner owner, std::string issuer) = 0;
};

/// Keeps them as long as it lives.
class MemoryTokenStore final : public TokenStore {
 public:
  Task<Result<std::vector<Grant>>> load(GrantOwner owner) override;
  Task<Result<void>> save(GrantOwner owner, Grant grant) override;
  Task<Result<void>> erase(GrantOwner owner, std::string issuer) override;

 private:
  std::map<std::pair<std::string, std::string>, std::vector<Grant>> grants_;
};

/// Puts the grant first in place of the one of the same issuer. Pure.
void put_first(std::vector<Grant>& grants, Grant grant);

}  // namespace oap::mcp::oauth
