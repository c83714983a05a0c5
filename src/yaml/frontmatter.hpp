#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::yaml {

/// A Markdown file's YAML head and the text after it. `body_line` is the 1-based line of the file
/// at which the body begins.
struct Frontmatter {
  json::Object fields;
  std::string body;
  int body_line = 1;
};

/// Splits off the YAML between two `---` lines at the very beginning of a text. A text without them
/// has no fields and is all body. A byte order mark and CRLF line ends are tolerated. An unclosed
/// fence, or a head that is no YAML map, is a kConfiguration error beginning with "file:line: ".
/// The body is kept byte for byte. Pure.
Result<Frontmatter> split_frontmatter(std::string_view text, std::string file);

}  // namespace oap::yaml
