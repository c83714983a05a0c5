#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "json/compare.hpp"
#include "json/pointer.hpp"
#include "json/schema_evaluate.hpp"
#include "text/nearest.hpp"
#include "text/utf8.hpp"

namespace oap::json {
namespace {

void mark(Evaluated* evaluated, std::size_t index, std::size_t size) {
  if (evaluated != nullptr) {
    evaluated->resize(std::max(evaluated->size(), size));
    (*evaluated)[index] = true;
  }
}

void mark_all(Evaluated* evaluated, std::size_t size) {
  if (evaluated != nullptr) {
    evaluated->assign(size, true);
  }
}

Path item_path(const Path& path, std::size_t index) { return {&path, {}, index, true}; }

Path member_path(const Path& path, std::string_view key) { return {&path, key, 0, false}; }

std::string_view key_of(const Object::value_type& member) {
  return {member.key().data(), member.key().size()};
}

std::string shown_key(std::string_view key) {
  return text::escape_visible(text::truncate_utf8(key, 80));
}

}  // namespace

bool Evaluator::check_array(const Node& node, const Array& items, const Path& path,
                            Evaluated* mine) {
  if (!node.arrays) {
    return true;
  }
  const ArrayRules& rules = *node.arrays;
  bool ok =
      check_length(node, path, items.size(), {rules.min_items, rules.max_items}, "Items", "item");
  if (rules.unique && !done(ok)) {
    ok = check_unique(node, items, path) && ok;
  }
  if (!done(ok)) {
    ok = check_items(node, items, path, mine) && ok;
  }
  if (rules.contains != nullptr && !done(ok)) {
    ok = check_contains(node, items, path, mine) && ok;
  }
  return ok;
}

bool Evaluator::check_items(const Node& node, const Array& items, const Path& path,
                            Evaluated* mine) {
  const ArrayRules& rules = *node.arrays;
  bool ok = true;
  const std::size_t first = std::min(rules.prefix.size(), items.size());
  for (std::size_t i = 0; i < first; ++i) {
    ok = check(*rules.prefix[i], items[i], item_path(path, i), nullptr) && ok;
    mark(mine, i, items.size());
    if (done(ok)) {
      return false;
    }
  }
  if (rules.rest == nullptr || first == items.size()) {
    return ok;
  }
  if (rules.rest->always == false) {
    return report(node, path, rules.rest_keyword,
                  fmt::format("must have at most {} item{}, has {}", first, first == 1 ? "" : "s",
                              items.size()));
  }
  for (std::size_t i = first; i < items.size(); ++i) {
    ok = check(*rules.rest, items[i], item_path(path, i), nullptr) && ok;
    if (done(ok)) {
      return false;
    }
  }
  mark_all(mine, items.size());
  return ok;
}

bool Evaluator::check_contains(const Node& node, const Array& items, const Path& path,
                               Evaluated* mine) {
  const ArrayRules& rules = *node.arrays;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < items.size() && !exhausted_; ++i) {
    if (!holds(*rules.contains, items[i], item_path(path, i), nullptr)) {
      continue;
    }
    ++count;
    mark(mine, i, items.size());
    if (mine == nullptr && !rules.max_contains && count >= rules.min_contains) {
      break;
    }
  }
  if (count < rules.min_contains) {
    return report(node, path, rules.min_contains == 1 ? "contains" : "minContains",
                  fmt::format("needs at least {} matching item{}, has {}", rules.min_contains,
                              rules.min_contains == 1 ? "" : "s", count));
  }
  if (rules.max_contains && count > *rules.max_contains) {
    return report(
        node, path, "maxContains",
        fmt::format("may have at most {} matching items, has {}", *rules.max_contains, count));
  }
  return true;
}

bool Evaluator::check_unique(const Node& node, const Array& items, const Path& path) {
  if (items.size() < 2) {
    return true;
  }
  std::vector<std::pair<std::size_t, std::size_t>> hashes;
  hashes.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    hashes.emplace_back(hash_of(items[i]), i);
  }
  std::sort(hashes.begin(), hashes.end());
  for (std::size_t i = 1; i < hashes.size(); ++i) {
    for (std::size_t j = i; j > 0 && hashes[j - 1].first == hashes[i].first; --j) {
      if (!spend(node, path, 1)) {
        return false;
      }
      const std::size_t one = hashes[j - 1].second;
      const std::size_t other = hashes[i].second;
      if (equal(items[one], items[other])) {
        return report(
            node, path, "uniqueItems",
            fmt::format("items {} and {} are equal", std::min(one, other), std::max(one, other)));
      }
    }
  }
  return true;
}

