#include "audit/merkle.hpp"

#include <bit>
#include <string>

namespace oap::audit {
namespace {

Digest node_hash(const Digest& left, const Digest& right) {
  std::string both(1, '\x01');
  both.append(crypto::as_bytes(left)).append(crypto::as_bytes(right));
  return crypto::sha256(both);
}

}  // namespace

Digest leaf_hash(std::string_view data) {
  return crypto::sha256(std::string(1, '\0').append(data));
}

void MerkleTree::add(const Digest& leaf) {
  Digest node = leaf;
  for (std::uint64_t size = size_; size % 2 == 1; size /= 2) {
    node = node_hash(peaks_.back(), node);
    peaks_.pop_back();
  }
  peaks_.push_back(node);
  ++size_;
}

Digest MerkleTree::root() const {
  if (peaks_.empty()) {
    return crypto::sha256("");
  }
  Digest root = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i > 0; --i) {
    root = node_hash(peaks_[i - 1], root);
  }
  return root;
}

Digest AuditPaths::node(std::uint64_t start, std::uint64_t count) {
  if (count <= 1) {
    return count == 0 ? crypto::sha256("") : leaves_[static_cast<std::size_t>(start)];
  }
  const std::uint64_t key = (start << 32U) | count;
  if (const auto found = known_.find(key); found != known_.end()) {
    return found->second;
  }
  const std::uint64_t split = std::bit_floor(count - 1);
  const Digest made = node_hash(node(start, split), node(start + split, count - split));
  known_.emplace(key, made);
  return made;
}

std::vector<Digest> AuditPaths::of(std::uint64_t index) {
  std::uint64_t start = 0;
  std::uint64_t count = size();
  std::vector<Digest> downward;
  while (count > 1) {
    const std::uint64_t split = std::bit_floor(count - 1);
    const bool left = index - start < split;
    downward.push_back(left ? node(start + split, count - split) : node(start, split));
    start += left ? 0 : split;
    count = left ? split : count - split;
  }
  return {downward.rbegin(), downward.rend()};
}

std::optional<Digest> root_from_path(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                                     const std::vector<Digest>& path) {
  if (index >= size) {
    return std::nullopt;
  }
  std::uint64_t last = size - 1;
  Digest root = leaf;
  for (const Digest& other : path) {
    if (last == 0) {
      return std::nullopt;
    }
    if (index % 2 == 1 || index == last) {
      root = node_hash(other, root);
      while (index % 2 == 0 && index != 0) {
        index /= 2;
        last /= 2;
      }
    } else {
      root = node_hash(root, other);
    }
    index /= 2;
    last /= 2;
  }
  return last == 0 ? std::optional(root) : std::nullopt;
}

}  // namespace oap::audit
