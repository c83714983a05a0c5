#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "json/value.hpp"
#include "model/tool.hpp"

namespace oap::gateway {

enum class CleanMode : std::uint8_t {
  kRemove,  ///< hidden characters go
  kMark,    ///< each becomes visible: `\u{e0041}`
};

/// Takes hidden characters (trust/hidden.hpp) out of what a model is to read, in place. Controls
/// and private use below U+10000 (icons of terminals) stay. All functions give the number of
/// characters that went or were marked; 0 means that nothing was touched or copied, which for ASCII
/// is found out at more than 500 MB a second. Never fails, whatever the depth.
std::size_t clean(std::string& text, CleanMode mode = CleanMode::kRemove);
/// Every string at any depth, and the keys of objects; two keys that would become one are marked.
std::size_t clean(json::Value& value, CleanMode mode = CleanMode::kRemove);
/// Content, structured content, `_meta` and all else of a result, errors included.
std::size_t clean(ToolResult& result, CleanMode mode = CleanMode::kRemove);

}  // namespace oap::gateway
