#include "permission/region_walk.hpp"

namespace oap::permission {
namespace {

using namespace walk;

/// Follows the first language alone, as long as no other has everything that can come.
class CoverSearch : public Walk {
 public:
  using Walk::Walk;

  Coverage run() {
    for (std::size_t at = 0; at < found_.size(); ++at) {
      if (found_.size() > budget_) {
        out_.complete = false;
        out_.covered = false;
        break;
      }
      const Product& product = found_[at]->first;
      if (!lives(product)) {
        continue;
      }
      std::vector<std::uint32_t> others = held_from(product);
      const bool held = !others.empty();
      if (product.place == kInside) {
        const std::vector<std::uint32_t> members = members_at(product);
        if (!members.empty() && members.front() == 0) {
          out_.witness = out_.empty ? witness(at) : out_.witness;
          out_.empty = false;
          others.insert(others.end(), members.begin() + 1, members.end());
          if (others.empty()) {
            out_.covered = false;
            break;
          }
        }
      }
      note(std::move(others));
      if (!held) {
        go_on(at);
      }
    }
    out_.work = automaton_.states.size() + work_;
    return std::move(out_);
  }

 private:
  bool lives(const Product& product) const {
    return std::any_of(product.states.begin(), product.states.end(),
                       [this](std::uint32_t id) { return automaton_.states[id].owner == 0; });
  }

  std::vector<std::uint32_t> held_from(const Product& product) const {
    std::vector<std::uint32_t> out;
    for (const std::uint32_t id : product.states) {
      const Automaton::State& state = automaton_.states[id];
      if (state.takes_all && state.owner != 0) {
        out.push_back(static_cast<std::uint32_t>(state.owner));
      }
    }
    return out;
  }

  void note(std::vector<std::uint32_t> others) {
    std::sort(others.begin(), others.end());
    others.erase(std::unique(others.begin(), others.end()), others.end());
    for (std::uint32_t& other : others) {
      --other;
    }
    if (!others.empty() && ways_.insert(others).second) {
      out_.ways.push_back(std::move(others));
    }
  }

  std::set<std::vector<std::uint32_t>> ways_;
  Coverage out_;
};

/// Marks what takes everything: a `**` behind which nothing more is wanted.
void mark_takes_all(Automaton& automaton) {
  for (Automaton::State& state : automaton.states) {
    if (state.kind != Kind::kCrossRun || state.accepts >= 0) {
      continue;
    }
    const Automaton::State& entry = automaton.states[state.next.front()];
    state.takes_all = std::any_of(entry.next.begin(), entry.next.end(), [&](std::uint32_t id) {
      return automaton.states[id].accepts >= 0;
    });
  }
}

}  // namespace

Coverage coverage_of(const text::GlobSequence& language,
                     const std::vector<text::GlobSequence>& others, Texts texts,
                     std::size_t budget) {
  Automaton automaton;
  automaton.texts = texts;
  std::vector<const GlobSequence*> all = {&language};
  for (const GlobSequence& other : others) {
    all.push_back(&other);
  }
  std::vector<std::uint32_t> starts = add_languages(automaton, all);
  mark_takes_all(automaton);
  return CoverSearch(automaton, std::move(starts), budget).run();
}

}  // namespace oap::permission
