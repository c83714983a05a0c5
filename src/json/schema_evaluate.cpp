#include "json/schema_evaluate.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "json/pointer.hpp"
#include "text/utf8.hpp"

namespace oap::json {
namespace {

constexpr std::size_t kMaxMessage = 400;

void merge(Evaluated* into, const Evaluated& from) {
  if (into == nullptr) {
    return;
  }
  into->resize(std::max(into->size(), from.size()));
  for (std::size_t i = 0; i < from.size(); ++i) {
    (*into)[i] = (*into)[i] || from[i];
  }
}

/// True where the violations of one alternative say more about what was meant than those of
/// another: they lie deeper, or the type at least was right, or there are fewer.
bool is_nearer(const std::vector<Violation>& a, const std::vector<Violation>& b) {
  if (a.empty() || b.empty()) {
    return !a.empty();
  }
  const auto rank = [](const std::vector<Violation>& found) {
    return std::pair(found[0].instance_path.size(), found[0].keyword != "type");
  };
  return rank(a) != rank(b) ? rank(a) > rank(b) : a.size() < b.size();
}

std::string nearest_text(const std::vector<Violation>& nearest) {
  if (nearest.empty()) {
    return "";
  }
  const Violation& first = nearest.front();
  return fmt::format("; nearest: {}{}{}", first.instance_path,
                     first.instance_path.empty() ? "" : ": ", first.message);
}

}  // namespace

std::string Path::pointer() const {
  std::vector<const Path*> chain;
  for (const Path* at = this; at->parent != nullptr; at = at->parent) {
    chain.push_back(at);
  }
  std::string out;
  for (auto at = chain.rbegin(); at != chain.rend(); ++at) {
    out = (*at)->is_index ? pointer_join(out, (*at)->index) : pointer_join(out, (*at)->key);
  }
  return out;
}

bool Evaluator::run(const Node& root, const Value& instance) {
  sink_ = limits_.violations == 0 ? nullptr : &violations_;
  const bool ok = check(root, instance, Path{}, nullptr);
  return ok && !exhausted_;
}

bool Evaluator::report(const Node& node, const Path& path, std::string_view keyword,
                       std::string message) {
  if (reporting()) {
    const std::string_view cut = text::truncate_utf8(message, kMaxMessage);
    sink_->push_back({path.pointer(),
                      keyword.empty() ? node.pointer : pointer_join(node.pointer, keyword),
                      std::string(keyword), std::string(cut) + (cut == message ? "" : "...")});
  }
  return false;
}

bool Evaluator::spend(const Node& node, const Path& path, std::size_t steps) {
  steps_ += steps;
  const bool deep = depth_ > limits_.depth;
  if (exhausted_ || (steps_ <= limits_.steps && !deep)) {
    return !exhausted_;
  }
  exhausted_ = true;
  if (limits_.violations > 0) {
    violations_.resize(std::min(violations_.size(), limits_.violations - 1));
    sink_ = &violations_;
    report(node, path, "",
           deep ? fmt::format("the check goes deeper than {} schemas: a reference that leads to "
                              "itself, or too deep an instance",
                              limits_.depth)
                : "the check takes too many steps for this schema and instance");
  }
  return false;
}

bool Evaluator::check(const Node& node, const Value& instance, const Path& path,
                      Evaluated* evaluated) {
  ++depth_;
  bool ok = spend(node, path, 1);
  if (ok && node.always) {
    ok = *node.always || report(node, path, "", "nothing is allowed here");
  } else if (ok) {
    ok = check_here(node, instance, path, evaluated);
  }
  --depth_;
  return ok && !exhausted_;
}

bool Evaluator::check_here(const Node& node, const Value& instance, const Path& path,
                           Evaluated* evaluated) {
  const bool enters = scopes_.empty() || scopes_.back() != node.scope;
  if (enters) {
    scopes_.push_back(node.scope);
  }
  const bool own = node.unevaluated_items != nullptr || node.unevaluated_properties != nullptr;
  bool ok = false;
  if (own) {
    Evaluated mine;
    ok = check_keywords(node, instance, path, &mine);
    if (!done(ok)) {
      ok = check_unevaluated(node, instance, path, mine) && ok;
    }
    merge(evaluated, mine);
  } else {
    ok = check_keywords(node, instance, path, evaluated);
  }
  if (enters) {
    scopes_.pop_back();
  }
  return ok;
}

bool Evaluator::check_keywords(const Node& node, const Value& instance, const Path& path,
                               Evaluated* mine) {
  bool ok = check_values(node, instance, path);
  if (done(ok)) {
    return false;
  }
  ok = check_references(node, instance, path, mine) && ok;
  if (done(ok)) {
    return false;
  }
  ok = check_logic(node, instance, path, mine) && ok;
  if (done(ok)) {
    return false;
  }
  if (const Array* items = instance.if_array()) {
    ok = check_array(node, *items, path, mine) && ok;
  } else if (instance.is_object()) {
    ok = check_object(node, instance, path, mine) && ok;
  }
  return ok;
}

bool Evaluator::holds(const Node& node, const Value& instance, const Path& path,
                      Evaluated* evaluated) {
  std::vector<Violation>* outer = std::exchange(sink_, nullptr);
  const bool ok = check(node, instance, path, evaluated);
  sink_ = outer;
  return ok;
}

bool Evaluator::holds_and_marks(const Node& node, const Value& instance, const Path& path,
                                Evaluated* evaluated) {
  if (evaluated == nullptr) {
    return holds(node, instance, path, nullptr);
  }
  Evaluated local;
  const bool ok = holds(node, instance, path, &local);
  if (ok) {
    merge(evaluated, local);
  }
  return ok;
}

bool Evaluator::check_references(const Node& node, const Value& instance, const Path& path,
                                 Evaluated* mine) {
  bool ok = node.ref == nullptr || check(*node.ref, instance, path, mine);
  if (node.dynamic_ref == nullptr || done(ok)) {
    return ok;
  }
  const Node* target = node.dynamic_ref;
  if (!node.dynamic_name.empty()) {
    for (const Scope* scope : scopes_) {
      const auto found = scope->dynamic_anchors.find(node.dynamic_name);
      if (found != scope->dynamic_anchors.end()) {
        target = found->second;
        break;
      }
    }
  }
  return check(*target, instance, path, mine) && ok;
}

bool Evaluator::check_logic(const Node& node, const Value& instance, const Path& path,
                            Evaluated* mine) {
  bool ok = true;
  for (const Node* part : node.all_of) {
    ok = check(*part, instance, path, mine) && ok;
    if (done(ok)) {
      return false;
    }
  }
  if (!node.any_of.empty()) {
    ok = check_any_of(node, instance, path, mine) && ok;
  }
  if (!node.one_of.empty() && !done(ok)) {
    ok = check_one_of(node, instance, path, mine) && ok;
  }
  if (node.negated != nullptr && !done(ok) && holds(*node.negated, instance, path, nullptr)) {
    ok = report(node, path, "not", "is what must not be here");
  }
  if (node.condition != nullptr && !done(ok)) {
    ok = check_condition(node, instance, path, mine) && ok;
  }
  return ok;
}

bool Evaluator::check_any_of(const Node& node, const Value& instance, const Path& path,
                             Evaluated* mine) {
  const std::vector<std::size_t> matched =
      match_branches(node.any_of, instance, path, mine, mine == nullptr ? 1 : SIZE_MAX);
  return !matched.empty() || report(node, path, "anyOf",
                                    fmt::format("matches none of the {} alternatives{}",
                                                node.any_of.size(), nearest_text(nearest_)));
}

bool Evaluator::check_one_of(const Node& node, const Value& instance, const Path& path,
                             Evaluated* mine) {
  const std::vector<std::size_t> matched = match_branches(node.one_of, instance, path, mine, 2);
  if (matched.size() == 1) {
    return true;
  }
  if (matched.empty()) {
    return report(node, path, "oneOf",
                  fmt::format("matches none of the {} alternatives{}", node.one_of.size(),
                              nearest_text(nearest_)));
  }
  return report(node, path, "oneOf",
                fmt::format("matches alternatives {} and {}, but exactly one is allowed",
                            matched[0] + 1, matched[1] + 1));
}

std::vector<std::size_t> Evaluator::match_branches(const std::vector<const Node*>& branches,
                                                   const Value& instance, const Path& path,
                                                   Evaluated* mine, std::size_t enough) {
  std::vector<std::size_t> matched;
  std::vector<Violation> nearest;
  const bool wanted = reporting();
  for (std::size_t i = 0; i < branches.size() && matched.size() < enough && !exhausted_; ++i) {
    std::vector<Violation> found;
    Evaluated local;
    std::vector<Violation>* outer = std::exchange(sink_, wanted ? &found : nullptr);
    const bool ok = check(*branches[i], instance, path, mine == nullptr ? nullptr : &local);
    sink_ = outer;
    if (ok) {
      matched.push_back(i);
      merge(mine, local);
    } else if (is_nearer(found, nearest)) {
      nearest = std::move(found);
    }
  }
  nearest_ = std::move(nearest);
  return matched;
}

bool Evaluator::check_condition(const Node& node, const Value& instance, const Path& path,
                                Evaluated* mine) {
  const bool holds_so = holds_and_marks(*node.condition, instance, path, mine);
  const Node* next = holds_so ? node.then_node : node.else_node;
  return next == nullptr || exhausted_ || check(*next, instance, path, mine);
}

}  // namespace oap::json
