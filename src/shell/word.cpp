#include "shell/word.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "text/strings.hpp"

namespace oap::shell {
namespace {

constexpr std::size_t kMaxBraces = 64;
constexpr std::size_t kMaxWords = 1024;
constexpr std::size_t kMaxExpandedBytes = 1U << 18U;

struct Braces {
  std::size_t open = 0;
  std::size_t close = 0;
  std::vector<std::size_t> commas;
};

/// The group that opens at `open`, where it closes.
std::optional<Braces> group_at(const Word& word, std::size_t open) {
  Braces found{open, 0, {}};
  int depth = 0;
  for (std::size_t i = open; i < word.text.size(); ++i) {
    if (word.plain_at(i, '{')) {
      ++depth;
    } else if (word.plain_at(i, '}')) {
      if (--depth == 0) {
        found.close = i;
        return found;
      }
    } else if (depth == 1 && word.plain_at(i, ',')) {
      found.commas.push_back(i);
    }
  }
  return std::nullopt;
}

std::optional<std::int64_t> integer(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
    return std::nullopt;
  }
  return value;
}

/// The items of "1..9", "a..e", "1..9..2"; none where it is no sequence.
std::vector<std::string> sequence(std::string_view body, bool& overflow) {
  const std::size_t first_dots = body.find("..");
  if (first_dots == std::string_view::npos) {
    return {};
  }
  const std::string_view from = body.substr(0, first_dots);
  std::string_view to = body.substr(first_dots + 2);
  std::int64_t step = 1;
  if (const std::size_t dots = to.find(".."); dots != std::string_view::npos) {
    const auto given = integer(to.substr(dots + 2));
    if (!given) {
      return {};
    }
    step = *given == 0 || *given == INT64_MIN ? 1 : (*given < 0 ? -*given : *given);
    to = to.substr(0, dots);
  }
  const bool letters =
      from.size() == 1 && to.size() == 1 && text::is_alpha(from[0]) && text::is_alpha(to[0]);
  const auto begin = letters ? std::optional<std::int64_t>(from[0]) : integer(from);
  const auto end = letters ? std::optional<std::int64_t>(to[0]) : integer(to);
  if (!begin || !end) {
    return {};
  }
  constexpr std::int64_t kFar = std::int64_t{1} << 40;
  if (std::max(*begin, *end) > kFar || std::min(*begin, *end) < -kFar ||
      std::max(*begin, *end) - std::min(*begin, *end) > static_cast<std::int64_t>(kMaxWords)) {
    overflow = true;
    return {};
  }
  const auto padded = [](std::string_view text) {
    text.remove_prefix(text.starts_with('-') ? 1 : 0);
    return text.size() > 1 && text.starts_with('0');
  };
  const std::size_t width = padded(from) || padded(to) ? std::max(from.size(), to.size()) : 0;
  std::vector<std::string> items;
  const bool up = *begin <= *end;
  for (std::int64_t v = *begin; up ? v <= *end : v >= *end; v += up ? step : -step) {
    std::string item = letters ? std::string(1, static_cast<char>(v)) : std::to_string(v);
    if (item.size() < width) {
      item.insert(item.starts_with('-') ? 1 : 0, width - item.size(), '0');
    }
    items.push_back(std::move(item));
  }
  return items;
}

void expand(const Word& word, std::vector<Word>& out, std::size_t& bytes, bool& overflow);

std::vector<Word> alternatives(const Word& word, const Braces& braces, std::size_t& bytes,
                               bool& overflow) {
  std::vector<Word> out;
  if (!braces.commas.empty()) {
    std::size_t from = braces.open + 1;
    for (std::size_t i = 0; i <= braces.commas.size(); ++i) {
      const std::size_t to = i < braces.commas.size() ? braces.commas[i] : braces.close;
      expand(word.part(from, to), out, bytes, overflow);
      from = to + 1;
    }
    return out;
  }
  const Word body = word.part(braces.open + 1, braces.close);
  if (!body.all_plain()) {
    return out;
  }
  for (const std::string& item : sequence(body.text, overflow)) {
    Word one;
    one.add(item, Mark::kPlain);
    out.push_back(std::move(one));
  }
  return out;
}

void expand(const Word& word, std::vector<Word>& out, std::size_t& bytes, bool& overflow) {
  for (std::size_t i = 0; i < word.text.size() && !overflow; ++i) {
    if (!word.plain_at(i, '{')) {
      continue;
    }
    const auto braces = group_at(word, i);
    if (!braces) {
      continue;
    }
    const std::vector<Word> middle = alternatives(word, *braces, bytes, overflow);
    if (middle.empty()) {
      continue;
    }
    std::vector<Word> tails;
    expand(word.part(braces->close + 1, word.text.size()), tails, bytes, overflow);
    const Word head = word.part(0, i);
    for (const Word& m : middle) {
      for (const Word& tail : tails) {
        Word whole = head;
        whole.add(m);
        whole.add(tail);
        whole.quoted = word.quoted;
        whole.splits = word.splits;
        bytes += whole.text.size() + 1;
        if (out.size() >= kMaxWords || bytes > kMaxExpandedBytes) {
          overflow = true;
          return;
        }
        out.push_back(std::move(whole));
      }
    }
    return;
  }
  out.push_back(word);
}

/// Braces come before variables: letters that they put behind `$name` are a part of the name.
void join_names(Word& word) {
  constexpr char kExpands = static_cast<char>(Mark::kExpansion);
  for (std::size_t i = 0; i < word.text.size(); ++i) {
    if (word.text[i] != '$' || word.marks[i] != kExpands) {
      continue;
    }
    for (++i; i < word.text.size() && is_name_char(word.text[i]) &&
              (word.marks[i] == kExpands || word.plain_at(i, word.text[i]));
         ++i) {
      word.marks[i] = kExpands;
    }
    --i;
  }
}

/// `{$,}x`: what the `$` will begin is not known here.
bool makes_dollar(const Word& word) {
  for (std::size_t i = 0; i + 1 < word.text.size(); ++i) {
    if (word.plain_at(i, '$') && (word.plain_at(i + 1, ',') || word.plain_at(i + 1, '}'))) {
      return true;
    }
  }
  return false;
}

}  // namespace

