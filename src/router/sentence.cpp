#include "router/sentence.hpp"

#include <algorithm>
#include <span>
#include <unordered_set>

#include "router/line.hpp"
#include "router/names.hpp"

namespace oap::router {
namespace {

using TokenKind = Token::Kind;

enum class Scope { kOrder, kInfo };

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
    reading_.files.assign(files_.begin(), files_.end());
    return std::move(reading_);
  }

 private:
  struct State {
    Scope scope = Scope::kOrder;
    bool question = false;
    bool clause_start = true;  ///< an English verb may stand here
    bool negated = false;
    bool embedded = false;  ///< after "a script to …": what is described, not ordered
    bool relative = false;
    bool after_and = false;
    bool asked = false;
  };

  void sentence(std::span<const Unit> units, bool question) {
    units_ = Line(units, language_);
    ++sentence_;
    first_order_ = reading_.orders.size();
    state_ = State{};
    state_.question = question;
    const bool item = !units.empty() && units[0].kind == TokenKind::kItem;
    state_.scope = opening_scope(question);
    state_.asked = state_.scope == Scope::kInfo;
    for (std::size_t i = 0; i < units.size(); ++i) {
      unit(i);
    }
    if (reading_.orders.size() > first_order_) {
      reading_.items_with_orders += item ? 1 : 0;
    } else if (state_.asked) {
      ++reading_.questions;
    }
  }

  /// Whether the sentence begins by asking or by ordering.
  Scope opening_scope(bool question) const {
    bool polite = false;
    for (std::size_t i = 0; i < units_.size() && (cjk_ || i < 8); ++i) {
      polite = polite || units_[i].is(Kind::kPolite);
    }
    if (cjk_) {
      return opening_scope_cjk(question, polite);
    }
    for (const Unit& unit : units_) {
      if (unit.is(Kind::kPolite)) {
        return Scope::kOrder;
      }
      if (unit.is(Kind::kQuestion) || unit.is(Kind::kInfo)) {
        return Scope::kInfo;
      }
      const bool skipped = unit.is(Kind::kGreeting) || unit.is(Kind::kThen) ||
                           unit.is(Kind::kAnd) || unit.is(Kind::kBut) || !unit.is_word();
      if (!skipped) {
        break;
      }
    }
    return question && !polite ? Scope::kInfo : Scope::kOrder;
  }

  Scope opening_scope_cjk(bool question, bool polite) const {
    bool verb_first = false;
    bool asks = question;
    for (std::size_t i = 0; i < units_.size(); ++i) {
      const Unit& unit = units_[i];
      if (unit.is(Kind::kInfo) && (!verb_first || language_ == kChinese)) {
        return verb_first ? Scope::kOrder : Scope::kInfo;
      }
      verb_first = verb_first || (is_verb(unit) && units_.is_order_here_cjk(i));
      asks = asks || unit.is(Kind::kQuestion);
    }
    return asks && !polite ? Scope::kInfo : Scope::kOrder;
  }

  void unit(std::size_t i) {
    const Unit& unit = units_[i];
    note_file_or_host(i);
    if (!unit.is_word()) {
      boundary(i);
      return;
    }
    if (control(i)) {
      return;
    }
    note_weight(i);
    if (unit.is(Kind::kProgram) && program(i)) {
      return;
    }
    if (is_verb(unit) && verb(i)) {
      state_.clause_start = false;
      state_.after_and = false;
      return;
    }
    if (unit.is(Kind::kInfo) && may_be_verb(i)) {
      state_.scope = Scope::kInfo;
      state_.asked = true;
      state_.embedded = false;
    }
    state_.clause_start = state_.clause_start && units_.is_filler(unit);
  }

  void boundary(std::size_t i) {
    switch (units_[i].kind) {
      case TokenKind::kComma:
        state_.embedded = false;
        state_.relative = false;
        state_.negated = state_.negated && units_.or_follows(i);
        state_.clause_start = true;
        break;
      case TokenKind::kColon:
        state_.clause_start = true;
        state_.embedded = false;
        break;
      case TokenKind::kItem:
        break;
      case TokenKind::kPath:
      case TokenKind::kUrl:
      case TokenKind::kHost:
      case TokenKind::kNumber:
      case TokenKind::kQuoted:
      case TokenKind::kWord:
      case TokenKind::kEnd:
      case TokenKind::kQuestion:
        state_.clause_start = false;
        state_.after_and = false;
        break;
    }
  }

