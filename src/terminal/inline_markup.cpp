#include "terminal/inline_markup.hpp"

#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <vector>

#include "terminal/width.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::terminal {
namespace {

constexpr std::size_t kMaxBytes = 16U << 10U;
constexpr int kMaxDepth = 12;

bool is_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}
bool is_word(char c) {
  return text::is_alpha(c) || text::is_digit(c) || (static_cast<unsigned char>(c) & 0x80U) != 0;
}

struct Link {
  std::string_view label;
  std::string_view target;
  std::size_t end;
};

class Markup {
 public:
  Markup(std::string_view text, const MarkupOptions& options)
      : text_(text), options_(options), code_end_(text.size() + 1, 0) {
    find_code();
  }

  Line run() {
    range(0, text_.size(), options_.base, 0);
    return std::move(line_);
  }

 private:
  using Failed = std::array<std::size_t, 8>;  // by kind of closer: from where none is known to be

  std::size_t run_length(std::size_t at) const {
    std::size_t end = at;
    while (end < text_.size() && text_[end] == text_[at]) {
      ++end;
    }
    return end - at;
  }
  bool is_escape(std::size_t at, std::size_t to) const {
    return text_[at] == '\\' && at + 1 < to && is_punctuation(text_[at + 1]);
  }

  /// Which runs of backticks open a code span, and where it ends.
  void find_code() {
    std::map<std::size_t, std::vector<std::size_t>> runs;  // by length, last first
    for (std::size_t at = text_.size(); at > 0;) {
      --at;
      if (text_[at] == '`' && (at == 0 || text_[at - 1] != '`')) {
        runs[run_length(at)].push_back(at);
      }
    }
    for (std::size_t at = 0; at < text_.size();) {
      if (is_escape(at, text_.size())) {
        at += 2;
        continue;
      }
      if (text_[at] != '`') {
        ++at;
        continue;
      }
      const std::size_t length = run_length(at);
      std::vector<std::size_t>& same = runs[length];
      while (!same.empty() && same.back() <= at) {
        same.pop_back();
      }
      code_end_[at] = same.empty() ? 0 : same.back() + length;
      at = same.empty() ? at + length : code_end_[at];
    }
  }

  void range(std::size_t from, std::size_t to, const Style& style, int depth) {
    Failed failed;
    failed.fill(std::string_view::npos);
    std::size_t at = from;
    while (at < to) {
      const std::size_t next = depth < kMaxDepth ? special(at, to, style, depth, failed) : at;
      if (next > at) {
        at = next;
        continue;
      }
      std::size_t end = at + 1;
      while (end < to &&
             std::string_view("\\`*_~[!<&h").find(text_[end]) == std::string_view::npos) {
        ++end;
      }
      add(line_, text_.substr(at, end - at), style);
      at = end;
    }
  }

  /// Writes the form that begins here and returns where it ends; `at` where none does.
  std::size_t special(std::size_t at, std::size_t to, const Style& style, int depth,
                      Failed& failed) {
    switch (text_[at]) {
      case '\\':
        if (is_escape(at, to)) {
          add(line_, text_.substr(at + 1, 1), style);
          return at + 2;
        }
        return at;
      case '`':
        return code(at, to, style);
      case '*':
      case '_':
      case '~':
        return emphasis(at, to, style, depth, failed);
      case '!':
        if (at + 1 < to && text_[at + 1] == '[') {
          return image(at, to, style);
        }
        return at;
      case '[':
        return link(at, to, style, depth);
      case '<':
        return autolink(at, to, style);
      case '&':
        return entity(at, to, style);
      case 'h':
        return address(at, to, style);
      default:
        return at;
    }
  }

  std::size_t code(std::size_t at, std::size_t to, const Style& style) {
    const std::size_t length = run_length(at);
    const std::size_t end = code_end_[at];
    if (end == 0 || end > to) {
      add(line_, text_.substr(at, length), style);
      return at + length;
    }
    std::string_view inner = text_.substr(at + length, end - at - 2 * length);
    if (inner.size() > 2 && inner.front() == ' ' && inner.back() == ' ' &&
        !text::trim(inner).empty()) {
      inner = inner.substr(1, inner.size() - 2);
    }
    Style look = style;
    look.colour = Colour::kCyan;
    add(line_, options_.marks ? "`" + std::string(inner) + "`" : std::string(inner), look);
    return end;
  }

