#include "migration/codex_rules.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::migration {
namespace {

constexpr std::size_t kMostRules = 5'000;
constexpr std::size_t kMostForms = 256;
constexpr int kMostDepth = 16;

/// Reads calls with literal arguments, and nothing else of Starlark.
class Reader {
 public:
  Reader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  Result<Translation> run() {
    if (!text::is_valid_utf8(text_)) {
      return fail(Code::kInvalidArgument, "{} is no UTF-8 text", file_);
    }
    while (true) {
      skip_space();
      if (at_ == text_.size()) {
        return std::move(out_);
      }
      if (text_[at_] == ';') {
        ++at_;
        continue;
      }
      OAP_CHECK_OK(statement());
    }
  }

 private:
  using Arguments = std::vector<std::pair<std::string, json::Value>>;

  std::string where(std::size_t at) const {
    int line = 1;
    for (std::size_t i = 0; i < at && i < text_.size(); ++i) {
      line += text_[i] == '\n' ? 1 : 0;
    }
    return fmt::format("{}:{}", file_, line);
  }
  tl::unexpected<Error> wrong(std::string_view what) const {
    return fail(Code::kInvalidArgument,
                "{}: {}; only calls such as prefix_rule(pattern=[\"git\", \"push\"], "
                "decision=\"prompt\") are read",
                where(at_), what);
  }
  void skip_space() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (text::is_space(c) ||
                 (c == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n')) {
        ++at_;
      } else {
        return;
      }
    }
  }
  bool take(char c) {
    skip_space();
    if (at_ < text_.size() && text_[at_] == c) {
      ++at_;
      return true;
    }
    return false;
  }
  std::string name() {
    skip_space();
    const std::size_t begin = at_;
    while (at_ < text_.size() && (text::is_alpha(text_[at_]) || text_[at_] == '_' ||
                                  (at_ > begin && text::is_digit(text_[at_])))) {
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  Result<void> statement() {
    const std::size_t begin = at_;
    const std::string called = name();
    if (called.empty() || !take('(')) {
      return wrong("expected a call");
    }
    Arguments arguments;
    while (!take(')')) {
      skip_space();
      const std::size_t before = at_;
      std::string key = name();
      if (key.empty() || !take('=')) {
        at_ = before;
        key.clear();
      }
      OAP_TRY(json::Value value, literal(0));
      arguments.emplace_back(std::move(key), std::move(value));
      if (!take(',')) {
        if (take(')')) {
          break;
        }
        return wrong("expected ',' or ')'");
      }
    }
    if (called != "prefix_rule") {
      out_.not_carried.push_back(
          {called, where(begin), "only prefix_rule is about what may be run"});
      return {};
    }
    return rule(arguments, where(begin));
  }

  Result<json::Value> literal(int depth) {
    skip_space();
    if (depth > kMostDepth) {
      return wrong("nested too deeply");
    }
    if (take('[') || take('(')) {
      const char end = text_[at_ - 1] == '[' ? ']' : ')';
      json::Array list;
      while (!take(end)) {
        OAP_TRY(json::Value item, literal(depth + 1));
        list.push_back(std::move(item));
        if (!take(',') && !(take(end) && (--at_, true))) {
          return wrong("expected ',' in a list");
        }
      }
      return json::Value(std::move(list));
    }
    if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) {
      return text_literal(false);
    }
    const std::size_t before = at_;
    const std::string word = name();
    if (word == "r" && at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) {
      return text_literal(true);
    }
    if (word == "True" || word == "False") {
      return json::Value(word == "True");
    }
    if (word == "None") {
      return json::Value(nullptr);
    }
    at_ = before;
    return wrong("expected a text or a list of texts");
  }

  Result<json::Value> text_literal(bool raw) {
    const char quote = text_[at_];
    const std::string triple(3, quote);
    const bool is_long = text_.substr(at_).starts_with(triple);
    const std::string end = is_long ? triple : std::string(1, quote);
    at_ += end.size();
    std::string out;
    while (!text_.substr(at_).starts_with(end)) {
      if (at_ >= text_.size() || (!is_long && text_[at_] == '\n')) {
        return wrong("a text without its end");
      }
      if (text_[at_] != '\\' || raw) {
        out += text_[at_++];
        continue;
      }
      static constexpr std::string_view kFrom = "ntr\\'\"";
      static constexpr std::string_view kTo = "\n\t\r\\'\"";
      const std::size_t known =
          at_ + 1 < text_.size() ? kFrom.find(text_[at_ + 1]) : std::string_view::npos;
      if (known == std::string_view::npos) {
        return wrong("an escape that is not known");
      }
      out += kTo[known];
      at_ += 2;
    }
    at_ += end.size();
    return json::Value(json::String(out));
  }

  Result<void> rule(const Arguments& arguments, const std::string& place) {
    std::vector<std::vector<std::string>> forms = {{}};
    std::string decision = "allow";
    std::string why;
    bool has_pattern = false;
    for (const auto& [key, value] : arguments) {
      if (key == "pattern" && value.is_array()) {
        has_pattern = !value.get_array().empty();
        OAP_CHECK_OK(spread(value.get_array(), place, forms));
      } else if (key == "decision" && value.is_string()) {
        decision = json::view(value.get_string());
      } else if (key == "justification" && value.is_string()) {
        why = json::view(value.get_string());
      } else if (key != "match" && key != "not_match" && key != "justification") {
        return fail(Code::kInvalidArgument, "{}: prefix_rule: '{}' is not known or of a wrong type",
                    place, key);
      }
    }
    const bool known = decision == "allow" || decision == "prompt" || decision == "forbidden";
    if (!has_pattern || !known) {
      return fail(Code::kInvalidArgument, "{}: prefix_rule: {}", place,
                  has_pattern ? "decision is allow, prompt or forbidden" : "a pattern is missing");
    }
    if (++rules_ > kMostRules) {
      return fail(Code::kResourceExhausted, "{}: more than {} rules", place, kMostRules);
    }
    const Level level = decision == "allow"    ? Level::kAllow
                        : decision == "prompt" ? Level::kAsk
                                               : Level::kDeny;
    const RuleMaker make(
        level, why.empty() ? "prefix_rule (" + place + ")" : fmt::format("{} ({})", why, place));
    for (const std::vector<std::string>& words : forms) {
      out_.rules.push_back(make.argv(words));
    }
    return {};
  }

  /// Every way to take one of each position.
  Result<void> spread(const json::Array& pattern, const std::string& place,
                      std::vector<std::vector<std::string>>& forms) {
    for (const json::Value& position : pattern) {
      std::vector<std::string> words;
      if (position.is_string()) {
        words.emplace_back(json::view(position.get_string()));
      } else if (position.is_array()) {
        for (const json::Value& word : position.get_array()) {
          if (word.is_string()) {
            words.emplace_back(json::view(word.get_string()));
          }
        }
      }
      if (words.empty() || words.size() * forms.size() > kMostForms) {
        return fail(Code::kInvalidArgument, "{}: prefix_rule: {}", place,
                    words.empty() ? "a position is neither a text nor a list of texts"
                                  : "more than 256 forms of one pattern");
      }
      std::vector<std::vector<std::string>> next;
      for (const std::vector<std::string>& form : forms) {
        for (const std::string& word : words) {
          next.push_back(form);
          next.back().push_back(word);
        }
      }
      forms = std::move(next);
    }
    return {};
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
  std::size_t rules_ = 0;
  Translation out_;
};

}  // namespace

Result<Translation> translate_codex(std::string_view text, const std::string& file) {
  return Reader(text, file).run();
}

}  // namespace oap::migration