  /// Words that steer: conjunctions, negations, polite openings. True where the unit is used up.
  bool control(std::size_t i) {
    const Unit& unit = units_[i];
    const bool after_article = i > 0 && units_[i - 1].is(Kind::kDeterminer);
    if (unit.is(Kind::kPolite)) {
      if (state_.scope == Scope::kInfo && !state_.clause_start && !cjk_) {
        return true;
      }
      const bool negated = i > 0 && units_[i - 1].is(Kind::kNo);
      state_.scope = Scope::kOrder;
      begin_clause();
      state_.negated = negated;
      return true;
    }
    if (unit.is(Kind::kThen) && !after_article && !unit.is(Kind::kQuestion)) {
      if (state_.scope == Scope::kInfo && units_.verb_follows(i)) {
        state_.scope = Scope::kOrder;
      }
      begin_clause();
      return true;
    }
    if (unit.is(Kind::kBut)) {
      const bool start = state_.clause_start;
      begin_clause();
      // "only" and "just" inside a clause begin none.
      state_.clause_start = start || unit.text.size() > 2;
      return true;
    }
    if (unit.is(Kind::kOr)) {
      state_.clause_start = true;
      return true;
    }
    if (unit.is(Kind::kNoAfter) && cjk_) {
      begin_clause();
      return true;
    }
    if (unit.is(Kind::kNo) || unit.is(Kind::kNoAfter)) {
      state_.negated = true;
      state_.clause_start = true;
      return true;
    }
    if (unit.is(Kind::kAnd)) {
      state_.clause_start = true;
      state_.after_and = true;
      state_.negated = state_.negated && units_.or_follows(i);
      if (state_.relative && i > 0 && !is_verb(units_[i - 1])) {
        state_.embedded = false;
      }
      return true;
    }
    return purpose(i);
  }

  void begin_clause() {
    state_.clause_start = true;
    state_.negated = false;
    state_.embedded = false;
    state_.relative = false;
    state_.after_and = false;
  }

  bool purpose(std::size_t i) {
    const Unit& unit = units_[i];
    if (!unit.is(Kind::kPurpose)) {
      return false;
    }
    if (language_ == kEnglish && unit.text == "to") {
      state_.embedded = state_.embedded || (!state_.clause_start && units_.verb_follows(i));
      return state_.clause_start;
    }
    if (language_ == kEnglish) {
      state_.relative = unit.text == "that" || unit.text == "which" || unit.text == "who";
      state_.embedded = true;
      return true;
    }
    if (i + 1 < units_.size() && is_verb(units_[i + 1])) {
      state_.embedded = true;
    }
    return unit.is(Kind::kDeterminer) ? false : true;
  }

  /// Whether the place of a word allows it to be a verb.
  bool may_be_verb(std::size_t i) const {
    const Unit& unit = units_[i];
    if (cjk_) {
      return units_.is_order_here_cjk(i);
    }
    const bool english = language_ == kEnglish ||
                         std::all_of(unit.entries.begin(), unit.entries.end(),
                                     [](const Entry& entry) { return entry.language == kEnglish; });
    if (english) {
      return state_.clause_start;
    }
    return i == 0 || state_.clause_start || !units_[i - 1].is(Kind::kDeterminer);
  }

  bool is_noun_pair(std::size_t i) const {
    // "fix lint and test errors": the word after "and" belongs to the noun behind it.
    static constexpr std::string_view kHeads =
        " errors error failures failure issues issue warnings warning problems bugs cases coverage "
        "results result logs messages reports report names paths scripts steps targets ";
    return state_.after_and && i + 1 < units_.size() && units_[i + 1].is_word() &&
           kHeads.find(" " + units_[i + 1].text + " ") != std::string_view::npos;
  }

