#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace oap::permission {

/// Lets a map of strings be asked with views.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
template <class T>
using StringMap = std::unordered_map<std::string, T, StringHash, std::equal_to<>>;

/// Patterns by the literal path components they begin with, so that a path meets only those that it
/// could match. Paths and patterns of one index are all absolute or all relative.
class PathIndex {
 public:
  void add(std::string_view pattern, std::uint32_t id);

  /// Calls `visit(id)` for every pattern whose literal components `path` begins with.
  template <class Visit>
  void candidates(std::string_view path, Visit&& visit) const {
    const Node* node = &root_;
    std::size_t at = path.starts_with('/') ? 1 : 0;
    while (true) {
      for (const std::uint32_t id : node->ids) {
        visit(id);
      }
      if (at >= path.size() || node->children.empty()) {
        return;
      }
      const std::size_t slash = path.find('/', at);
      const std::string_view part =
          path.substr(at, slash == std::string_view::npos ? slash : slash - at);
      const auto child = node->children.find(part);
      if (child == node->children.end()) {
        return;
      }
      node = &child->second;
      at = slash == std::string_view::npos ? path.size() : slash + 1;
    }
  }

 private:
  struct Node {
    std::vector<std::uint32_t> ids;
    StringMap<Node> children;
  };
  Node root_;
};

}  // namespace oap::permission
