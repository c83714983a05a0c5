#include "mcp/oauth/token_store.hpp"

#include <algorithm>

namespace oap::mcp::oauth {

void put_first(std::vector<Grant>& grants, Grant grant) {
  std::erase_if(grants, [&](const Grant& held) { return held.issuer == grant.issuer; });
  grants.insert(grants.begin(), std::move(grant));
}

Task<Result<std::vector<Grant>>> MemoryTokenStore::load(GrantOwner owner) {
  co_return grants_[{owner.user, owner.server}];
}

Task<Result<void>> MemoryTokenStore::save(GrantOwner owner, Grant grant) {
  put_first(grants_[{owner.user, owner.server}], std::move(grant));
  co_return Result<void>{};
}

Task<Result<void>> MemoryTokenStore::erase(GrantOwner owner, std::string issuer) {
  std::erase_if(grants_[{owner.user, owner.server}],
                [&](const Grant& grant) { return issuer.empty() || grant.issuer == issuer; });
  co_return Result<void>{};
}

}  // namespace oap::mcp::oauth
