#include "permission/tree_look.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "permission/policy.hpp"

namespace oap::permission {
namespace {

namespace fs = std::filesystem;

class Tree {
 public:
  explicit Tree(int files) {
    std::string pattern = (fs::temp_directory_path() / "oap-tree-XXXXXX").string();
    root_ = fs::canonical(mkdtemp(pattern.data()));
    for (int i = 0; i < files; ++i) {
      std::ofstream(root_ / ("f" + std::to_string(i))) << "x";
    }
  }
  ~Tree() { fs::remove_all(root_); }
  std::string path() const { return root_.string(); }

 private:
  fs::path root_;
};

PathFacet whole(const std::string& path) {
  PathFacet facet;
  facet.canonical = facet.lexical = path;
  facet.relative = facet.lexical_relative = ".";
  facet.inside = true;
  return facet;
}

TEST(TreeLook, ListsATreeOnce) {
  const Tree tree(50);
  TreeLook look;
  const TreeLook::Tree& first = look.of(whole(tree.path()));
  EXPECT_EQ(first.files.size(), 50U);
  EXPECT_EQ(&look.of(whole(tree.path())), &first);
  EXPECT_EQ(look.listed(), 50U);
  EXPECT_TRUE(first.listing.complete);
}

/// However many trees there are, one decision looks at so many entries and no more.
TEST(TreeLook, AllTreesTogetherAreBounded) {
  const Tree tree(50);
  TreeLook look;
  for (int i = 0; i < 500; ++i) {
    PathFacet facet = whole(tree.path());
    facet.canonical += std::string(static_cast<std::size_t>(i + 1), '/');
    look.of(facet);
  }
  EXPECT_LE(look.listed(), 20'100U);
  PathFacet last = whole(tree.path());
  last.canonical += std::string(600, '/');
  EXPECT_FALSE(look.of(last).listing.complete);
}

TEST(TreeLook, ComparisonsAreBounded) {
  TreeLook look;
  EXPECT_TRUE(look.spend(200'000));
  EXPECT_FALSE(look.spend(1));
}

/// Beyond the bounds it asks: many rules over many files.
TEST(TreeLook, WhatIsNotLookedAtAsks) {
  const Tree tree(400);
  const auto decide = [&](int rules) {
    std::string yaml =
        "permissions:\n  - {tool: bash, level: allow}\n"
        "  - {tool: bash, action: execute, pattern: '*', level: allow}\n";
    for (int i = 0; i < rules; ++i) {
      yaml += "  - {pattern: '**/secret" + std::to_string(i) + "', level: deny}\n";
    }
    const auto policy =
        Policy::compile({{Tier::kUser, "p.yaml", yaml}}, {.workspace = tree.path()});
    Request request;
    request.tool = "bash";
    request.action = "execute";
    request.arguments["command"] = "grep -r x .";
    request.workspace = tree.path();
    return (*policy)->decide(request).level;
  };
  EXPECT_EQ(decide(10), Level::kAllow);
  EXPECT_EQ(decide(2000), Level::kAsk);
}

}  // namespace
}  // namespace oap::permission
