#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace oap::tools {

struct Edit {
  std::string text;  ///< the file's new text
  std::size_t replacements = 0;
  std::size_t first_line = 0;  ///< 1-based line of the first replacement
};

/// Replaces `old_string` in `text`. It must occur exactly once unless `replace_all`. Where the text
/// has CRLF line breaks and `old_string` only LF, it is looked for (and the new text written) with
/// CRLF. Errors say where the text occurs, or which lines come nearest. Pure.
Result<Edit> edit(std::string_view text, std::string_view old_string, std::string_view new_string,
                  bool replace_all);

}  // namespace oap::tools
