#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "mcp/server/modern_call.hpp"

namespace oap::mcp {

/// The open `subscriptions/listen` requests of a front. None holds a coroutine or a timer.
/// Source: MCP 2026-07-28, basic/patterns/subscriptions.
class Listening {
 public:
  explicit Listening(Core& core) : core_(core) {}

  /// Finds out what of the filter can be served, acknowledges it and keeps the stream.
  static Task<void> open(Listening& listening, ModernRequest request,
                         std::shared_ptr<Outlet> outlet);
  void changed(const Change& change);
  std::size_t size() const { return open_.size(); }
  /// Ends all gracefully.
  void close();

 private:
  struct Subscription {
    std::string id;  ///< as JSON text
    std::shared_ptr<Outlet> outlet;
    std::vector<std::string> uris;
    std::vector<Quota::Place> watched;  ///< one for each of them
    Quota::Place place;
    std::shared_ptr<const Caller> caller;  ///< where there are uris
    bool tools = false;
    bool prompts = false;
    bool resources = false;
    bool gone = false;

    bool wants(const Change& change) const;
  };
  void end(const std::shared_ptr<Subscription>& subscription);
  static Task<void> choose(Core& core, const json::Object& filter, Caller caller,
                           Subscription& subscription);
  static Task<void> follow(Core& core, const json::Array& uris, const Caller& caller,
                           Subscription& subscription);
  static json::Object accepted(const Subscription& subscription);
  static Task<void> unwatch(Core& core, std::shared_ptr<Subscription> subscription);

  Core& core_;
  std::unordered_map<const Subscription*, std::shared_ptr<Subscription>> open_;
};

/// The longest URI of a resource that can be followed.
inline constexpr std::size_t kMaxUriBytes = 4096;

/// The notification that tells of a change; its params without `_meta`.
std::string_view method_of(const Change& change);
json::Object params_of(const Change& change);

}  // namespace oap::mcp