  bool can_open(std::size_t at, std::size_t length, std::size_t to) const {
    const char before = at == 0 ? ' ' : text_[at - 1];
    const char after = at + length < to ? text_[at + length] : ' ';
    const bool left = !text::is_space(after) &&
                      (!is_punctuation(after) || text::is_space(before) || is_punctuation(before));
    return left && (text_[at] != '_' || !is_word(before));
  }
  bool can_close(std::size_t at, std::size_t length) const {
    const char before = at == 0 ? ' ' : text_[at - 1];
    const char after = at + length < text_.size() ? text_[at + length] : ' ';
    const bool right = !text::is_space(before) &&
                       (!is_punctuation(before) || text::is_space(after) || is_punctuation(after));
    return right && (text_[at] != '_' || !is_word(after));
  }

  std::optional<std::size_t> closer(char mark, std::size_t length, std::size_t from,
                                    std::size_t to) const {
    for (std::size_t at = from; at < to;) {
      if (is_escape(at, to)) {
        at += 2;
      } else if (text_[at] == '`') {
        at = code_end_[at] != 0 ? code_end_[at] : at + run_length(at);
      } else if (text_[at] != mark) {
        ++at;
      } else {
        const std::size_t run = run_length(at);
        const bool fits = run == length || (run > length && run != 2 && length != 3);
        if (at + run <= to && fits && can_close(at, run)) {
          return at + run - length;
        }
        at += run;
      }
    }
    return std::nullopt;
  }

  std::size_t emphasis(std::size_t at, std::size_t to, const Style& style, int depth,
                       Failed& failed) {
    const char mark = text_[at];
    const std::size_t run = run_length(at);
    const std::size_t most = mark == '~' ? 2 : 3;
    if (at + run < to && run <= most && can_open(at, run, to)) {
      for (std::size_t length = run; length > 0; --length) {
        std::size_t& none_from = failed[(mark == '*' ? 0U : mark == '_' ? 3U : 5U) + length - 1];
        if ((mark == '~' && length != 2) || at >= none_from) {
          continue;
        }
        const auto end = closer(mark, length, at + run, to);
        if (!end) {
          none_from = at;
          continue;
        }
        Style look = style;
        look.bold = look.bold || (mark != '~' && length >= 2);
        look.italic = look.italic || (mark != '~' && length != 2);
        look.strike = look.strike || mark == '~';
        add(line_, text_.substr(at, run - length), style);
        range(at + run, *end, look, depth + 1);
        return *end + length;
      }
    }
    const std::size_t end = std::min(at + run, to);
    add(line_, text_.substr(at, end - at), style);
    return end;
  }

  /// `[label](target "title")` from its bracket.
  std::optional<Link> link_at(std::size_t at, std::size_t to) const {
    constexpr std::size_t kMaxLink = 2'048;
    int open = 0;
    std::size_t end = at;
    const std::size_t limit = std::min(to, at + kMaxLink);
    for (; end < limit; ++end) {
      if (is_escape(end, limit)) {
        ++end;
      } else if (text_[end] == '`' && code_end_[end] != 0) {
        end = code_end_[end] - 1;
      } else if (text_[end] == '[') {
        ++open;
      } else if (text_[end] == ']' && --open == 0) {
        break;
      }
    }
    if (end + 1 >= limit || text_[end + 1] != '(') {
      return std::nullopt;
    }
    const std::string_view label = text_.substr(at + 1, end - at - 1);
    const std::size_t begin = end + 2;
    int parens = 1;
    for (end = begin; end < limit; ++end) {
      parens += text_[end] == '(' ? 1 : text_[end] == ')' ? -1 : 0;
      if (parens == 0) {
        break;
      }
    }
    if (end >= limit) {
      return std::nullopt;
    }
    std::string_view target = text::trim(text_.substr(begin, end - begin));
    if (const std::size_t space = target.find(' '); space != std::string_view::npos) {
      target = target.substr(0, space);
    }
    if (target.starts_with('<') && target.ends_with('>')) {
      target = target.substr(1, target.size() - 2);
    }
    return Link{label, target, end + 1};
  }

