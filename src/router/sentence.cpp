#include "router/sentence.hpp"

#include <algorithm>
#include <span>

#include "router/clause.hpp"
#include "router/line.hpp"
#include "router/mentions.hpp"

namespace oap::router {
namespace {

using TokenKind = Token::Kind;

bool changes_something(std::string_view tool) { return tool == "edit" || tool == "write"; }

class Reader {
 public:
  explicit Reader(Language language) : language_(language), cjk_(language >= kChinese) {}

  Reading read(std::span<const Unit> units) {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < units.size(); ++i) {
      if (units[i].ends_sentence()) {
        sentence(units.subspan(begin, i - begin), units[i].kind == TokenKind::kQuestion);
        begin = i + 1;
      }
    }
    reading_.files.assign(mentions_.files.begin(), mentions_.files.end());
    reading_.dependencies = std::move(mentions_.dependencies);
    reading_.counted_files = mentions_.counted_files;
    reading_.scope_words = mentions_.scope_words;
    reading_.hard_words = mentions_.hard_words;
    return std::move(reading_);
  }

 private:
  void sentence(std::span<const Unit> units, bool question) {
    units_ = Line(units, language_);
    ++sentence_;
    first_order_ = reading_.orders.size();
    clause_ = Clause{};
    clause_.question = question;
    const bool item = !units.empty() && units[0].kind == TokenKind::kItem;
    clause_.scope = opening_scope(units_, question);
    clause_.asked = clause_.scope == Scope::kInfo;
    for (std::size_t i = 0; i < units.size(); ++i) {
      unit(i);
    }
    if (reading_.orders.size() > first_order_) {
      reading_.items_with_orders += item ? 1 : 0;
    } else if (clause_.asked) {
      ++reading_.questions;
    }
  }

  void unit(std::size_t i) {
    const Unit& unit = units_[i];
    mentions_.note(units_, i);
    if (!unit.is_word()) {
      clause_.mark(units_, i);
      return;
    }
    if (clause_.steer(units_, i)) {
      return;
    }
    if (clause_.scope == Scope::kOrder && !clause_.negated) {
      mentions_.weigh(units_, i);
    }
    if (unit.is(Kind::kProgram) && program(i)) {
      return;
    }
    if (is_verb(unit) && verb(i)) {
      clause_.verb_may_start = false;
      clause_.after_and = false;
      return;
    }
    if (unit.is(Kind::kInfo) && clause_.may_be_verb(units_, i)) {
      clause_.scope = Scope::kInfo;
      clause_.asked = true;
      clause_.embedded = false;
    }
    clause_.verb_may_start = clause_.verb_may_start && units_.is_filler(unit);
  }

  bool is_noun_pair(std::size_t i) const {
    // "fix lint and test errors": the word after "and" belongs to the noun behind it.
    static constexpr std::string_view kHeads =
        " errors error failures failure issues issue warnings warning problems bugs cases coverage "
        "results result logs messages reports report names paths scripts steps targets ";
    return clause_.after_and && i + 1 < units_.size() && units_[i + 1].is_word() &&
           kHeads.find(" " + units_[i + 1].text + " ") != std::string_view::npos;
  }

  /// True where the unit was an order.
  bool verb(std::size_t i) {
    const Unit& unit = units_[i];
    if (language_ == kEnglish && !has_form(unit, Form::kBase)) {
      return other_form(i);
    }
    if (!clause_.may_be_verb(units_, i) || clause_.embedded || clause_.negated || is_noun_pair(i) ||
        units_.negated_after(i)) {
      return false;
    }
    if (unit.is(Kind::kInfo) && unit.entry(Kind::kTool) == nullptr) {
      return false;
    }
    if (clause_.scope == Scope::kInfo && !resumes_orders(i)) {
      return false;
    }
    clause_.scope = Scope::kOrder;
    record(i);
    return true;
  }

  /// "Explain main.py and fix the bug": a new order after an explanation.
  bool resumes_orders(std::size_t i) const {
    if (clause_.question || cjk_ || i == 0) {
      return false;
    }
    const Unit& before = units_[i - 1];
    if (before.kind == TokenKind::kComma) {
      return true;
    }
    return before.is(Kind::kAnd) && i >= 2 && !is_verb(units_[i - 2]);
  }

