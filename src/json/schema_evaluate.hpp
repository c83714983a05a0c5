#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "json/schema.hpp"
#include "json/schema_node.hpp"
#include "json/value.hpp"

namespace oap::json {

/// A place in the instance, as a chain on the stack: it becomes text only for a violation.
struct Path {
  const Path* parent = nullptr;
  std::string_view key;
  std::size_t index = 0;
  bool is_index = false;

  std::string pointer() const;
};

/// Which members or items of one instance some keyword has looked at; empty means none.
using Evaluated = std::vector<bool>;

struct EvaluationLimits {
  std::size_t violations = 16;  ///< 0: only the verdict is wanted
  std::size_t depth = 256;
  std::size_t steps = 0;
};

/// Checks one instance against a program. Used once. Where a limit is reached the instance counts
/// as invalid, also inside `not`.
class Evaluator {
 public:
  explicit Evaluator(const EvaluationLimits& limits) : limits_(limits) {}

  bool run(const Node& root, const Value& instance);
  std::vector<Violation> take_violations() { return std::move(violations_); }

 private:
  bool check(const Node& node, const Value& instance, const Path& path, Evaluated* evaluated);
  bool check_here(const Node& node, const Value& instance, const Path& path, Evaluated* evaluated);
  bool check_keywords(const Node& node, const Value& instance, const Path& path, Evaluated* mine);
  /// The same without reporting.
  bool holds(const Node& node, const Value& instance, const Path& path, Evaluated* evaluated);
  /// The same, adding to `evaluated` only where it holds.
  bool holds_and_marks(const Node& node, const Value& instance, const Path& path,
                       Evaluated* evaluated);

  bool check_values(const Node& node, const Value& instance, const Path& path);
  bool check_number(const Node& node, const Value& instance, const Path& path);
  bool check_string(const Node& node, std::string_view text, const Path& path);
  bool check_references(const Node& node, const Value& instance, const Path& path, Evaluated* mine);
  bool check_logic(const Node& node, const Value& instance, const Path& path, Evaluated* mine);
  bool check_any_of(const Node& node, const Value& instance, const Path& path, Evaluated* mine);
  bool check_one_of(const Node& node, const Value& instance, const Path& path, Evaluated* mine);
  /// The numbers of the alternatives that hold, at most `enough`; the violations of the one that
  /// came nearest go to nearest_.
  std::vector<std::size_t> match_branches(const std::vector<const Node*>& branches,
                                          const Value& instance, const Path& path, Evaluated* mine,
                                          std::size_t enough);
  bool check_condition(const Node& node, const Value& instance, const Path& path, Evaluated* mine);
  bool check_array(const Node& node, const Array& items, const Path& path, Evaluated* mine);
  bool check_items(const Node& node, const Array& items, const Path& path, Evaluated* mine);
  bool check_contains(const Node& node, const Array& items, const Path& path, Evaluated* mine);
  bool check_unique(const Node& node, const Array& items, const Path& path);
  bool check_object(const Node& node, const Value& instance, const Path& path, Evaluated* mine);
  bool check_presence(const Node& node, const Object& members, const Path& path);
  bool check_members(const Node& node, const Object& members, const Path& path, Evaluated* mine);
  bool check_member(const ObjectRules& rules, const Node& node, const Object::value_type& member,
                    const Path& here, bool& covered);
  bool check_unevaluated(const Node& node, const Value& instance, const Path& path,
                         Evaluated& mine);
  bool check_length(
      const Node& node, const Path& path, std::size_t size,
      const std::pair<std::optional<std::uint64_t>, std::optional<std::uint64_t>>& range,
      std::string_view keywords, std::string_view noun);

  /// Records a violation; gives false.
  bool report(const Node& node, const Path& path, std::string_view keyword, std::string message);
  bool reporting() const { return sink_ != nullptr && sink_->size() < limits_.violations; }
  /// True where going on after a failure can add nothing.
  bool done(bool ok) const { return exhausted_ || (!ok && !reporting()); }
  bool spend(const Node& node, const Path& path, std::size_t steps);

  EvaluationLimits limits_;
  std::vector<Violation> violations_;
  std::vector<Violation>* sink_ = nullptr;
  std::vector<Violation> nearest_;
  std::vector<const Scope*> scopes_;
  std::size_t depth_ = 0;
  std::size_t steps_ = 0;
  bool exhausted_ = false;
};

}  // namespace oap::json
