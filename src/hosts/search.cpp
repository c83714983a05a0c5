#include "hosts/search.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "text/glob.hpp"
#include "text/strings.hpp"

namespace oap::hosts {
namespace {

using std::string_view;

constexpr std::size_t kMostGlob = 8'000;

std::vector<string_view> parts_of(string_view path) {
  std::vector<string_view> out;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0 && path.substr(0, end) != ".") {
      out.push_back(path.substr(0, end));
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return out;
}

std::string joined(const std::vector<string_view>& parts, std::size_t from) {
  std::string out;
  for (std::size_t i = from; i < parts.size(); ++i) {
    out += (out.empty() ? "" : "/") + std::string(parts[i]);
  }
  return out;
}

bool fits(string_view pattern, string_view name) {
  const auto glob = text::Glob::compile(pattern);
  return glob && glob->matches(name);
}

/// What is left of an absolute pattern for one who stands in `folder`: "" where it says nothing of
/// what is there; nothing where all that is there is meant.
std::optional<std::string> from_folder(const std::vector<string_view>& pattern,
                                       const std::vector<string_view>& folder) {
  std::size_t at = 0;
  for (const string_view name : folder) {
    if (at >= pattern.size()) {
      return std::nullopt;
    }
    if (pattern[at] == "**") {
      break;
    }
    if (!fits(pattern[at], name)) {
      return "";
    }
    ++at;
  }
  while (at < pattern.size() && pattern[at] == "**") {
    ++at;
  }
  return at < pattern.size() ? std::optional(joined(pattern, at)) : std::nullopt;
}

bool can_be_put(string_view pattern) {
  return pattern.find_first_of("{},\n") == string_view::npos &&
         pattern.find("[:") == string_view::npos;
}

class Hidden {
 public:
  static Result<Hidden> compile(string_view workspace, const std::vector<std::string>& patterns) {
    Hidden out(workspace);
    for (const std::string& pattern : patterns) {
      string_view text = pattern;
      while (text.starts_with("./")) {
        text.remove_prefix(2);
      }
      const bool anywhere = text.find('/') == string_view::npos;
      OAP_TRY(text::Glob glob,
              text::Glob::compile(anywhere ? "**/" + std::string(text) : std::string(text)));
      (text.starts_with('/') ? out.absolute_ : out.relative_).push_back(std::move(glob));
    }
    return out;
  }

  /// The path or a folder above it.
  bool has(string_view path) const {
    for (std::size_t end = 0; end != string_view::npos;) {
      end = path.find('/', end + 1);
      if (has_one(path.substr(0, end))) {
        return true;
      }
    }
    return false;
  }

 private:
  explicit Hidden(string_view workspace) : workspace_(workspace) {}

  bool has_one(string_view path) const {
    const auto matches = [&](string_view text) {
      return [text](const text::Glob& glob) { return glob.matches(text); };
    };
    if (std::any_of(absolute_.begin(), absolute_.end(), matches(path))) {
      return true;
    }
    string_view below = path;
    if (below.starts_with(workspace_)) {
      below.remove_prefix(workspace_.size());
    }
    while (below.starts_with('/')) {
      below.remove_prefix(1);
    }
    return !below.empty() && std::any_of(relative_.begin(), relative_.end(), matches(below));
  }

  std::string workspace_;
  std::vector<text::Glob> relative_;
  std::vector<text::Glob> absolute_;
};

/// Which path each line of a list is about.
class Places {
 public:
  explicit Places(string_view folder) : folder_(folder) {}

  /// "" where it is about none.
  std::string next(string_view line) {
    const std::size_t blanks = std::min(line.find_first_not_of(' '), line.size());
    string_view name = line.substr(blanks);
    while (name.size() > 1 && name.ends_with('/')) {
      name.remove_suffix(1);
    }
    const std::size_t depth = blanks / 2;
    if (name.empty()) {
      return "";
    }
    if (depth == 0) {
      const std::filesystem::path whole = std::filesystem::path(folder_) / std::string(name);
      folders_ = {whole.lexically_normal().string()};
      return folders_.front();
    }
    if (depth > folders_.size()) {
      return "";
    }
    folders_.resize(depth);
    folders_.push_back(folders_.back() + "/" + std::string(name));
    return folders_.back();
  }

 private:
  std::string folder_;
  std::vector<std::string> folders_;
};

}  // namespace

std::optional<std::string> negated_glob(const std::vector<std::string>& hidden,
                                        const std::string& workspace,
                                        const std::vector<std::string>& folders) {
  std::set<std::string> globs;
  for (const std::string& pattern : hidden) {
    std::vector<string_view> own = parts_of(pattern);
    if (own.empty() || !can_be_put(pattern)) {
      return std::nullopt;
    }
    const std::size_t first = own.front() == "**" && own.size() > 1 ? 1 : 0;
    globs.insert(joined(own, first));
    if (own.size() == 1 || first == 1) {
      continue;
    }
    std::vector<string_view> whole = pattern.starts_with('/') ? own : parts_of(workspace);
    if (!pattern.starts_with('/')) {
      whole.insert(whole.end(), own.begin(), own.end());
    }
    for (const std::string& folder : folders) {
      const auto rest = from_folder(whole, parts_of(folder));
      if (!rest) {
        return std::nullopt;
      }
      if (!rest->empty()) {
        globs.insert(*rest);
      }
    }
  }
  std::string out;
  for (const std::string& glob : globs) {
    out += (out.empty() ? "!{**/" : ",**/") + glob;
  }
  out += "}";
  return globs.empty() || out.size() > kMostGlob ? std::nullopt : std::optional(std::move(out));
}

Result<std::string> without_hidden(string_view output, string_view workspace, string_view folder,
                                   const std::vector<std::string>& hidden) {
  OAP_TRY(const Hidden patterns, Hidden::compile(workspace, hidden));
  Places places(folder);
  std::string out;
  bool is_first = true;
  for (const string_view line : text::split_lines(output)) {
    const std::string place = places.next(line);
    if (!place.empty() && patterns.has(place)) {
      continue;
    }
    out += (is_first ? "" : "\n") + std::string(line);
    is_first = false;
  }
  return output.ends_with('\n') ? out + "\n" : out;
}

}  // namespace oap::hosts
