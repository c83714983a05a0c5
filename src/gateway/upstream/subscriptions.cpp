#include "gateway/upstream/subscriptions.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/log.hpp"

namespace oap::gateway {
namespace {

constexpr std::array<std::string_view, 8> kLevels = {"debug", "info",     "notice", "warning",
                                                     "error", "critical", "alert",  "emergency"};

std::size_t rank(std::string_view level) {
  return static_cast<std::size_t>(std::find(kLevels.begin(), kLevels.end(), level) -
                                  kLevels.begin());
}

}  // namespace

void Subscriptions::remove(const std::string& uri) {
  const auto found = uris_.find(uri);
  if (found != uris_.end() && --found->second == 0) {
    uris_.erase(found);
  }
}

std::vector<std::string> Subscriptions::uris() const {
  std::vector<std::string> uris;
  uris.reserve(uris_.size());
  for (const auto& [uri, followers] : uris_) {
    uris.push_back(uri);
  }
  return uris;
}

bool Subscriptions::lower_level(const std::string& level) {
  if (rank(level) >= kLevels.size() || (!level_.empty() && rank(level) >= rank(level_))) {
    return false;
  }
  level_ = level;
  return true;
}

Task<void> Subscriptions::restore(std::shared_ptr<Connection> connection, std::string server,
                                  std::vector<std::string> uris, std::string level) {
  if (!level.empty()) {
    co_await connection->link->set_log_level(std::move(level));
  }
  for (std::string& uri : uris) {
    const auto answer = co_await connection->link->watch(uri);
    if (!answer) {
      log::warn("gateway", "a resource is no longer followed",
                {{"server", server}, {"uri", uri}, {"error", answer.error().error.to_string()}});
    }
  }
}

}  // namespace oap::gateway
