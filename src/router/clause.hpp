#pragma once

#include "router/line.hpp"

namespace oap::router {

enum class Scope { kOrder, kInfo };

/// Whether a sentence begins by asking or by ordering. Pure.
Scope opening_scope(const Line& line, bool question);

/// Where in a sentence its reading is, and so what a verb at this place would mean. Follows the
/// units of a line one by one.
struct Clause {
  Scope scope = Scope::kOrder;
  bool question = false;
  bool verb_may_start = true;  ///< an English verb may stand here
  bool negated = false;
  bool embedded = false;  ///< after "a script to …": what is described, not ordered
  bool relative = false;
  bool after_and = false;
  bool asked = false;

  void begin();
  /// What is no word: commas, colons, paths, numbers.
  void mark(const Line& line, std::size_t i);
  /// Words that steer: conjunctions, negations, polite openings. True where the unit is used up.
  bool steer(const Line& line, std::size_t i);
  /// Whether the place of a word allows it to be a verb.
  bool may_be_verb(const Line& line, std::size_t i) const;

 private:
  bool purpose(const Line& line, std::size_t i);
};

}  // namespace oap::router
