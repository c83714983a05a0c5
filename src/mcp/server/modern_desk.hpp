#pragma once

#include <memory>
#include <optional>

#include "mcp/server/listening.hpp"
#include "mcp/server/modern_call.hpp"
#include "mcp/server/parking.hpp"

namespace oap::mcp {

/// The modern era of one front, whatever the transport: discover, listen, calls and their returns.
class ModernDesk {
 public:
  explicit ModernDesk(Core& core) : core_(core), parking_(core), listening_(core) {}

  /// Works on a request whose envelope and, over HTTP, headers have been checked.
  void take(ModernRequest request, std::shared_ptr<Outlet> outlet);
  void changed(const Change& change) { listening_.changed(change); }
  void sweep(SteadyTime now) { parking_.sweep(now); }
  std::size_t parked() const { return parking_.size(); }
  std::size_t listening() const { return listening_.size(); }
  /// Ends the listen streams and gives up what is parked.
  void close();

 private:
  static Task<void> discover(Core& core, ModernRequest request, std::shared_ptr<Outlet> outlet);

  Core& core_;
  Parking parking_;
  Listening listening_;
};

/// Answers with a JSON-RPC error.
void refuse(Outlet& outlet, json::Value id, Rejection rejection);
/// The refusal where somebody has too much under way.
Rejection too_busy();

}  // namespace oap::mcp