  void write_target(std::string_view target, const Style& style) {
    Style look = style;
    look.colour = Colour::kBlue;
    look.underline = true;
    add(line_, target, look);
  }

  std::size_t link(std::size_t at, std::size_t to, const Style& style, int depth) {
    const std::optional<Link> found = link_at(at, to);
    if (!found) {
      return at;
    }
    if (found->label == found->target || found->label.empty()) {
      write_target(found->target, style);
      return found->end;
    }
    const auto from = static_cast<std::size_t>(found->label.data() - text_.data());
    range(from, from + found->label.size(), style, depth + 1);
    if (!found->target.empty()) {
      add(line_, " (", style);
      write_target(found->target, style);
      add(line_, ")", style);
    }
    return found->end;
  }

  std::size_t image(std::size_t at, std::size_t to, const Style& style) {
    const std::optional<Link> found = link_at(at + 1, to);
    if (!found) {
      return at;
    }
    add(line_, "[image: " + std::string(found->label) + "] (", style);
    write_target(found->target, style);
    add(line_, ")", style);
    return found->end;
  }

  std::size_t autolink(std::size_t at, std::size_t to, const Style& style) {
    const std::size_t end = text_.find('>', at);
    if (end == std::string_view::npos || end >= to) {
      return at;
    }
    const std::string_view inner = text_.substr(at + 1, end - at - 1);
    const bool is_link = inner.starts_with("http://") || inner.starts_with("https://") ||
                         inner.starts_with("mailto:");
    if (!is_link || inner.find(' ') != std::string_view::npos) {
      return at;
    }
    write_target(inner, style);
    return end + 1;
  }

  /// A bare address (GFM autolinks): its underscores are no emphasis.
  std::size_t address(std::size_t at, std::size_t to, const Style& style) {
    const std::string_view rest = text_.substr(at, to - at);
    const bool starts = rest.starts_with("http://") || rest.starts_with("https://");
    if (!starts || (at > 0 && is_word(text_[at - 1]))) {
      return at;
    }
    std::size_t length = rest.find_first_of(" <>`\"|");
    length = length == std::string_view::npos ? rest.size() : length;
    while (length > 8 &&
           std::string_view(".,;:!?)*_~]'").find(rest[length - 1]) != std::string_view::npos) {
      --length;
    }
    write_target(rest.substr(0, length), style);
    return at + length;
  }

  std::size_t entity(std::size_t at, std::size_t to, const Style& style) {
    constexpr std::size_t kLongest = 10;
    const std::string_view rest = text_.substr(at, std::min(kLongest, to - at));
    const std::size_t end = rest.find(';');
    if (end == std::string_view::npos) {
      return at;
    }
    const std::string_view name = rest.substr(1, end - 1);
    static const std::map<std::string_view, std::string_view> kNames = {
        {"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}, {"nbsp", " "}};
    if (const auto found = kNames.find(name); found != kNames.end()) {
      add(line_, found->second, style);
      return at + end + 1;
    }
    if (name.size() < 2 || name[0] != '#') {
      return at;
    }
    const bool hex = name[1] == 'x' || name[1] == 'X';
    const std::string_view digits = name.substr(hex ? 2 : 1);
    unsigned value = 0;
    const auto parsed =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
    if (digits.empty() || parsed.ptr != digits.data() + digits.size()) {
      return at;
    }
    std::string letter;
    text::append_utf8(letter, value == '\n' ? U' ' : static_cast<char32_t>(value));
    add(line_, shown(letter), style);
    return at + end + 1;
  }

  std::string_view text_;
  const MarkupOptions& options_;
  std::vector<std::size_t> code_end_;  // by place of its first backtick; 0: none begins there
  Line line_;
};

}  // namespace

Line inline_markup(std::string_view text, const MarkupOptions& options) {
  if (text.size() > kMaxBytes) {
    Line line;
    add(line, text, options.base);
    return line;
  }
  return Markup(text, options).run();
}

}  // namespace oap::terminal
