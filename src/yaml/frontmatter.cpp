#include "yaml/frontmatter.hpp"

#include <algorithm>
#include <utility>

#include "text/strings.hpp"
#include "yaml/yaml.hpp"

namespace oap::yaml {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";

bool is_fence(std::string_view line) {
  return line.substr(0, 3) == "---" && text::trim(line.substr(3)).empty();
}

/// The line at `at` without its line end; moves `at` behind it.
std::string_view take_line(std::string_view text, std::size_t& at) {
  const std::size_t end = std::min(text.find('\n', at), text.size());
  std::string_view line = text.substr(at, end - at);
  at = std::min(end + 1, text.size());
  if (!line.empty() && line.back() == '\r') {
    line.remove_suffix(1);
  }
  return line;
}

}  // namespace

Result<Frontmatter> split_frontmatter(std::string_view text, std::string file) {
  if (text.substr(0, kBom.size()) == kBom) {
    text.remove_prefix(kBom.size());
  }
  Frontmatter result;
  std::size_t at = 0;
  if (!is_fence(take_line(text, at))) {
    result.body = std::string(text);
    return result;
  }
  const std::size_t head = at;
  for (int line = 2; at < text.size(); ++line) {
    const std::size_t line_start = at;
    if (!is_fence(take_line(text, at))) {
      continue;
    }
    // The leading line break stands for the opening fence, so that lines count as in the file.
    const std::string yaml = "\n" + std::string(text.substr(head, line_start - head));
    OAP_TRY(Document document, parse(yaml, file));
    if (!document.value.is_object()) {
      return fail(Code::kConfiguration,
                  "{}:2: the text between the --- lines must be 'key: value' "
                  "lines, but it is of type {}",
                  file, json::type_name(document.value));
    }
    result.fields = std::move(document.value.get_object());
    result.body = std::string(text.substr(at));
    result.body_line = line + 1;
    return result;
  }
  return fail(Code::kConfiguration,
              "{}:1: the --- on the first line is never closed; end the head with a line ---",
              file);
}

}  // namespace oap::yaml
