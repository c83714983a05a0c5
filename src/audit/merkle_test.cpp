#include "audit/merkle.hpp"

#include <bit>

#include <gtest/gtest.h>

namespace oap::audit {
namespace {

std::string hex(const Digest& digest) { return crypto::to_hex(crypto::as_bytes(digest)); }

std::string bytes_of(std::string_view text) { return crypto::from_hex(text).value(); }

/// The leaves of certificate-transparency's reference tests.
std::vector<Digest> known_leaves() {
  std::vector<Digest> leaves;
  for (const char* data : {"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                           "606162636465666768696a6b6c6d6e6f"}) {
    leaves.push_back(leaf_hash(bytes_of(data)));
  }
  return leaves;
}

/// §2.1 of RFC 6962, word for word.
Digest naive_root(const std::vector<Digest>& leaves) {
  if (leaves.size() <= 1) {
    return leaves.empty() ? crypto::sha256("") : leaves[0];
  }
  const auto split = static_cast<std::ptrdiff_t>(std::bit_floor(leaves.size() - 1));
  const Digest left = naive_root({leaves.begin(), leaves.begin() + split});
  const Digest right = naive_root({leaves.begin() + split, leaves.end()});
  std::string both(1, '\1');
  both.append(crypto::as_bytes(left)).append(crypto::as_bytes(right));
  return crypto::sha256(both);
}

TEST(MerkleTest, TheReferenceTreesRootsAreMade) {
  constexpr std::array<std::string_view, 8> kRoots{
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  MerkleTree tree;
  EXPECT_EQ(hex(tree.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (std::size_t i = 0; i < kRoots.size(); ++i) {
    tree.add(known_leaves()[i]);
    EXPECT_EQ(hex(tree.root()), kRoots[i]);
  }
}

TEST(MerkleTest, EveryLeafOfEveryTreeHasAPathToItsRootAndNoOther) {
  std::vector<Digest> leaves;
  for (std::size_t size = 1; size <= 40; ++size) {
    leaves.push_back(leaf_hash(std::string(size, 'x')));
    const Digest root = naive_root(leaves);
    MerkleTree tree;
    for (const Digest& leaf : leaves) {
      tree.add(leaf);
    }
    AuditPaths paths(leaves);
    ASSERT_EQ(tree.root(), root);
    ASSERT_EQ(paths.root(), root);
    for (std::size_t index = 0; index < size; ++index) {
      auto path = paths.of(index);
      ASSERT_EQ(root_from_path(leaves[index], index, size, path), root);
      for (std::size_t other = 0; other < size; ++other) {
        ASSERT_TRUE(other == index || root_from_path(leaves[index], other, size, path) != root);
      }
      ASSERT_NE(root_from_path(leaf_hash("other"), index, size, path), root);
      path.push_back(root);
      ASSERT_FALSE(root_from_path(leaves[index], index, size, path));
      path.resize(path.size() - std::min<std::size_t>(path.size(), 2));
      ASSERT_TRUE(size == 1 || root_from_path(leaves[index], index, size, path) != root);
    }
    ASSERT_FALSE(root_from_path(leaves[0], size, size, {}));
  }
}

}  // namespace
}  // namespace oap::audit
