#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "migration/rules.hpp"

namespace oap::migration {

/// A rule of a program in which the last one that matches decides.
struct OrderedRule {
  Level level = Level::kAsk;
  std::string pattern;  ///< `*` any run of characters, `?` one; empty where only `regex` says it
  std::string regex;    ///< RE2, from end to end: what it matches
  std::string text;     ///< as written, for people
  std::string where;
};

/// Both forms of a pattern with `*` and `?`; a final ` *` may be missing.
OrderedRule ordered_rule(Level level, std::string_view pattern, std::string text,
                         std::string where);

/// Among our rules the strictest wins. A CEL expression under which rule `at` may count all the
/// same: no later one that is less strict matches `variable`. "" where it always may. Exact: the
/// strictest of the rules whose expression holds is the last that matches.
std::string unless_later(const std::vector<OrderedRule>& rules, std::size_t at,
                         std::string_view variable);

/// `rule`, limited to where unless_later() holds.
json::Object limited(json::Object rule, const std::vector<OrderedRule>& rules, std::size_t at,
                     std::string_view variable);

/// Rule `at`, whose `rule` is about a tool as a whole, as rules about what its calls name by either
/// of two arguments. A call that has neither is one that only "*" is about.
std::vector<json::Object> by_argument(const json::Object& rule,
                                      const std::vector<OrderedRule>& rules, std::size_t at,
                                      const std::array<std::string_view, 2>& arguments);

/// A pattern with `*` and `?` as a glob of ours over commands or names.
std::string plain_glob(std::string_view pattern);
/// The same over paths: `*` crosses directories, and a path that it names stands for all below it.
std::string path_glob(std::string_view pattern);

}  // namespace oap::migration
