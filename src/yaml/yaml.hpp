#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::yaml {

struct Limits {
  std::size_t max_bytes = 4U << 20U;
  std::size_t max_nodes = 100'000;  ///< after alias expansion
  std::size_t max_depth = 64;
};

/// A YAML document as JSON, and where each part of it stood.
struct Document {
  std::string file;
  json::Value value;
  std::map<std::string, int, std::less<>> lines;  ///< JSON Pointer → 1-based line

  /// The line of the pointer, or of its nearest known parent; 1 where nothing is known.
  int line(std::string_view pointer) const;
  /// "file:line" of the pointer, for messages.
  std::string where(std::string_view pointer) const;
};

/// Parses one YAML document by the YAML 1.2 core schema (`no`, `on` are strings; 1.10 is the number
/// 1.1). Duplicate keys, several documents, unknown tags, non-string keys, alias bombs, and
/// anything beyond the limits are kConfiguration errors that begin with "file:line: ". An empty
/// text is an empty object.
Result<Document> parse(std::string_view text, std::string file, const Limits& limits = {});

}  // namespace oap::yaml