bool Evaluator::check_object(const Node& node, const Value& instance, const Path& path,
                             Evaluated* mine) {
  const Object& members = instance.get_object();
  bool ok = true;
  for (const auto& [name, dependent] : node.dependent_schemas) {
    if (members.contains(name)) {
      ok = check(*dependent, instance, path, mine) && ok;
    }
    if (done(ok)) {
      return false;
    }
  }
  if (!node.objects) {
    return ok;
  }
  ok = check_presence(node, members, path) && ok;
  return done(ok) ? false : check_members(node, members, path, mine) && ok;
}

bool Evaluator::check_presence(const Node& node, const Object& members, const Path& path) {
  const ObjectRules& rules = *node.objects;
  bool ok = check_length(node, path, members.size(), {rules.min_properties, rules.max_properties},
                         "Properties", "member");
  for (const std::string& name : rules.required) {
    if (!members.contains(name)) {
      ok = report(node, path, "required",
                  fmt::format("the member '{}' is missing", shown_key(name)));
    }
  }
  for (const auto& [name, needed] : rules.dependent_required) {
    if (!members.contains(name)) {
      continue;
    }
    for (const std::string& other : needed) {
      if (!members.contains(other)) {
        ok = report(node, path, "dependentRequired",
                    fmt::format("the member '{}' is missing; '{}' needs it", shown_key(other),
                                shown_key(name)));
      }
    }
  }
  return ok;
}

bool Evaluator::check_members(const Node& node, const Object& members, const Path& path,
                              Evaluated* mine) {
  const ObjectRules& rules = *node.objects;
  if (rules.properties.empty() && rules.patterns.empty() && rules.additional == nullptr &&
      rules.names == nullptr) {
    return true;
  }
  bool ok = true;
  std::size_t index = 0;
  for (const auto& member : members) {
    const Path here = member_path(path, key_of(member));
    bool covered = false;
    ok = check_member(rules, node, member, here, covered) && ok;
    if (covered) {
      mark(mine, index, members.size());
    }
    ++index;
    if (done(ok)) {
      return false;
    }
  }
  return ok;
}

bool Evaluator::check_member(const ObjectRules& rules, const Node& node,
                             const Object::value_type& member, const Path& here, bool& covered) {
  const std::string_view key = key_of(member);
  bool ok = true;
  if (rules.names != nullptr) {
    ok = check(*rules.names, Value(key), here, nullptr);
  }
  const auto property = rules.properties.find(key);
  if (property != rules.properties.end()) {
    covered = true;
    ok = check(*property->second, member.value(), here, nullptr) && ok;
  }
  for (const auto& [pattern, schema] : rules.patterns) {
    if (!spend(node, here, 1)) {
      return false;
    }
    if (pattern.search(key)) {
      covered = true;
      ok = check(*schema, member.value(), here, nullptr) && ok;
    }
  }
  if (covered || rules.additional == nullptr) {
    return ok;
  }
  covered = true;
  if (rules.additional->always == false) {
    std::vector<std::string> names;
    for (const auto& [name, schema] : rules.properties) {
      names.push_back(name);
    }
    return report(node, here, "additionalProperties",
                  fmt::format("the member '{}' is not allowed{}", shown_key(key),
                              text::did_you_mean(key, names)));
  }
  return check(*rules.additional, member.value(), here, nullptr) && ok;
}

bool Evaluator::check_unevaluated(const Node& node, const Value& instance, const Path& path,
                                  Evaluated& mine) {
  bool ok = true;
  const auto visit = [&](const Node& schema, const Value& value, const Path& here,
                         std::size_t index, std::string_view keyword) {
    if (index < mine.size() && mine[index]) {
      return;
    }
    if (schema.always == false) {
      ok = report(node, here, keyword,
                  here.is_index
                      ? "the item is not allowed"
                      : fmt::format("the member '{}' is not allowed", shown_key(here.key)));
      return;
    }
    ok = check(schema, value, here, nullptr) && ok;
  };
  if (const Array* items = instance.if_array(); items != nullptr && node.unevaluated_items) {
    for (std::size_t i = 0; i < items->size() && !done(ok); ++i) {
      visit(*node.unevaluated_items, (*items)[i], item_path(path, i), i, "unevaluatedItems");
    }
    mark_all(&mine, items->size());
  }
  if (const Object* members = instance.if_object();
      members != nullptr && node.unevaluated_properties != nullptr) {
    std::size_t index = 0;
    for (const auto& member : *members) {
      visit(*node.unevaluated_properties, member.value(), member_path(path, key_of(member)),
            index++, "unevaluatedProperties");
      if (done(ok)) {
        break;
      }
    }
    mark_all(&mine, members->size());
  }
  return ok;
}

}  // namespace oap::json
