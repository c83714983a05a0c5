#include "platform/rule_file.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "os/file.hpp"
#include "text/strings.hpp"
#include "yaml/yaml.hpp"

namespace oap::platform {
namespace {

constexpr std::string_view kKey = "permissions:";
constexpr Millis kPatience{5'000};

/// The place behind which items go, and how far they are indented.
struct Spot {
  std::size_t line = 0;
  std::string indent = "  ";
  bool rewrite = false;  ///< the line holds an empty list in flow form
};

Result<Spot> find_spot(const std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].starts_with(kKey)) {
      continue;
    }
    std::string_view rest = std::string_view(lines[i]).substr(kKey.size());
    rest = text::trim(rest.substr(0, rest.find(" #")));
    Spot spot{i, "  ", rest == "[]" || rest == "null" || rest == "~"};
    if (!rest.empty() && !spot.rewrite) {
      return fail(Code::kFailedPrecondition, "its rules are in flow form");
    }
    for (std::size_t k = i + 1; k < lines.size() && !spot.rewrite; ++k) {
      const std::string_view item = text::trim(lines[k]);
      if (!item.empty() && !item.starts_with('#')) {
        if (item.starts_with("- ") || item == "-") {
          spot.indent = lines[k].substr(0, lines[k].find('-'));
        }
        break;
      }
    }
    return spot;
  }
  return Spot{lines.size(), "  ", true};
}

Result<std::string> with_rules(const std::string& text, const std::vector<std::string>& rules) {
  std::vector<std::string> lines;
  for (const std::string_view line : text::split_lines(text)) {
    lines.emplace_back(line);
  }
  OAP_TRY(const Spot spot, find_spot(lines));
  if (spot.rewrite && spot.line < lines.size()) {
    lines[spot.line] = kKey;
  } else if (spot.line == lines.size()) {
    lines.emplace_back(kKey);
  }
  auto at = lines.begin() + static_cast<std::ptrdiff_t>(spot.line) + 1;
  for (const std::string& rule : rules) {
    const std::string line = spot.indent + "- " + rule;
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) {
      at = lines.insert(at, line) + 1;
    }
  }
  return text::join(lines, "\n") + "\n";
}

}  // namespace

Result<void> add_rules(const std::string& file, const std::vector<std::string>& rules) {
  OAP_CHECK_OK(os::make_dirs(file.substr(0, file.rfind('/')), 0700));
  OAP_TRY(const os::FileLock lock,
          os::FileLock::acquire(file + ".lock", Deadline::after(kPatience)));
  std::string text;
  if (os::exists(file)) {
    OAP_TRY(text, os::read_file(file));
  }
  auto changed = with_rules(text, rules);
  if (changed && !yaml::parse(*changed, file)) {
    changed = fail(Code::kFailedPrecondition, "it would not be readable any more");
  }
  if (!changed) {
    return fail(Code::kFailedPrecondition,
                "{} cannot be changed here ({}); add to its permissions:\n  - {}", file,
                changed.error().message(), fmt::join(rules, "\n  - "));
  }
  return *changed == text ? Result<void>{} : os::write_file_atomic(file, *changed, 0600);
}

}  // namespace oap::platform
