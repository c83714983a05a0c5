#include <algorithm>
#include <string>
#include <string_view>

#include "shell/script.hpp"
#include "shell/word.hpp"
#include "text/utf8.hpp"

// Words as the shell reads them back.
namespace oap::shell {
namespace {

/// What stands in an expansion, deceptive characters by their numbers.
std::string visible(std::string_view source) {
  std::string out;
  for (std::size_t at = 0; at < source.size();) {
    const text::CodePoint c = text::decode_at(source, at);
    const std::string_view piece = source.substr(at, c.length);
    const bool layout = piece == "\n" || piece == "\t";
    if (layout || (c.valid && !text::is_deceptive(c.value))) {
      out += piece;
    } else {
      std::string quoted = quote_word(piece);
      out += quoted.substr(2, quoted.size() - 3);
    }
    at += c.length;
  }
  return out;
}

/// `$name` at the end: a letter behind it would become part of the name.
bool ends_in_name(std::string_view expansion) {
  const std::size_t dollar = expansion.rfind('$');
  return dollar != std::string_view::npos && is_name(expansion.substr(dollar + 1));
}

/// Behind a plain `$`: what would make more of it than a character.
bool begins_expansion(std::string_view behind, bool last) {
  constexpr std::string_view kSpecial = "{([$@*#?-!'\"";
  return behind.empty() ? !last
                        : is_name_char(behind[0]) || kSpecial.find(behind[0]) != std::string::npos;
}

/// Plain bytes mean what they meant; what cannot be seen is quoted, which changes nothing of it.
void add_plain(std::string_view piece, bool first, bool last, std::string& out) {
  for (std::size_t at = 0; at < piece.size();) {
    const text::CodePoint c = text::decode_at(piece, at);
    const std::string_view one = piece.substr(at, c.length);
    if ((one == "$" && begins_expansion(piece.substr(at + 1), last)) ||
        (one == "#" && first && at == 0)) {
      out += '\\';
      out += one;
    } else if (c.valid && !text::is_deceptive(c.value)) {
      out += one;
    } else {
      out += quote_word(one);
    }
    at += c.length;
  }
}

bool has_no_letters(std::string_view text) {
  return std::none_of(text.begin(), text.end(), is_name_start);
}

/// `<(…)` or `>(…)`: right behind a number it would be a redirection, behind `{` something else.
bool substitutes(const Word& word, std::size_t at) {
  return at < word.text.size() && is_expansion(word.marks[at]) &&
         (word.text[at] == '<' || word.text[at] == '>');
}

std::string force_quotes(std::string_view piece) {
  std::string out = quote_word(piece);
  return out == piece ? "'" + out + "'" : out;
}

}  // namespace

std::string spell(const Word& word) {
  std::string out;
  for (std::size_t at = 0; at < word.text.size();) {
    const std::size_t end =
        std::min(word.marks.find_first_not_of(word.marks[at], at), word.marks.size());
    const std::string_view piece = std::string_view(word.text).substr(at, end - at);
    switch (static_cast<Mark>(word.marks[at])) {
      case Mark::kPlain:
        add_plain(piece, at == 0, end == word.text.size(), out);
        out += at == 0 && has_no_letters(piece) && substitutes(word, end) ? "''" : "";
        break;
      case Mark::kQuoted:
        out += force_quotes(piece);
        break;
      case Mark::kExpansion: {
        const bool joins = end < word.text.size() && is_name_char(word.text[end]) &&
                           word.marks[end] == static_cast<char>(Mark::kPlain);
        const std::string shown = visible(piece);
        out += joins && ends_in_name(shown) ? shown + "''" : shown;
        break;
      }
      case Mark::kQuotedExpansion:
        out += "\"" + visible(piece) + "\"";
        break;
    }
    at = end;
  }
  return out.empty() ? "''" : out;
}

std::string spell_assignment(const Word& word) {
  const std::size_t front = assignment_length(word);
  const Word value = word.part(front, word.text.size());
  if (value.text.empty()) {
    return word.text;
  }
  const bool plain = kind_of(value) == WordKind::kStatic;
  return spell(word.part(0, front)) + (plain ? quote_word(value.text) : spell(value));
}

}  // namespace oap::shell
