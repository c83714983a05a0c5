#pragma once

#include <span>

#include "router/sentence.hpp"

namespace oap::router {

bool is_verb(const Unit& unit);
/// Whether a unit is a verb in this form; English words only.
bool has_form(const Unit& unit, Form form);

/// The units of one sentence, and what the place of a word among them says. Borrows the units.
class Line {
 public:
  Line() = default;
  Line(std::span<const Unit> units, Language language)
      : units_(units), language_(language), cjk_(language >= kChinese) {}

  Language language() const { return language_; }
  bool cjk() const { return cjk_; }
  std::size_t size() const { return units_.size(); }
  const Unit& operator[](std::size_t i) const { return units_[i]; }
  auto begin() const { return units_.begin(); }
  auto end() const { return units_.end(); }

  /// "please", "quickly": a verb may still follow where one could have stood.
  bool is_filler(const Unit& unit) const;
  /// "… or …" behind i, before anything new begins: a negation goes on.
  bool or_follows(std::size_t i) const;
  /// A verb right behind i, but for fillers.
  bool verb_follows(std::size_t i) const;
  /// Japanese and Korean: the noun form of a verb ("実装方法") orders nothing.
  bool is_order_here_cjk(std::size_t i) const;
  /// "ändere es nicht", "編集しないで": the negation stands behind the verb.
  bool negated_after(std::size_t i) const;
  /// "show it", "list them", "print its contents": the object is that of the order before.
  bool about_the_same(std::size_t i) const;
  /// English: the last word of the object; elsewhere any word of the clause.
  bool makes_artifact(std::size_t i) const;

 private:
  /// "変更を…", "변경을…", "변경 사항을…": the word is what something is done to.
  bool is_object_cjk(std::size_t i) const;
  /// "…する", "…して", "…해": the endings that make a verb of the word before.
  bool does_it(std::size_t i) const;
  /// Also веб-приложение, and as German and Dutch put nouns together: Authentifizierungssystem.
  bool artifact_word(const Unit& unit) const;

  std::span<const Unit> units_;
  Language language_ = kEnglish;
  bool cjk_ = false;
};

}  // namespace oap::router
