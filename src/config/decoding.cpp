#include "config/decoding.hpp"

#include <fmt/format.h>

#include "text/strings.hpp"

namespace oap::config {
namespace {

std::string dotted(const std::string& pointer) {
  return text::replace_all(pointer.substr(1), "/", ".");
}

}  // namespace

void Decoding::problem(const std::string& pointer, std::string message) {
  const Origin where = origin(pointer);
  problems_.push_back({where.file, where.line, dotted(pointer), std::move(message)});
}

void Decoding::warn(const std::string& pointer, std::string_view message) {
  config.warnings.push_back(
      fmt::format("{}: {}: {}", origin(pointer).to_string(), dotted(pointer), message));
}

std::string Decoding::absolute(const std::string& path) const {
  if (path.substr(0, 2) == "~/" && !paths_.home.empty()) {
    return paths_.home + path.substr(1);
  }
  return path.empty() || path[0] == '/' ? path : paths_.workspace + "/" + path;
}

}  // namespace oap::config
