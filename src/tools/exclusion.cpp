#include "tools/exclusion.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace oap::tools {
namespace {

std::string joined(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && !path.ends_with('/')) {
    path += '/';
  }
  return path.append(name);
}

}  // namespace

void Exclusion::Patterns::add(text::Glob glob) {
  if (glob.has_wildcards()) {
    globs.push_back(std::move(glob));
  } else {
    literal.insert(glob.literal_prefix());
  }
}

bool Exclusion::Patterns::match(std::string_view text) const {
  return literal.contains(text) ||
         std::any_of(globs.begin(), globs.end(),
                     [text](const text::Glob& glob) { return glob.matches(text); });
}

Result<Exclusion> Exclusion::open(const Workspace& workspace, const json::Value& arguments,
                                  std::string_view path) {
  Exclusion exclusion;
  exclusion.path_ = path;
  if (const json::Array* given = json::find_array(arguments, "exclude")) {
    for (const json::Value& pattern : *given) {
      if (!pattern.is_string()) {
        return fail(Code::kInvalidArgument, "exclude holds something that is not a string");
      }
      OAP_CHECK_OK(exclusion.add(std::string_view(pattern.get_string())));
    }
  }
  if (exclusion.empty()) {
    return exclusion;
  }
  OAP_TRY(exclusion.places_, workspace.names_of(path));
  for (const PathNames& names : exclusion.places_) {
    if (exclusion.matches_upwards(names)) {
      return fail(Code::kPermissionDenied, "{} is left out by policy", printable(path));
    }
  }
  return exclusion;
}

Result<void> Exclusion::add(std::string_view given) {
  std::string_view pattern = given;
  while (pattern.starts_with("./")) {
    pattern.remove_prefix(2);
  }
  while (pattern.size() > 1 && pattern.ends_with('/')) {
    pattern.remove_suffix(1);
  }
  std::string_view name = pattern;
  while (name.starts_with("**/")) {
    name.remove_prefix(3);
  }
  const bool has_slash = name.find('/') != std::string_view::npos;
  const bool crosses = name.find("**") != std::string_view::npos;
  std::string text(pattern);
  Patterns* patterns = &relative_;
  if (pattern.starts_with('/')) {
    patterns = &absolute_;
  } else if (!has_slash && !crosses) {
    text = name;
    patterns = &names_;
  } else if (!has_slash) {
    text = "**/" + std::string(name);
  }
  auto glob = text::Glob::compile(text);
  if (!glob) {
    return fail(Code::kInvalidArgument, "the pattern '{}' in exclude is not valid: {}",
                printable(given), glob.error().message());
  }
  patterns->add(*std::move(glob));
  return {};
}

bool Exclusion::empty() const {
  const auto none = [](const Patterns& patterns) {
    return patterns.literal.empty() && patterns.globs.empty();
  };
  return none(names_) && none(relative_) && none(absolute_);
}

bool Exclusion::matches(const PathNames& names) const {
  const std::string_view path = names.relative;
  if (names_.match(path.substr(path.rfind('/') + 1)) || relative_.match(path)) {
    return true;
  }
  if (absolute_.literal.empty() && absolute_.globs.empty()) {
    return false;
  }
  return std::any_of(names.roots.begin(), names.roots.end(),
                     [&](const std::string& root) { return absolute_.match(joined(root, path)); });
}

/// The path or a directory above it, up to the root, which itself is never left out.
bool Exclusion::matches_upwards(const PathNames& names) const {
  for (std::size_t end = 0; !names.relative.empty() && end != std::string::npos;) {
    end = names.relative.find('/', end + 1);
    if (matches({names.relative.substr(0, end), names.roots})) {
      return true;
    }
  }
  return false;
}

bool Exclusion::leaves_out(std::string_view entry) {
  const bool out = std::any_of(places_.begin(), places_.end(), [&](const PathNames& place) {
    return matches({joined(place.relative, entry), place.roots});
  });
  count_ += out ? 1 : 0;
  return out;
}

bool Exclusion::leaves_out_target(const Workspace& workspace, std::string_view target) {
  if (empty()) {
    return false;
  }
  const auto spellings =
      workspace.names_of(target.starts_with('/') ? std::string(target) : joined(path_, target));
  if (!spellings) {
    return false;
  }
  const bool out = std::any_of(spellings->begin(), spellings->end(),
                               [this](const PathNames& names) { return matches_upwards(names); });
  count_ += out ? 1 : 0;
  return out;
}

Error Exclusion::without_hints(const Error& error) const {
  if (empty() || error.code() != Code::kNotFound) {
    return error;
  }
  return Error(Code::kNotFound, fmt::format("there is no file or directory {}", printable(path_)));
}

std::string Exclusion::remark() const {
  return count_ == 0 ? "" : fmt::format("[{} entries left out by policy]", count_);
}

}  // namespace oap::tools
