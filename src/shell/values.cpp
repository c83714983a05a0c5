#include "shell/values.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "shell/parser.hpp"

namespace oap::shell {
namespace {

constexpr std::size_t kMostValues = 16;
constexpr std::string_view kOneWord =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./@%+,-";

/// The names of `$a${b}…`; nothing where it is anything else.
std::optional<std::vector<std::string>> names_of(std::string_view expansion) {
  std::vector<std::string> out;
  while (!expansion.empty()) {
    if (expansion[0] != '$') {
      return std::nullopt;
    }
    expansion.remove_prefix(1);
    const bool braces = expansion.starts_with('{');
    expansion.remove_prefix(braces ? 1 : 0);
    std::size_t end = 0;
    while (end < expansion.size() && is_name_char(expansion[end])) {
      ++end;
    }
    const std::string_view name = expansion.substr(0, end);
    expansion.remove_prefix(end);
    if (!is_name(name) || (braces && !expansion.starts_with('}'))) {
      return std::nullopt;
    }
    expansion.remove_prefix(braces ? 1 : 0);
    out.emplace_back(name);
  }
  return out;
}

/// The value as it stands in a word; nothing where the shell would make something else of it.
std::optional<Word> placed(const Word& value, bool in_double, bool first, std::string_view behind) {
  if (value.plain_at(0, '~')) {
    const bool is_folder = first && (behind.empty() || behind[0] == '/');
    return is_folder ? std::optional(value) : std::nullopt;
  }
  Word out = value;
  if (in_double || kind_of(value) == WordKind::kGlob) {
    out.splits = !in_double;
    return out;
  }
  const bool one =
      !value.text.empty() && value.text.find_first_not_of(kOneWord) == std::string::npos;
  return one ? std::optional(out) : std::nullopt;
}

void extend(std::vector<Word>& heads, const std::vector<Word>& tails) {
  std::vector<Word> out;
  for (const Word& head : heads) {
    for (const Word& tail : tails) {
      out.push_back(head);
      out.back().add(tail);
    }
  }
  heads = std::move(out);
}

}  // namespace

void note_value(std::string_view name, const Word& value, Findings& findings) {
  const WordKind kind = kind_of(value);
  const std::size_t tilde = value.text.find('~');
  const bool expands = tilde != std::string::npos && value.plain_at(tilde, '~');
  if (expands || (kind != WordKind::kStatic && kind != WordKind::kGlob)) {
    return;
  }
  Word known = value;
  if (kind == WordKind::kStatic) {
    known.marks.assign(known.text.size(), static_cast<char>(Mark::kQuoted));
  }
  known.splits = false;
  std::vector<Word>& values = findings.values[std::string(name)];
  const bool seen = std::any_of(values.begin(), values.end(), [&](const Word& one) {
    return one.text == known.text && one.marks == known.marks;
  });
  if (!seen && values.size() <= kMostValues) {
    values.push_back(std::move(known));
  }
}

void note_assigned(const Word& word, Findings& findings) {
  const std::size_t length = assignment_length(word);
  const std::size_t end = word.text.find_first_of("[+=");
  if (end + 1 == length) {
    note_value(std::string_view(word.text).substr(0, end), word.part(length, word.text.size()),
               findings);
  }
}

KnownValues known_values(const Findings& findings, std::string_view source) {
  KnownValues out = findings.values;
  for (const auto& [name, text, mark] :
       {std::tuple{"HOME", '~', Mark::kPlain}, std::tuple{"PWD", '.', Mark::kQuoted}}) {
    if (source.find(name) != std::string_view::npos) {
      Word value;
      value.add(text, mark);
      out[name].push_back(std::move(value));
    }
  }
  return out;
}

std::vector<Word> put_values(const Word& word, const KnownValues& known) {
  if (known.empty() || !word.has_expansion()) {
    return {};
  }
  std::vector<Word> out(1);
  out.front().quoted = word.quoted;
  for (std::size_t at = 0; at < word.text.size();) {
    const char mark = word.marks[at];
    const std::size_t end = std::min(word.marks.find_first_not_of(mark, at), word.marks.size());
    if (!is_expansion(mark)) {
      const Word piece = word.part(at, end);
      if (piece.text.find_first_of("*?[]\\") != std::string::npos) {
        return {};
      }
      extend(out, {piece});
      at = end;
      continue;
    }
    const auto names = names_of(std::string_view(word.text).substr(at, end - at));
    if (!names) {
      return {};
    }
    for (const std::string& name : *names) {
      const auto found = known.find(name);
      if (found == known.end() || out.size() * found->second.size() > kMostValues) {
        return {};
      }
      std::vector<Word> values;
      for (const Word& value : found->second) {
        auto one = placed(value, mark == static_cast<char>(Mark::kQuotedExpansion), at == 0,
                          std::string_view(word.text).substr(end));
        if (!one) {
          return {};
        }
        values.push_back(*std::move(one));
      }
      extend(out, values);
    }
    at = end;
  }
  return out;
}

bool may_vanish(const Word& word) {
  return !word.quoted && word.has_expansion() &&
         word.marks.find_first_not_of(static_cast<char>(Mark::kExpansion)) == std::string::npos;
}

}  // namespace oap::shell
