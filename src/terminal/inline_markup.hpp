#pragma once

#include <string_view>

#include "terminal/style.hpp"

namespace oap::terminal {

struct MarkupOptions {
  Style base = {};     ///< the look of plain text
  bool marks = false;  ///< looks cannot be seen: code keeps its backticks
};

/// One line of Markdown's inline forms (CommonMark 0.31 §6, GFM strikethrough): code, emphasis,
/// links, images, autolinks, escapes, entities. The text is already fit to be shown. What is not
/// closed is text. Linear time in the length; lines beyond 16 KiB are text. Pure.
Line inline_markup(std::string_view text, const MarkupOptions& options);

}  // namespace oap::terminal
