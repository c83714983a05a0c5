#include "workflow/engine/blob_cache.hpp"

namespace oap::workflow {

std::shared_ptr<const json::Value> BlobCache::find(const std::string& hash) {
  const auto found = by_hash_.find(hash);
  if (found == by_hash_.end()) {
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->value;
}

void BlobCache::put(const std::string& hash, std::shared_ptr<const json::Value> value,
                    std::size_t bytes) {
  if (by_hash_.contains(hash)) {
    return;
  }
  entries_.push_front({hash, std::move(value), bytes});
  by_hash_[hash] = entries_.begin();
  bytes_ += bytes;
  while (bytes_ > most_ && entries_.size() > 1) {
    bytes_ -= entries_.back().bytes;
    by_hash_.erase(entries_.back().hash);
    entries_.pop_back();
  }
}

}  // namespace oap::workflow
