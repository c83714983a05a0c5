#include "mcp/oauth/scopes.hpp"

#include <algorithm>

#include "text/strings.hpp"

namespace oap::mcp::oauth {

namespace {

bool is_scope(std::string_view word) {
  return std::all_of(word.begin(), word.end(),
                     [](char c) { return c > ' ' && c < '\x7F' && c != '"' && c != '\\'; });
}

}  // namespace

Scopes parse_scopes(std::string_view text) {
  Scopes scopes;
  for (const std::string_view word : text::split_words(text)) {
    if (is_scope(word) && !has_scope(scopes, word)) {
      scopes.emplace_back(word);
    }
  }
  return scopes;
}

std::string join_scopes(const Scopes& scopes) { return text::join(scopes, " "); }

Scopes unite(Scopes a, const Scopes& b) {
  for (const std::string& scope : b) {
    if (!has_scope(a, scope)) {
      a.push_back(scope);
    }
  }
  return a;
}

bool has_scope(const Scopes& scopes, std::string_view scope) {
  return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
}

bool covers(const Scopes& granted, const Scopes& wanted) {
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](const std::string& scope) { return has_scope(granted, scope); });
}

}  // namespace oap::mcp::oauth