  /// True where the unit was an order.
  bool verb(std::size_t i) {
    const Unit& unit = units_[i];
    if (language_ == kEnglish && !has_form(unit, Form::kBase)) {
      return other_form(i);
    }
    if (!may_be_verb(i) || state_.embedded || state_.negated || is_noun_pair(i) ||
        units_.negated_after(i)) {
      return false;
    }
    if (unit.is(Kind::kInfo) && unit.entry(Kind::kTool) == nullptr) {
      return false;
    }
    if (state_.scope == Scope::kInfo && !resumes_orders(i)) {
      return false;
    }
    state_.scope = Scope::kOrder;
    record(i);
    return true;
  }

  /// "Explain main.py and fix the bug": a new order after an explanation.
  bool resumes_orders(std::size_t i) const {
    if (state_.question || cjk_ || i == 0) {
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
    if (plan == nullptr || state_.negated || state_.scope == Scope::kInfo) {
      return false;
    }
    const std::string_view before = i > 0 ? std::string_view(units_[i - 1].text) : "";
    const bool third = has_form(unit, Form::kThird) && (state_.relative || state_.after_and);
    const bool gerund = has_form(unit, Form::kGerund) &&
                        (state_.clause_start || before == "needs" || before == "by");
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
    if (state_.negated || state_.embedded || state_.scope == Scope::kInfo || unit.is(Kind::kTool)) {
      return false;
    }
    const std::string& tool = unit.entry(Kind::kProgram)->tool;
    const bool has_order = reading_.orders.size() > first_order_;
    const bool used = i > 0 && units_[i - 1].is(Kind::kUse);
    if (has_order && reading_.orders.back().tool == "bash" && !state_.clause_start) {
      reading_.orders.back().tool = tool;
      return true;
    }
    if (has_order && used && reading_.orders.back().tool == tool) {
      return true;
    }
    const bool next_is_noun = i + 1 < units_.size() && units_[i + 1].is(Kind::kAnd);
    if ((state_.clause_start && !next_is_noun) || (used && !has_order)) {
      Order order;
      order.tool = tool;
      order.sentence = sentence_;
      if (!merges(order, i)) {
        reading_.orders.push_back(std::move(order));
      }
      state_.clause_start = false;
      return true;
    }
    return false;
  }

  void note_weight(std::size_t i) {
    const Unit& unit = units_[i];
    if (state_.scope == Scope::kInfo || state_.negated) {
      return;
    }
    reading_.scope_words += unit.is(Kind::kScope) ? 1 : 0;
    reading_.hard_words += unit.is(Kind::kHard) ? 1 : 0;
    if (!unit.is(Kind::kService)) {
      return;
    }
    const bool local = i + 1 < units_.size() &&
                       (units_[i + 1].is(Kind::kLocal) || units_[i + 1].kind == TokenKind::kPath);
    if (!local) {
      add_dependency(unit.text);
    }
  }

  void note_file_or_host(std::size_t i) {
    const Unit& unit = units_[i];
    if (unit.kind == TokenKind::kPath) {
      files_.insert(unit.text);
    } else if (unit.kind == TokenKind::kUrl) {
      add_dependency(host_of(unit.text));
    } else if (unit.kind == TokenKind::kHost) {
      add_dependency(unit.text.substr(0, unit.text.find_first_of("/:")));
    } else if (unit.is_word() && is_bare_file_name(unit.text)) {
      files_.insert(unit.text);
    } else if (unit.is(Kind::kFileNoun) && i > 0 && units_[i - 1].kind == TokenKind::kNumber &&
               units_[i - 1].text.size() < 6) {
      reading_.counted_files = std::max(reading_.counted_files, std::stoi(units_[i - 1].text));
    }
  }

  void add_dependency(std::string name) {
    if (!name.empty() && !is_loopback(name) && known_.insert(name).second) {
      reading_.dependencies.push_back(std::move(name));
    }
  }

  Language language_;
  bool cjk_;
  Reading reading_;
  Line units_;
  State state_;
  std::size_t sentence_ = 0;
  std::size_t first_order_ = 0;
  std::unordered_set<std::string> files_;
  std::unordered_set<std::string> known_;
};

}  // namespace

Reading read_sentences(const std::vector<Unit>& units, Language language) {
  return Reader(language).read(units);
}

}  // namespace oap::router
