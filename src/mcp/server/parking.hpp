#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "mcp/server/core.hpp"

namespace oap::mcp {

class ModernCall;

/// What a `requestState` of ours says.
struct Ticket {
  std::string call;         ///< 16 random bytes: which call is parked
  std::uint32_t round = 0;  ///< how often it had asked; each ticket is good for one return
  SteadyTime expires;
};

/// Seals and opens `requestState`: a prefix and the ticket, sealed for `binding` under a key of
/// this object's own (AES-256-GCM). Pure but for the key. Source: MCP 2026-07-28,
/// basic/patterns/mrtr.
class TicketSeal {
 public:
  TicketSeal();
  /// Whether the state is meant to be one of this object's; all others belong to the Service.
  bool is_ours(std::string_view state) const { return state.starts_with(prefix_); }
  std::string seal(const Ticket& ticket, std::string_view binding) const;
  /// Nothing where it was changed, cut, or sealed for another binding.
  std::optional<Ticket> open(std::string_view state, std::string_view binding) const;

 private:
  std::string prefix_;
  std::string key_;
};

/// The calls of the modern era that wait until their client comes back with what they asked for.
class Parking {
 public:
  explicit Parking(Core& core)
      : places_("calls that wait for their clients' input", core.limits().max_parked) {}

  const TicketSeal& seal() const { return seal_; }
  tl::expected<Quota::Place, Quota::NoPlace> take_place(const std::string& holder) {
    return places_.take(holder);
  }
  /// Calls that nobody waits for at present.
  std::size_t size() const;
  void add(const std::string& name, std::shared_ptr<ModernCall> call);
  void remove(const std::string& name) { calls_.erase(name); }
  std::shared_ptr<ModernCall> find(const std::string& name) const;
  /// Cancels those whose client has not come back in time.
  void sweep(SteadyTime now);
  /// Cancels all.
  void clear();

 private:
  Quota places_;
  TicketSeal seal_;
  std::unordered_map<std::string, std::shared_ptr<ModernCall>> calls_;  // shared with their work
};

}  // namespace oap::mcp
