#include "expr/source.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "text/utf8.hpp"

namespace oap::expr {

namespace {

constexpr std::size_t kWindow = 60;

std::size_t back_to_start(std::string_view text, std::size_t at) {
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) {
    --at;
  }
  return at;
}

}  // namespace

Position position_at(std::string_view source, std::size_t offset) {
  const std::string_view before = source.substr(0, std::min(offset, source.size()));
  const std::size_t last = before.rfind('\n');
  const std::string_view line = last == std::string_view::npos ? before : before.substr(last + 1);
  return {1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')),
          1 + text::code_point_count(line)};
}

Error error_at(std::string_view source, std::size_t offset, std::string_view message, Code code) {
  offset = std::min(offset, source.size());
  const Position position = position_at(source, offset);
  const std::size_t newline = source.substr(0, offset).rfind('\n');
  const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
  const std::size_t end = std::min(source.find('\n', offset), source.size());
  const std::size_t from = back_to_start(source, offset - std::min(offset - begin, kWindow));
  const std::size_t to = back_to_start(source, std::min(end, offset + kWindow));

  const std::string before = text::escape_visible(source.substr(from, offset - from));
  const std::string after = text::escape_visible(source.substr(offset, to - offset));
  const std::string_view cut_left = from > begin ? "…" : "";
  const std::string_view cut_right = to < end ? "…" : "";
  const std::size_t indent = text::code_point_count(before) + text::code_point_count(cut_left);
  return Error(code,
               fmt::format("{}:{}: {}\n  {}{}{}{}\n  {}^", position.line, position.column, message,
                           cut_left, before, after, cut_right, std::string(indent, ' ')));
}

}  // namespace oap::expr
