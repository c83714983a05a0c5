#include "skills/tool_list.hpp"

#include "text/strings.hpp"

namespace oap::skills {
namespace {

std::vector<std::string> split_tools(std::string_view given) {
  std::vector<std::string> tools;
  std::string word;
  int depth = 0;
  const auto end = [&] {
    const std::string_view trimmed = text::trim(word);
    if (!trimmed.empty()) {
      tools.emplace_back(trimmed);
    }
    word.clear();
  };
  for (const char c : given) {
    if (depth == 0 && (c == ',' || text::is_space(c))) {
      end();
      continue;
    }
    depth += c == '(' ? 1 : c == ')' && depth > 0 ? -1 : 0;
    word += c;
  }
  end();
  return tools;
}

}  // namespace

Result<std::vector<std::string>> tool_list(const json::Object& fields, std::string_view key,
                                           std::string_view file) {
  const json::Value* const value = json::find(fields, key);
  if (value == nullptr || value->is_null()) {
    return std::vector<std::string>();
  }
  if (value->is_string()) {
    return split_tools(json::view(value->get_string()));
  }
  std::vector<std::string> tools;
  if (const json::Array* const items = value->if_array()) {
    for (const json::Value& item : *items) {
      if (!item.is_string()) {
        return fail(Code::kConfiguration, "{}:1: {}: expected names of tools", file, key);
      }
      tools.emplace_back(text::trim(json::view(item.get_string())));
    }
    return tools;
  }
  return fail(Code::kConfiguration, "{}:1: {}: expected a list of tools, or one text", file, key);
}

}  // namespace oap::skills
