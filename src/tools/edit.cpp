#include "tools/edit.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "text/nearest.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::tools {
namespace {

std::size_t line_of(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  return 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
}

std::string shown(std::string_view line) { return std::string(text::truncate_utf8(line, 120)); }

/// A word for how alike two lines are: 0 is equal, larger is further.
std::size_t distance(std::string_view a, std::string_view b) {
  const std::size_t longer = std::max(a.size(), b.size());
  const std::size_t shorter = std::min(a.size(), b.size());
  if (longer - shorter > longer / 2) {
    return longer;
  }
  return text::edit_distance(a, b);
}

std::string without_space(std::string_view text) {
  std::string out;
  std::copy_if(text.begin(), text.end(), std::back_inserter(out),
               [](char c) { return !text::is_space(c); });
  return out;
}

std::vector<std::string> without_space(const std::vector<std::string_view>& lines) {
  std::vector<std::string> out;
  for (const std::string_view line : lines) {
    out.push_back(without_space(line));
  }
  return out;
}

/// Where the lines of `wanted` stand when white space is ignored; 0 where they do not.
std::size_t line_ignoring_space(const std::vector<std::string_view>& lines,
                                const std::vector<std::string_view>& wanted) {
  constexpr std::size_t kMostWanted = 500;
  if (wanted.size() > kMostWanted) {
    return 0;
  }
  const std::vector<std::string> squeezed = without_space(lines);
  const std::vector<std::string> part = without_space(wanted);
  const auto at = std::search(squeezed.begin(), squeezed.end(), part.begin(), part.end());
  return at == squeezed.end() ? 0 : 1 + static_cast<std::size_t>(at - squeezed.begin());
}

std::string nearest_lines(std::string_view text, std::string_view old_string) {
  constexpr std::size_t kMostLines = 10'000;
  std::vector<std::string_view> lines = text::split_lines(text);
  lines.resize(std::min(lines.size(), kMostLines));
  std::vector<std::string_view> wanted = text::split_lines(old_string);
  while (!wanted.empty() && text::trim(wanted.front()).empty()) {
    wanted.erase(wanted.begin());
  }
  while (!wanted.empty() && text::trim(wanted.back()).empty()) {
    wanted.pop_back();
  }
  if (wanted.empty() || lines.empty()) {
    return "";
  }
  if (const std::size_t line = line_ignoring_space(lines, wanted); line > 0) {
    return fmt::format(
               "; lines {}-{} are the same but for white space, which must match exactly:\n", line,
               line + wanted.size() - 1) +
           fmt::format("{}: {}", line, shown(lines[line - 1]));
  }
  const std::string_view target = text::trim(wanted.front());
  std::vector<std::pair<std::size_t, std::size_t>> near;  // distance, line
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = text::trim(lines[i]);
    const std::size_t far =
        line.find(target) != std::string_view::npos ? 0 : distance(line, target);
    if (!line.empty() && far * 2 <= std::max(line.size(), target.size())) {
      near.emplace_back(far, i + 1);
    }
  }
  if (near.empty()) {
    return "";
  }
  std::sort(near.begin(), near.end());
  near.resize(std::min<std::size_t>(near.size(), 3));
  std::string out = "; the nearest lines are:";
  for (const auto& [far, line] : near) {
    out += fmt::format("\n{}: {}", line, shown(lines[line - 1]));
  }
  return out;
}

std::vector<std::size_t> find_all(std::string_view text, std::string_view part) {
  std::vector<std::size_t> found;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    found.push_back(at);
  }
  return found;
}

tl::unexpected<Error> occurs_often(std::string_view text, const std::vector<std::size_t>& found) {
  std::string lines;
  for (std::size_t i = 0; i < found.size() && i < 10; ++i) {
    lines += fmt::format("{}{}", i == 0 ? "" : ", ", line_of(text, found[i]));
  }
  return fail(Code::kFailedPrecondition,
              "old_string occurs {} times (lines {}{}); give more of the text around the place you "
              "mean, or set replace_all",
              found.size(), lines, found.size() > 10 ? ", …" : "");
}

}  // namespace

Result<Edit> edit(std::string_view text, std::string_view old_string, std::string_view new_string,
                  bool replace_all) {
  if (old_string.empty()) {
    return fail(Code::kInvalidArgument,
                "old_string is empty; use write_file to write a whole file");
  }
  if (old_string == new_string) {
    return fail(Code::kInvalidArgument,
                "old_string and new_string are the same; nothing to change");
  }
  std::string from(old_string);
  std::string to(new_string);
  std::vector<std::size_t> found = find_all(text, from);
  if (found.empty() && text.find("\r\n") != std::string_view::npos &&
      old_string.find('\r') == std::string_view::npos) {
    from = text::replace_all(from, "\n", "\r\n");
    to = text::replace_all(text::replace_all(to, "\r\n", "\n"), "\n", "\r\n");
    found = find_all(text, from);
  }
  if (found.empty()) {
    return fail(Code::kNotFound, "old_string does not occur in the file{}",
                nearest_lines(text, old_string));
  }
  if (found.size() > 1 && !replace_all) {
    return occurs_often(text, found);
  }
  Edit done;
  done.replacements = found.size();
  done.first_line = line_of(text, found.front());
  std::size_t copied = 0;
  for (const std::size_t at : found) {
    done.text += text.substr(copied, at - copied);
    done.text += to;
    copied = at + from.size();
  }
  done.text += text.substr(copied);
  return done;
}

}  // namespace oap::tools