  /// "that implements …", "start refactoring", "should be migrated".
  bool other_form(std::size_t i) {
    const Unit& unit = units_[i];
    const Entry* plan = unit.entry(Kind::kPlan);
    if (plan == nullptr || clause_.negated || clause_.scope == Scope::kInfo) {
      return false;
    }
    const std::string_view before = i > 0 ? std::string_view(units_[i - 1].text) : "";
    const bool third = has_form(unit, Form::kThird) && (clause_.relative || clause_.after_and);
    const bool gerund = has_form(unit, Form::kGerund) &&
                        (clause_.verb_may_start || before == "needs" || before == "by");
    const bool past = has_form(unit, Form::kPast) && before == "be";
    if (!third && !gerund && !past) {
      return false;
    }
    Order order;
    order.plan = true;
    order.changes = true;
    order.sentence = sentence_;
    reading_.orders.push_back(order);
    return true;
  }

  void record(std::size_t i) {
    const Unit& unit = units_[i];
    Order order;
    order.sentence = sentence_;
    if (const Entry* tool = unit.entry(Kind::kTool)) {
      order.tool = tool->tool;
    }
    order.plan = unit.is(Kind::kPlan) || (unit.is(Kind::kMake) && units_.makes_artifact(i));
    order.work = unit.is(Kind::kWork);
    order.changes =
        order.plan || order.work || unit.is(Kind::kMake) || changes_something(order.tool);
    order.same_object = units_.about_the_same(i);
    if (unit.is(Kind::kPlan) && order.tool.empty() && unit.text == "plan") {
      order.changes = true;
    }
    if (merges(order, i)) {
      reading_.orders.back().plan = reading_.orders.back().plan || order.plan;
      return;
    }
    reading_.orders.push_back(std::move(order));
  }

  /// One use of a tool said in two words: "commit and push", "find them and list them".
  bool merges(const Order& order, std::size_t i) const {
    if (reading_.orders.size() == first_order_ || order.tool.empty() || order.plan) {
      return false;
    }
    const Order& last = reading_.orders.back();
    if (last.tool == order.tool && (order.tool == "git" || order.same_object)) {
      return true;
    }
    const bool side_by_side = i >= 2 &&
                              (units_[i - 1].is(Kind::kAnd) || units_[i - 1].is(Kind::kOr)) &&
                              is_verb(units_[i - 2]);
    if (last.tool == order.tool && side_by_side) {
      return true;
    }
    const bool presents = order.tool == "read" || order.tool == "list";
    return presents && order.same_object && !last.tool.empty();
  }

  /// git, npm, python …: at the start of a clause, or with a verb that runs or uses it.
  bool program(std::size_t i) {
    const Unit& unit = units_[i];
    if (clause_.negated || clause_.embedded || clause_.scope == Scope::kInfo ||
        unit.is(Kind::kTool)) {
      return false;
    }
    const std::string& tool = unit.entry(Kind::kProgram)->tool;
    const bool has_order = reading_.orders.size() > first_order_;
    const bool used = i > 0 && units_[i - 1].is(Kind::kUse);
    if (has_order && reading_.orders.back().tool == "bash" && !clause_.verb_may_start) {
      reading_.orders.back().tool = tool;
      return true;
    }
    if (has_order && used && reading_.orders.back().tool == tool) {
      return true;
    }
    const bool next_is_noun = i + 1 < units_.size() && units_[i + 1].is(Kind::kAnd);
    if ((clause_.verb_may_start && !next_is_noun) || (used && !has_order)) {
      Order order;
      order.tool = tool;
      order.sentence = sentence_;
      if (!merges(order, i)) {
        reading_.orders.push_back(std::move(order));
      }
      clause_.verb_may_start = false;
      return true;
    }
    return false;
  }

  Language language_;
  bool cjk_;
  Reading reading_;
  Line units_;
  Clause clause_;
  Mentions mentions_;
  std::size_t sentence_ = 0;
  std::size_t first_order_ = 0;
};

}  // namespace

Reading read_sentences(const std::vector<Unit>& units, Language language) {
  return Reader(language).read(units);
}

}  // namespace oap::router
