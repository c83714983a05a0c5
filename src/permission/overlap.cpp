#include "permission/overlap.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "text/strings.hpp"

namespace oap::permission {
namespace {

/// One component of a glob: '*' any run, '?' any character, else the character itself.
struct Token {
  char kind;
  char value;
};

constexpr std::size_t kMostTokens = 256;
constexpr std::size_t kMostParts = 48;

std::vector<Token> tokens_of(std::string_view part) {
  std::vector<Token> out;
  for (std::size_t i = 0; i < part.size() && out.size() < kMostTokens; ++i) {
    const char c = part[i];
    const bool named_class = c == '[' && holds_named_class(part.substr(i), ":.=");
    if (c == '*' || c == '{' || c == '(' || named_class) {
      return [&] {
        out.push_back({'*', c});
        if (c == '*') {
          const std::vector<Token> rest = tokens_of(part.substr(i + 1));
          out.insert(out.end(), rest.begin(), rest.end());
        }
        return out;
      }();
    }
    if (c == '[') {
      const std::size_t close = part.find(']', i + 2);
      out.push_back({close == std::string_view::npos ? '*' : '?', c});
      i = close == std::string_view::npos ? part.size() : close;
    } else if (c == '\\' && i + 1 < part.size()) {
      out.push_back({'c', part[++i]});
    } else {
      out.push_back({c == '?' ? '?' : 'c', c});
    }
  }
  return out;
}

bool tokens_overlap(const std::vector<Token>& a, const std::vector<Token>& b) {
  // reach[j]: the first i tokens of a and the first j of b can stand for the same text.
  std::vector<bool> reach(b.size() + 1, false);
  for (std::size_t i = 0; i <= a.size(); ++i) {
    std::vector<bool> next(b.size() + 1, false);
    for (std::size_t j = 0; j <= b.size(); ++j) {
      bool ok = i == 0 && j == 0;
      const bool star_a = i > 0 && a[i - 1].kind == '*';
      const bool star_b = j > 0 && b[j - 1].kind == '*';
      ok = ok || (star_a && (reach[j] || (j > 0 && next[j - 1])));
      ok = ok || (star_b && ((j > 0 && next[j - 1]) || (i > 0 && reach[j])));
      const bool single = i > 0 && j > 0 && !star_a && !star_b;
      ok = ok ||
           (single && reach[j - 1] &&
            (a[i - 1].kind == '?' || b[j - 1].kind == '?' || a[i - 1].value == b[j - 1].value));
      next[j] = ok;
    }
    reach = std::move(next);
  }
  return reach[b.size()];
}

bool is_any_depth(std::string_view part) { return part == "**"; }

/// A pattern that spells its first dot, against a word of wildcards alone.
bool hidden_from(std::string_view word, std::string_view pattern) {
  return word.find_first_not_of("*?") == std::string_view::npos && pattern.starts_with('.');
}

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> out;
  for (const std::string_view part : text::split(path, '/')) {
    if (!part.empty() && part != ".") {
      out.push_back(part);
    }
  }
  return out;
}

}  // namespace

bool holds_named_class(std::string_view part, std::string_view marks) {
  for (std::size_t i = part.find('['); i < part.size(); i = part.find('[', i + 1)) {
    const std::size_t first = part.find_first_not_of("!^", i + 1);
    const std::size_t close = part.find(']', std::min(first, part.size() - 1) + 1);
    const std::size_t inner = part.find('[', i + 1);
    if (inner < close && inner + 1 < part.size() && marks.find(part[inner + 1]) != marks.npos) {
      return true;
    }
  }
  return false;
}

bool names_may_overlap(std::string_view one, std::string_view other) {
  return tokens_overlap(tokens_of(one), tokens_of(other));
}

bool may_overlap(std::string_view word, std::string_view pattern) {
  const bool braces = pattern.find('{') != std::string_view::npos;
  const std::vector<std::string_view> a = parts_of(word);
  const std::vector<std::string_view> b = parts_of(pattern);
  if (braces || a.size() > kMostParts || b.size() > kMostParts ||
      std::find(a.begin(), a.end(), "..") != a.end()) {
    return true;
  }
  // reach[j]: the first i parts of the word and the first j of the pattern can be the same path.
  std::vector<bool> reach(b.size() + 1, false);
  for (std::size_t i = 0; i <= a.size(); ++i) {
    std::vector<bool> next(b.size() + 1, false);
    for (std::size_t j = 0; j <= b.size(); ++j) {
      bool ok = i == 0 && j == 0;
      const bool deep_a = i > 0 && is_any_depth(a[i - 1]);
      const bool deep_b = j > 0 && is_any_depth(b[j - 1]);
      ok = ok || (deep_a && (reach[j] || (j > 0 && next[j - 1])));
      ok = ok || (deep_b && ((j > 0 && next[j - 1]) || (i > 0 && reach[j])));
      ok = ok || (i > 0 && j > 0 && !deep_a && !deep_b && reach[j - 1] &&
                  !hidden_from(a[i - 1], b[j - 1]) && names_may_overlap(a[i - 1], b[j - 1]));
      next[j] = ok;
    }
    reach = std::move(next);
  }
  return reach[b.size()];
}

}  // namespace oap::permission
