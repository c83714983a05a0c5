#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "crypto/hash.hpp"

namespace oap::audit {

// The Merkle tree of RFC 6962 §2.1 (SHA-256). All pure.

using crypto::Digest;

Digest leaf_hash(std::string_view data);

/// A tree that only grows; keeps no more than one hash a level. A value.
class MerkleTree {
 public:
  void add(const Digest& leaf);
  std::uint64_t size() const { return size_; }
  /// Of an empty tree: the hash of nothing.
  Digest root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> peaks_;  ///< of the full subtrees, the largest first
};

/// The audit paths (§2.1.1) of a tree's leaves, from the leaf upward. Each subtree is hashed once.
/// Not thread-safe.
class AuditPaths {
 public:
  explicit AuditPaths(std::vector<Digest> leaves) : leaves_(std::move(leaves)) {}
  std::uint64_t size() const { return leaves_.size(); }
  /// `index` is below `size()`.
  std::vector<Digest> of(std::uint64_t index);
  Digest root() { return node(0, leaves_.size()); }

 private:
  Digest node(std::uint64_t start, std::uint64_t count);

  std::vector<Digest> leaves_;
  std::unordered_map<std::uint64_t, Digest> known_;  ///< by start << 32 | count
};

/// The root that a leaf and its path lead to (RFC 9162 §2.1.3.2); nothing where the path cannot be
/// one of such a tree.
std::optional<Digest> root_from_path(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                                     const std::vector<Digest>& path);

}  // namespace oap::audit
