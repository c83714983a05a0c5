#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "async/breaker.hpp"
#include "async/bulkhead.hpp"
#include "base/clock.hpp"

namespace oap::gateway {

/// What is particular to one tool. Data.
struct ToolOptions {
  std::optional<Millis> idle_timeout;  ///< without an answer or progress, instead of the server's
  std::optional<Millis> hard_timeout;  ///< whatever it reports; cannot exceed the server's
  std::size_t max_concurrent = 0;      ///< 0 = only the server's limit
};

/// What is known of one tool while the program runs. Shared with the calls under way.
struct ToolState {
  std::string name;
  async::Breaker breaker;
  ToolOptions options;
  std::optional<async::Bulkhead> bulkhead;  ///< where it has a limit of its own
  std::uint64_t died_in = 0;  ///< the last generation that ended under a call of this tool
};

/// The tools of one server, as they come to be called. Bounded: beyond `kMost` those that are idle
/// and well are forgotten.
class ToolTable {
 public:
  static constexpr std::size_t kMost = 4096;

  ToolTable(std::string server, async::Breaker::Options breaker, std::size_t max_waiting,
            std::map<std::string, ToolOptions> options)
      : server_(std::move(server)),
        breaker_(std::move(breaker)),
        max_waiting_(max_waiting),
        options_(std::move(options)) {}

  std::shared_ptr<ToolState> get(const std::string& name, SteadyTime now);
  /// Tool → state of its breaker, but for the closed ones.
  std::map<std::string, std::string> open_breakers(SteadyTime now) const;
  std::size_t size() const { return tools_.size(); }

 private:
  std::string server_;
  async::Breaker::Options breaker_;
  std::size_t max_waiting_;
  std::map<std::string, ToolOptions> options_;
  std::unordered_map<std::string, std::shared_ptr<ToolState>> tools_;
};

}  // namespace oap::gateway
