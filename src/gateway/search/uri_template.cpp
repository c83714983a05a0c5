#include "gateway/search/uri_template.hpp"

namespace oap::gateway {

bool matches_template(std::string_view uri_template, std::string_view uri) {
  bool first = true;
  while (true) {
    const std::size_t open = uri_template.find('{');
    const std::string_view literal = uri_template.substr(0, open);
    if (open == std::string_view::npos) {
      return first ? uri == literal : uri.size() >= literal.size() && uri.ends_with(literal);
    }
    const std::size_t at =
        first ? (uri.starts_with(literal) ? 0 : std::string_view::npos) : uri.find(literal);
    if (at == std::string_view::npos) {
      return false;
    }
    uri.remove_prefix(at + literal.size());
    const std::size_t close = uri_template.find('}', open);
    if (close == std::string_view::npos) {
      return false;
    }
    uri_template.remove_prefix(close + 1);
    first = false;
  }
}

}  // namespace oap::gateway
