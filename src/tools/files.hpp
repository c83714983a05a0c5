#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "tools/workspace.hpp"

namespace oap::tools {

/// True where the first bytes of a file hold a NUL, as no text does. Pure.
bool is_binary(std::string_view start);

std::int64_t size_of(const OpenFile& file);

/// The largest file that is read as a whole (edit, grep).
inline constexpr std::size_t kMaxWholeFile = 32U << 20U;

/// Keeps other calls of these tools out of the place's directory until the place is destroyed, so
/// that of two edits of one file neither is lost. kUnavailable where it stays taken for 10 s.
Result<void> lock(const Place& place);

/// All bytes of an open file, at most `limit`; kResourceExhausted beyond it.
Result<std::string> read_all(const OpenFile& file, std::size_t limit, std::string_view shown);

/// Writes `text` beside the place and renames it over the name, so that a reader sees the old file
/// or the new one and a crash leaves no half of it. Keeps the mode of a file that was there.
Result<void> replace_file(const Place& place, std::string_view text);

}  // namespace oap::tools
