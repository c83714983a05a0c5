#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "json/value.hpp"

namespace oap::workflow {

/// The values behind references that were used last, up to a number of bytes of their JSON text.
class BlobCache {
 public:
  explicit BlobCache(std::size_t most_bytes = 64U << 20U) : most_(most_bytes) {}
  std::shared_ptr<const json::Value> find(const std::string& hash);
  void put(const std::string& hash, std::shared_ptr<const json::Value> value, std::size_t bytes);

 private:
  struct Entry {
    std::string hash;
    std::shared_ptr<const json::Value> value;
    std::size_t bytes = 0;
  };
  std::size_t most_;
  std::size_t bytes_ = 0;
  std::list<Entry> entries_;  ///< newest first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_hash_;
};

}  // namespace oap::workflow