void Word::add(char c, Mark mark) {
  text += c;
  marks += static_cast<char>(mark);
}

void Word::add(std::string_view bytes, Mark mark) {
  text += bytes;
  marks.append(bytes.size(), static_cast<char>(mark));
}

void Word::add(const Word& other) {
  text += other.text;
  marks += other.marks;
  quoted = quoted || other.quoted;
  splits = splits || other.splits;
}

Word Word::part(std::size_t from, std::size_t to) const {
  Word out;
  out.text = text.substr(from, to - from);
  out.marks = marks.substr(from, to - from);
  return out;
}

bool Word::all_plain() const {
  return !quoted && marks.find_first_not_of(static_cast<char>(Mark::kPlain)) == std::string::npos;
}

bool Word::has_expansion() const { return std::any_of(marks.begin(), marks.end(), is_expansion); }

WordKind kind_of(const Word& word) {
  if (word.has_expansion()) {
    return WordKind::kDynamic;
  }
  bool glob = false;
  for (std::size_t i = 0; i < word.text.size(); ++i) {
    glob = glob || word.plain_at(i, '*') || word.plain_at(i, '?') ||
           (word.plain_at(i, '[') && word.text.find(']', i) != std::string::npos);
  }
  if (!word.plain_at(0, '~')) {
    return glob ? WordKind::kGlob : WordKind::kStatic;
  }
  const std::size_t slash = std::min(word.text.find('/'), word.text.size());
  const bool quoted_prefix = word.marks.substr(0, slash).find('q') != std::string::npos;
  if (quoted_prefix) {
    return glob ? WordKind::kGlob : WordKind::kStatic;
  }
  return slash == 1 && !glob ? WordKind::kTilde : WordKind::kDynamic;
}

bool is_name_start(char c) { return text::is_alpha(c) || c == '_'; }
bool is_name_char(char c) { return is_name_start(c) || text::is_digit(c); }

bool is_name(std::string_view text) {
  return !text.empty() && is_name_start(text[0]) &&
         std::all_of(text.begin(), text.end(), is_name_char);
}

std::size_t assignment_length(const Word& word) {
  std::size_t at = 0;
  while (at < word.text.size() && is_name_char(word.text[at]) && word.plain_at(at, word.text[at])) {
    ++at;
  }
  if (at == 0 || !is_name_start(word.text[0])) {
    return 0;
  }
  if (word.plain_at(at, '[')) {
    int depth = 0;
    for (; at < word.text.size(); ++at) {
      if (word.plain_at(at, '[')) {
        ++depth;
      } else if (word.plain_at(at, ']') && --depth == 0) {
        ++at;
        break;
      }
    }
  }
  if (word.plain_at(at, '+')) {
    ++at;
  }
  return word.plain_at(at, '=') ? at + 1 : 0;
}

std::vector<Word> expand_braces(const Word& word, bool& overflow) {
  if (word.text.find('{') == std::string::npos) {
    return {word};
  }
  std::size_t braces = 0;
  for (std::size_t i = 0; i < word.text.size(); ++i) {
    braces += word.plain_at(i, '{') ? 1U : 0U;
  }
  std::vector<Word> out;
  std::size_t bytes = 0;
  bool too_much = braces > kMaxBraces || makes_dollar(word);
  if (!too_much) {
    expand(word, out, bytes, too_much);
  }
  if (too_much) {
    overflow = true;
    return {word};
  }
  if (out.size() > 1) {
    std::for_each(out.begin(), out.end(), join_names);
  }
  return out;
}

}  // namespace oap::shell
