#include "permission/path_index.hpp"

namespace oap::permission {

void PathIndex::add(std::string_view pattern, std::uint32_t id) {
  Node* node = &root_;
  std::string_view rest = pattern.substr(pattern.starts_with('/') ? 1 : 0);
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part.find_first_of("*?[]{}\\,") != std::string_view::npos) {
      break;
    }
    node = &node->children[std::string(part)];
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  }
  node->ids.push_back(id);
}

}  // namespace oap::permission
