#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "permission/engine.hpp"
#include "platform/settings.hpp"

namespace oap::platform {

/// What the permission engine reads its rules from.
struct PolicyHealth {
  std::string revision;  ///< of the policy in force
  std::string problem;   ///< why what is in the files now is not in force; "" where it is
};

/// The engine with the rules of the workspace's files, kept up to date: before a decision, at most
/// every 20 ms, it looks whether one of the files changed (all tiers' permissions.yaml and
/// config.yaml, the session tier's rules, the trust record), and then puts the new rules in force
/// as a whole. Files that are wrong leave the old rules in force and are told of once. Used from
/// any thread.
class LivePolicy {
 public:
  /// A change as it was seen: the new revision, or why the old one stays.
  using OnChange = std::function<void(const PolicyHealth& health)>;

  static Result<std::unique_ptr<LivePolicy>> open(const Settings& settings, OnChange on_change);
  ~LivePolicy();

  permission::Engine& engine();
  PolicyHealth health() const;

 private:
  struct Body;
  explicit LivePolicy(std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;
};

/// The files that the rules come from, whether or not they exist.
std::vector<std::string> policy_files(const config::Paths& paths);

/// The session tier's rules (`oap permission set`): a file in the workspace's state.
std::string session_rules_file(const config::Paths& paths);

}  // namespace oap::platform
