#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "json/value.hpp"

namespace oap::mcp {

/// A line that was longer than the limit: all that was kept of it.
struct Oversize {
  std::string head;
  std::string tail;
  std::size_t bytes = 0;
};

/// Cuts a byte stream into the lines of MCP's stdio transport (one message a line). Memory stays
/// below the limit plus one chunk. Pure.
class LineSplitter {
 public:
  using Piece = std::variant<std::string, Oversize>;

  explicit LineSplitter(std::size_t max_line) : max_line_(max_line) {}

  void feed(std::string_view chunk);
  /// The next whole line without its line end, or the trace of one that was too long; nothing until
  /// more is fed.
  std::optional<Piece> next();
  /// What the stream ended with, where no line end came after it.
  std::optional<Piece> rest();

 private:
  std::optional<Piece> finish(std::string_view line_end_part);
  void drop(std::string_view part);

  std::size_t max_line_;
  std::string buffer_;
  std::size_t start_ = 0;
  std::size_t scanned_ = 0;
  std::optional<Oversize> oversize_;
};

/// What can be told of a message of which only the two ends are known, or that is no valid JSON.
struct Traits {
  std::optional<json::Value> id;
  bool response = false;  ///< it has a result or an error, or at least no method that can be seen
};

/// Looks for `id` and `method` among the outermost members, from both ends. Pure; any input is
/// safe.
Traits guess_traits(std::string_view head, std::string_view tail);

}  // namespace oap::mcp
