#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace oap::workflow::testing {

/// Why a text is not a well-formed XML element, or "". Knows elements, attributes, texts, the five
/// entities and numeric references; no comments, no CDATA, no DTD. For tests only.
inline std::string xml_problem(std::string_view text) {
  std::vector<std::string> open;
  bool any = false;
  const auto entity = [&](std::size_t at) {
    const std::size_t end = text.find(';', at);
    if (end == std::string_view::npos || end - at > 10) {
      return false;
    }
    const std::string_view name = text.substr(at + 1, end - at - 1);
    return name == "amp" || name == "lt" || name == "gt" || name == "quot" || name == "apos" ||
           (name.size() > 1 && name[0] == '#' &&
            name.find_first_not_of("0123456789", 1) == std::string_view::npos);
  };
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r') {
      return "a control character";
    }
    if (c == '&' && !entity(at)) {
      return "a bare & at " + std::to_string(at);
    }
    if (c != '<') {
      if (open.empty() && c != '\n') {
        return "text outside of the root";
      }
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    for (char quote = 0; end < text.size() && (quote != 0 || text[end] != '>'); ++end) {
      if (quote != 0 && (text[end] == '<' || (text[end] == '&' && !entity(end)))) {
        return "markup in an attribute at " + std::to_string(end);
      }
      quote = text[end] == '"' ? (quote == 0 ? '"' : 0) : quote;
    }
    if (end >= text.size()) {
      return "an unclosed tag";
    }
    const std::string_view tag = text.substr(at + 1, end - at - 1);
    const std::string name(tag.substr(tag.starts_with('/') ? 1 : 0,
                                      tag.find_first_of(" /", 1) - (tag.starts_with('/') ? 1 : 0)));
    if (tag.starts_with('/')) {
      if (open.empty() || open.back() != tag.substr(1)) {
        return "</" + std::string(tag.substr(1)) + "> closes nothing";
      }
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      if (open.empty() && any) {
        return "two roots";
      }
      open.push_back(name);
      any = true;
    }
    at = end + 1;
  }
  return !open.empty() ? "<" + open.back() + "> is not closed" : any ? "" : "no element";
}

}  // namespace oap::workflow::testing
