#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "permission/regions.hpp"
#include "text/utf8.hpp"

// Private to this folder: the product of automata that regions and coverage are found on.
namespace oap::permission::walk {

using Kind = text::GlobNode::Kind;
using text::GlobNode;
using text::GlobSequence;

/// Thompson's automaton of all languages side by side.
struct Automaton {
  struct State {
    Kind kind = Kind::kOptional;  ///< kOptional: moves on for nothing, to each of `next`
    char32_t value = 0;
    text::GlobClass set;
    std::vector<std::uint32_t> next;
    int accepts = -1;
    int owner = 0;           ///< which language it belongs to
    bool takes_all = false;  ///< a loop that takes everything and accepts it
  };
  std::vector<State> states;
  Texts texts = Texts::kPath;

  std::uint32_t add(State state) {
    states.push_back(std::move(state));
    return static_cast<std::uint32_t>(states.size() - 1);
  }

  /// The state at which a match of the nodes begins, when `after` stands behind them.
  std::uint32_t compile(const GlobSequence& nodes, std::uint32_t after) {
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
      after = compile_one(*node, after);
    }
    return after;
  }

  std::uint32_t compile_one(const GlobNode& node, std::uint32_t after) {
    State state;
    if (node.kind == Kind::kEither || node.kind == Kind::kOptional) {
      for (const GlobSequence& branch : node.branches) {
        state.next.push_back(compile(branch, after));
      }
      if (node.kind == Kind::kOptional) {
        state.next.push_back(after);
      }
      return add(std::move(state));
    }
    state.kind = node.kind;
    state.value = node.value;
    state.set = node.set;
    if (node.kind == Kind::kRun || node.kind == Kind::kCrossRun) {
      State loop;
      loop.next = {after};
      const std::uint32_t entry = add(std::move(loop));
      state.next = {entry};
      const std::uint32_t taking = add(std::move(state));
      states[entry].next.push_back(taking);
      return entry;
    }
    state.next = {after};
    return add(std::move(state));
  }

  /// What `*` and `?` do not take.
  bool separates(char32_t c) const { return texts == Texts::kPath && c == '/'; }

  bool takes(const State& state, char32_t c) const {
    switch (state.kind) {
      case Kind::kChar:
        return state.value == c;
      case Kind::kOne:
        return !separates(c);
      case Kind::kRun:  // in commands, of a program's name
        return !separates(c) && (texts != Texts::kCommand || c != ' ');
      case Kind::kCrossRun:
        return true;
      case Kind::kClass: {
        const bool in = std::any_of(state.set.ranges.begin(), state.set.ranges.end(),
                                    [c](const auto& r) { return c >= r.first && c <= r.last; });
        return !separates(c) && in != state.set.negated;
      }
      case Kind::kEither:
      case Kind::kOptional:
        return false;
    }
    return false;
  }
};

/// A place in the product: the taking and accepting states, and where the text stands.
struct Product {
  std::vector<std::uint32_t> states;
  int place = 0;
  bool operator<(const Product& other) const {
    return place != other.place ? place < other.place : states < other.states;
  }
};

inline constexpr int kRejected = -1;
inline constexpr int kInside = 1;

/// Paths: 0 nothing yet, 1 inside a component, 2 behind a slash, 3 behind "/.", 4 behind "/..".
inline int next_in_path(int place, char32_t c) {
  if (c == '/') {
    return place == 0 || place == kInside ? 2 : kRejected;
  }
  if (place == 0) {
    return kRejected;
  }
  if (c == '.' && (place == 2 || place == 3)) {
    return place + 1;
  }
  return kInside;
}

/// Commands: 0 nothing yet, 1 inside a word, 2 behind a blank. Names are one word.
inline int next_in_words(int place, char32_t c, bool several) {
  if (c == ' ') {
    return place == kInside && several ? 2 : kRejected;
  }
  return c < ' ' || c == 0x7F ? kRejected : kInside;
}

/// What one search looks at. The base of both searches below.
class Walk {
 public:
  Walk(const Automaton& automaton, std::vector<std::uint32_t> starts, std::size_t budget)
      : automaton_(automaton), budget_(budget), marked_(automaton.states.size(), 0) {
    enter({close(std::move(starts)), 0}, 0, 0);
  }

 protected:
  struct Origin {
    std::size_t from;
    char32_t by;
  };

