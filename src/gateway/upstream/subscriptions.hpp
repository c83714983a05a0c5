#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "gateway/upstream/link.hpp"

namespace oap::gateway {

/// What a server has been asked to keep in mind, so that a new process of it can be asked again:
/// the resources that are followed and the log level. Belongs to the executor's thread.
class Subscriptions {
 public:
  void add(std::string uri) { ++uris_[std::move(uri)]; }
  /// Once for each `add`; the last one counts.
  void remove(const std::string& uri);
  std::vector<std::string> uris() const;
  /// True where the level is more detailed than all before, and a known one (RFC 5424 names).
  bool lower_level(const std::string& level);

  bool empty() const { return uris_.empty() && level_.empty(); }
  /// Asks the server for all of it. What it refuses is logged.
  static Task<void> restore(std::shared_ptr<Connection> connection, std::string server,
                            std::vector<std::string> uris, std::string level);
  const std::string& level() const { return level_; }

 private:
  std::map<std::string, int> uris_;  // how many follow it
  std::string level_;
};

}  // namespace oap::gateway
