#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "model/tool.hpp"

namespace oap::gateway {

/// Results of read-only tools, for a short time. The least recently used go first when they
/// together hold more than `max_bytes` (an estimate of their memory). Pure; time is given to it.
class ResultCache {
 public:
  /// `ttl` 0 = nothing is ever kept.
  ResultCache(Millis ttl, std::size_t max_bytes) : ttl_(ttl), max_bytes_(max_bytes) {}

  /// Whom a result belongs to: never shared between users or tenants. Equal for arguments that are
  /// equal as JSON (RFC 8785), whatever their order.
  static std::string key(const ToolCall& call);
  /// Only a complete result without an error may be answered again.
  static bool may_keep(const ToolResult& result);

  bool on() const { return ttl_ > Millis{0} && max_bytes_ > 0; }
  /// Null where there is none or it is too old. Valid until the next call of any member.
  const ToolResult* find(std::string_view key, SteadyTime now);
  /// `epoch` is what epoch() was before the call was made: what was asked for before clear() is
  /// not kept.
  void keep(std::string key, const ToolResult& result, std::uint64_t epoch, SteadyTime now);
  void clear();

  std::uint64_t epoch() const { return epoch_; }
  std::size_t bytes() const { return bytes_; }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    ToolResult result;
    std::size_t bytes;
    SteadyTime until;
  };
  using Place = std::list<Entry>::iterator;
  void drop(Place place);

  Millis ttl_;
  std::size_t max_bytes_;
  std::list<Entry> entries_;                            // most recently used first
  std::unordered_map<std::string_view, Place> by_key_;  // keys live in the entries
  std::size_t bytes_ = 0;
  std::uint64_t epoch_ = 0;
};

}  // namespace oap::gateway
