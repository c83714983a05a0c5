#include <algorithm>

#include "workflow/definition/outline.hpp"

namespace oap::workflow {

/// A spanning forest of the needs: the parent of a step is the need of the highest level. A step is
/// before all that its span holds.
void Outline::grow_tree(const std::vector<StepIndex>& order) {
  std::vector<StepIndex> child(steps.size(), UINT32_MAX);
  std::vector<StepIndex> sibling(steps.size(), UINT32_MAX);
  std::vector<StepIndex> roots;
  for (const StepIndex index : order) {
    const std::vector<StepIndex>& needs = steps[index].needs;
    if (needs.empty()) {
      roots.push_back(index);
      continue;
    }
    const StepIndex parent =
        *std::max_element(needs.begin(), needs.end(),
                          [this](StepIndex a, StepIndex b) { return levels_[a] < levels_[b]; });
    sibling[index] = child[parent];
    child[parent] = index;
  }
  spans_.assign(steps.size(), {});
  std::uint32_t clock = 0;
  std::vector<StepIndex> open;
  for (const StepIndex root : roots) {
    open.push_back(root);
    spans_[root].begin = clock++;
    while (!open.empty()) {
      const StepIndex at = open.back();
      const StepIndex next = child[at];
      if (next == UINT32_MAX) {
        spans_[at].end = clock;
        open.pop_back();
        continue;
      }
      child[at] = sibling[next];
      spans_[next].begin = clock++;
      open.push_back(next);
    }
  }
}

bool Outline::before(StepIndex first, StepIndex then) const {
  const std::vector<StepIndex>& needs = steps[then].needs;
  if (levels_[first] >= levels_[then]) {
    return false;
  }
  if (spans_[first].begin < spans_[then].begin && spans_[then].begin < spans_[first].end) {
    return true;
  }
  return std::find(needs.begin(), needs.end(), first) != needs.end() || search(first, then);
}

/// Beyond the limit it gives the benefit of the doubt: the run itself would notice.
bool Outline::search(StepIndex first, StepIndex then) const {
  constexpr std::uint64_t kMaxVisits = 20'000'000;
  seen_.resize(steps.size(), 0);
  ++search_;
  std::vector<StepIndex> open{then};
  while (!open.empty()) {
    const StepIndex at = open.back();
    open.pop_back();
    for (const StepIndex need : steps[at].needs) {
      if (need == first || ++visits_ > kMaxVisits) {
        return true;
      }
      if (levels_[need] > levels_[first] && seen_[need] != search_) {
        seen_[need] = search_;
        open.push_back(need);
      }
    }
  }
  return false;
}

}  // namespace oap::workflow