  std::vector<std::uint32_t> close(std::vector<std::uint32_t> open) {
    std::vector<std::uint32_t> out;
    ++mark_;
    while (!open.empty()) {
      const std::uint32_t id = open.back();
      open.pop_back();
      if (marked_[id] == mark_) {
        continue;
      }
      marked_[id] = mark_;
      const Automaton::State& state = automaton_.states[id];
      const bool empty = state.kind == Kind::kOptional && state.accepts < 0;
      if (empty) {
        open.insert(open.end(), state.next.begin(), state.next.end());
      } else {
        out.push_back(id);
      }
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  void enter(Product product, std::size_t from, char32_t by) {
    const auto [place, fresh] = known_.try_emplace(std::move(product), found_.size());
    if (fresh) {
      found_.push_back(&*place);
      origins_.push_back({from, by});
    }
  }

  void step(const Product& from, std::size_t at, char32_t c) {
    const int place = automaton_.texts == Texts::kPath
                          ? next_in_path(from.place, c)
                          : next_in_words(from.place, c, automaton_.texts == Texts::kCommand);
    if (place == kRejected) {
      return;
    }
    std::vector<std::uint32_t> next;
    work_ += from.states.size();
    for (const std::uint32_t id : from.states) {
      const Automaton::State& state = automaton_.states[id];
      if (state.accepts < 0 && automaton_.takes(state, c)) {
        next.insert(next.end(), state.next.begin(), state.next.end());
      }
    }
    enter({close(std::move(next)), place}, at, c);
  }

  /// One character for each way in which the states can move on.
  std::vector<char32_t> alphabet(const std::vector<std::uint32_t>& ids) const {
    std::set<char32_t> chars = {automaton_.texts == Texts::kPath ? U'/' : U' '};
    const auto add = [&chars](std::uint32_t value) {
      const auto c = static_cast<char32_t>(value);
      if (c > ' ' && c < text::kInvalidByte && (c < 0xD800 || c > 0xDFFF)) {
        chars.insert(c);
      }
    };
    for (const std::uint32_t id : ids) {
      const Automaton::State& state = automaton_.states[id];
      if (state.kind == Kind::kChar && state.accepts < 0) {
        add(state.value);
      }
      for (const auto& range : state.set.ranges) {
        for (const char32_t c : {range.first, range.last}) {
          add(c);
          add(c - 1);
          add(c + 1);
        }
      }
    }
    std::vector<char32_t> out;
    for (const char32_t other :
         std::u32string_view(U"xyzabcdefghijklmnopqrstuvw0123456789XYZßéλж中")) {
      if (!chars.contains(other)) {
        out.push_back(other);
        break;
      }
    }
    out.insert(out.end(), chars.begin(), chars.end());
    return out;
  }

  void go_on(std::size_t at) {
    const Product from = found_[at]->first;
    work_ += from.states.size();
    for (const char32_t c : alphabet(from.states)) {
      step(from, at, c);
    }
  }

  /// The languages that a text which ends here belongs to.
  std::vector<std::uint32_t> members_at(const Product& product) const {
    std::vector<std::uint32_t> members;
    for (const std::uint32_t id : product.states) {
      if (automaton_.states[id].accepts >= 0) {
        members.push_back(static_cast<std::uint32_t>(automaton_.states[id].accepts));
      }
    }
    std::sort(members.begin(), members.end());
    return members;
  }

  std::string witness(std::size_t at) const {
    std::u32string reversed;
    for (; at != 0; at = origins_[at].from) {
      reversed += origins_[at].by;
    }
    std::string out;
    for (auto c = reversed.rbegin(); c != reversed.rend(); ++c) {
      text::append_utf8(out, *c);
    }
    return out;
  }

  const Automaton& automaton_;
  std::size_t budget_;
  std::size_t work_ = 0;  ///< states that were looked at
  std::vector<std::size_t> marked_;
  std::size_t mark_ = 0;
  std::map<Product, std::size_t> known_;
  std::deque<std::map<Product, std::size_t>::value_type*> found_;
  std::vector<Origin> origins_;
};

/// Side by side; returns where they begin.
inline std::vector<std::uint32_t> add_languages(Automaton& automaton,
                                                const std::vector<const GlobSequence*>& languages) {
  std::vector<std::uint32_t> starts;
  for (std::size_t i = 0; i < languages.size(); ++i) {
    const std::size_t first = automaton.states.size();
    Automaton::State end;
    end.accepts = static_cast<int>(i);
    starts.push_back(automaton.compile(*languages[i], automaton.add(std::move(end))));
    for (std::size_t id = first; id < automaton.states.size(); ++id) {
      automaton.states[id].owner = static_cast<int>(i);
    }
  }
  return starts;
}

}  // namespace oap::permission::walk
