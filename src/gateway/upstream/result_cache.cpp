#include "gateway/upstream/result_cache.hpp"

#include <iterator>
#include <utility>

#include "json/print.hpp"

namespace oap::gateway {
namespace {

std::size_t weight(const json::Value& value);

std::size_t weight(const json::Object& object) {
  std::size_t bytes = 0;
  for (const auto& member : object) {
    bytes += sizeof(member) + member.key().size() + weight(member.value());
  }
  return bytes;
}

std::size_t weight(const json::Array& array) {
  std::size_t bytes = 0;
  for (const json::Value& value : array) {
    bytes += sizeof(value) + weight(value);
  }
  return bytes;
}

std::size_t weight(const json::Value& value) {
  if (value.is_object()) {
    return weight(value.get_object());
  }
  if (value.is_array()) {
    return weight(value.get_array());
  }
  return value.is_string() ? value.get_string().size() : 0;
}

std::size_t weight(const ToolResult& result) {
  return weight(result.content) + (result.structured ? weight(*result.structured) : 0) +
         weight(result.meta) + weight(result.extra);
}

void add_part(std::string& key, std::string_view part) {
  key += std::to_string(part.size());
  key += ':';
  key += part;
}

}  // namespace

std::string ResultCache::key(const ToolCall& call) {
  std::string key;
  add_part(key, call.principal.tenant);
  add_part(key, call.principal.user_id);
  add_part(key, call.principal.role);
  add_part(key, call.tool);
  key += json::canonical(json::Value(call.arguments));
  return key;
}

bool ResultCache::may_keep(const ToolResult& result) {
  const bool complete = json::get_string(result.extra, "resultType", "complete") == "complete";
  return complete && !result.is_error && !result.extra.contains("task");
}

const ToolResult* ResultCache::find(std::string_view key, SteadyTime now) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    return nullptr;
  }
  const Place place = found->second;
  if (now >= place->until) {
    drop(place);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, place);
  return &place->result;
}

void ResultCache::keep(std::string key, const ToolResult& result, std::uint64_t epoch,
                       SteadyTime now) {
  if (!on() || epoch != epoch_ || !may_keep(result)) {
    return;
  }
  const std::size_t bytes = sizeof(Entry) + key.size() + weight(result);
  if (bytes > max_bytes_) {
    return;
  }
  if (const auto old = by_key_.find(key); old != by_key_.end()) {
    drop(old->second);
  }
  entries_.push_front(Entry{std::move(key), result, bytes, now + ttl_});
  by_key_.emplace(entries_.front().key, entries_.begin());
  bytes_ += bytes;
  while (bytes_ > max_bytes_) {
    drop(std::prev(entries_.end()));
  }
}

void ResultCache::clear() {
  by_key_.clear();
  entries_.clear();
  bytes_ = 0;
  ++epoch_;
}

void ResultCache::drop(Place place) {
  bytes_ -= place->bytes;
  by_key_.erase(place->key);
  entries_.erase(place);
}

}  // namespace oap::gateway
