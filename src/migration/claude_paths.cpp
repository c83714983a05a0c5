#include <fmt/format.h>

#include "migration/claude_rules.hpp"
#include "text/glob.hpp"
#include "text/strings.hpp"

namespace oap::migration {
namespace {

/// What a glob of ours takes for something else than gitignore does.
std::string quote_braces(std::string_view part) {
  std::string out;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] == '\\' && i + 1 < part.size()) {
      out += part.substr(i++, 2);
    } else if (part[i] == '{' || part[i] == '}') {
      out += '\\';
      out += part[i];
    } else if (part[i] == '*' && part != "**") {
      out += out.ends_with('*') && !out.ends_with("\\*") ? "" : "*";
    } else {
      out += part[i];
    }
  }
  return out;
}

/// The parts without "." and ".."; `ups` gets how many of the latter lead out at the front.
std::string ours_of(std::string_view pattern, std::size_t& ups) {
  std::vector<std::string> parts;
  for (const std::string_view part : text::split(pattern, '/')) {
    if (part == "..") {
      ups += parts.empty() ? 1 : 0;
      if (!parts.empty()) {
        parts.pop_back();
      }
    } else if (part != "." && !(part.empty() && !parts.empty())) {
      parts.push_back(quote_braces(part));
    }
  }
  std::erase(parts, "");
  std::string out = text::join(parts, "/");
  return text::Glob::compile(out.empty() ? "x" : out, {text::GlobMode::kPath, false})
             ? out
             : text::glob_quote(out);
}

/// A directory stands for all below it.
std::string with_below(std::string pattern) {
  while (pattern.ends_with('/')) {
    pattern.pop_back();
  }
  if (pattern.empty()) {
    return "**";
  }
  return pattern == "**" || pattern.ends_with("/**") ? pattern : pattern + "/**";
}

}  // namespace

std::optional<std::string> path_pattern(std::string_view spec, Layer layer, Level level) {
  std::string_view rest = text::trim(spec);
  if (rest.empty() || rest.starts_with('!') || rest.starts_with('#')) {
    return std::nullopt;
  }
  std::size_t ups = 0;
  const auto anchored = [&](std::string_view base, std::string_view below) {
    const std::string ours = with_below(ours_of(below, ups));
    return ups == 0 || base == "/" ? std::optional(std::string(base) + ours) : std::nullopt;
  };
  if (rest.starts_with("//")) {
    return anchored("/", rest.substr(2));
  }
  if (rest.starts_with("~/") || rest == "~") {
    return anchored("~/", rest.substr(1));
  }
  if (rest.starts_with('/') && layer == Layer::kUser) {
    return anchored("~/.claude/", rest.substr(1));
  }
  const std::string below = with_below(ours_of(rest, ups));
  std::string up;
  for (std::size_t i = 0; i < ups; ++i) {
    up += "../";
  }
  const bool fixed = rest.starts_with('/') || rest.starts_with("./") || ups > 0;
  const std::size_t slash = rest.find('/');
  const bool bare = slash == std::string_view::npos || slash + 1 == rest.size();
  const bool one_directory =
      slash != std::string_view::npos && rest.substr(slash) == "/**" && level != Level::kAllow;
  const bool any_depth = !fixed && rest != "." && (bare || one_directory);
  return any_depth && !below.starts_with("**") ? "**/" + below : up + below;
}

void translate_path(const ClaudeRule& rule, const RuleMaker& make, std::string_view action,
                    const std::string& spec, Translation& out) {
  const auto pattern = path_pattern(spec, rule.layer, rule.level);
  if (!pattern || pattern->size() > 2000) {
    out.not_carried.push_back(
        {fmt::format("permissions.{}: {}", to_string(rule.level), rule.text), rule.where,
         pattern ? "the pattern is longer than 2000 bytes"
                 : "is a negation or a comment, or leads out of the home directory"});
    return;
  }
  if (action == "read") {
    const bool blocks_edits = rule.level == Level::kDeny;
    out.rules.push_back(make.path(blocks_edits ? "*" : "read", *pattern));
    return;
  }
  out.rules.push_back(make.path("write", *pattern));
  if (rule.level != Level::kAllow) {
    out.rules.push_back(make.path("delete", *pattern));
  }
}

}  // namespace oap::migration
