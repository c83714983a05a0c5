#include <algorithm>
#include <array>
#include <vector>

#include "security/secret_checks.hpp"
#include "security/secret_context.hpp"
#include "text/strings.hpp"

namespace oap::security {
namespace {

constexpr std::size_t kLongestHeader = 4096;
constexpr std::size_t kLongestTable = 128U << 10U;
constexpr std::size_t kMostColumns = 64;

/// The line that holds `at`; its end is the text's where there is no newline.
std::size_t line_start(std::string_view text, std::size_t at) {
  const std::size_t newline = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}
std::size_t line_end(std::string_view text, std::size_t at) {
  return std::min(text.find('\n', at), text.size());
}

std::string_view unquoted(std::string_view word) {
  word = text::trim(word);
  while (word.size() > 1 && (word.front() == '"' || word.front() == '\'' || word.front() == '`') &&
         word.back() == word.front()) {
    word = word.substr(1, word.size() - 2);
  }
  return word;
}

/// Names of cookies that say who somebody is.
bool names_session(std::string_view name) {
  const std::string lower = text::lower_ascii(name);
  static constexpr std::array<std::string_view, 14> kParts = {
      "sess",     "sid", "auth",     "token",  "jwt",     "logged_in", "login",
      "remember", "sso", "identity", "access", "refresh", "__host-",   "__secure-"};
  return std::any_of(kParts.begin(), kParts.end(),
                     [&](std::string_view part) { return lower.find(part) != std::string::npos; });
}

bool is_session_value(std::string_view value) {
  return value.size() >= 16 && value.size() <= kLongestHeader && entropy(value) >= 2.8 &&
         !is_sample(value) && !is_reference(value) &&
         (restlessness(value) >= 0.2 || is_mixed(value)) &&
         value.find_first_of("0123456789") != std::string_view::npos;
}

struct Cell {
  std::size_t start = 0;
  std::size_t end = 0;
};

/// The cells of one line: separated by `mark`, quoted ones whole.
std::vector<Cell> cells_of(std::string_view text, std::size_t from, std::size_t to, char mark) {
  std::vector<Cell> out;
  std::size_t start = from;
  bool quoted = false;
  for (std::size_t at = from; at <= to && out.size() < kMostColumns; ++at) {
    if (at < to && text[at] == '"') {
      quoted = !quoted;
    } else if (at == to || (text[at] == mark && !quoted)) {
      const std::string_view inner = unquoted(text.substr(start, at - start));
      const std::size_t first =
          inner.empty() ? start : static_cast<std::size_t>(inner.data() - text.data());
      out.push_back({first, first + inner.size()});
      start = at + 1;
    }
  }
  return out;
}

/// A first line of names: short, of letters, none twice as long as a name is.
bool is_header(std::string_view text, const std::vector<Cell>& cells, char mark) {
  std::size_t named = 0;
  for (const Cell& cell : cells) {
    const std::string_view name = text.substr(cell.start, cell.end - cell.start);
    if (name.size() > 40 || name.find_first_of("=(){}<>:\"'$\\") != std::string_view::npos) {
      return false;
    }
    const bool word = !name.empty() && text::is_alpha(name.front());
    if (!word && !name.empty()) {
      return false;
    }
    named += word ? 1 : 0;
  }
  return named >= 2 && (mark == '|' || named == cells.size());
}

bool is_rule(std::string_view line) {
  return !line.empty() && line.find_first_not_of("-|:+= \t") == std::string_view::npos;
}

/// The mark between the columns: the one that ends the hit, or the commonest in the line.
char mark_of(std::string_view line) {
  char best = ',';
  std::ptrdiff_t most = 0;
  for (const char mark : {',', ';', '\t', '|'}) {
    const auto count = std::count(line.begin(), line.end(), mark);
    if (count > most) {
      most = count;
      best = mark;
    }
  }
  return best;
}

}  // namespace

/// `echo SECRET | sudo -S …`, `echo user:SECRET | chpasswd`: what stands before the hit.
ContextAnswer look_at_piped(const TextView& view, std::size_t end) {
  ContextAnswer answer;
  const std::string_view text = view.text;
  const std::size_t from = std::max(line_start(text, end), end > 300 ? end - 300 : 0);
  const std::size_t pipe = text.rfind('|', end - 1);
  answer.hold = from;
  if (pipe == std::string_view::npos || pipe < from) {
    return answer;
  }
  std::string_view before = text.substr(from, pipe - from);
  std::size_t word = std::string_view::npos;
  for (const std::string_view printer : {"echo ", "printf "}) {
    const std::size_t at = before.rfind(printer);
    word = at == std::string_view::npos ? word : at + printer.size();
  }
  if (word == std::string_view::npos) {
    return answer;
  }
  std::string_view value = text::trim(before.substr(word));
  while (value.starts_with("-") && value.find(' ') != std::string_view::npos) {
    value = text::trim(value.substr(value.find(' ')));
  }
  if (value.starts_with("'%s") || value.starts_with("\"%s")) {
    value = text::trim(value.substr(std::min(value.find(' '), value.size())));
  }
  value = unquoted(value);
  while (value.ends_with("\\n")) {
    value.remove_suffix(2);
  }
  const bool pairs = text.substr(pipe, end - pipe).find("chpasswd") != std::string_view::npos;
  if (pairs && value.find(':') != std::string_view::npos) {
    value.remove_prefix(value.find(':') + 1);
  }
  if (!value.empty() && value.find(' ') == std::string_view::npos &&
      is_secret_value(NameKind::kPassword, value, ValueForm::kLine)) {
    const auto start = static_cast<std::size_t>(value.data() - text.data());
    answer.found.push_back({"password", start, start + value.size()});
  }
  return answer;
}

/// `Cookie: a=b; session=…`: the values of cookies whose names say that they log somebody in.
ContextAnswer look_at_cookies(const TextView& view, std::size_t end) {
  ContextAnswer answer;
  const std::string_view text = view.text;
  const std::size_t start = end - 1;
  answer.hold = start;
  const char quote =
      start > 0 && std::string_view("\"'`").find(text[start - 1]) != std::string_view::npos
          ? text[start - 1]
          : '\0';
  std::size_t stop = start;
  while (stop < text.size() && stop - start < kLongestHeader && text[stop] != '\n' &&
         text[stop] != '\r' && (quote == '\0' || text[stop] != quote)) {
    ++stop;
  }
  if (stop == text.size() && !view.last && stop - start < kLongestHeader) {
    answer.needs_more = true;
    return answer;
  }
  for (std::size_t at = start; at < stop;) {
    const std::size_t next = std::min(text.find(';', at), stop);
    const std::string_view pair = text::trim(text.substr(at, next - at));
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && names_session(pair.substr(0, equals))) {
      std::string_view value = unquoted(pair.substr(equals + 1));
      value = value.substr(0, value.find_first_of(" \t\"'`\\"));
      if (is_session_value(value)) {
        const auto place = static_cast<std::size_t>(value.data() - text.data());
        answer.found.push_back({"session_cookie", place, place + value.size()});
      }
    }
    at = next + 1;
  }
  return answer;
}

/// A table whose first line names a column `password`: each row's value of that column.
ContextAnswer look_at_table(const TextView& view, std::size_t end) {
  ContextAnswer answer;
  const std::string_view text = view.text;
  std::size_t inside = end - 1;
  while (inside > 0 && (text[inside] == '\n' || text[inside] == '\r')) {
    --inside;
  }
  const std::size_t head = line_start(text, inside);
  const std::size_t head_end = line_end(text, inside);
  answer.hold = head;
  if (head_end == text.size() && !view.last && head_end - head < kLongestHeader) {
    answer.needs_more = true;
    return answer;
  }
  const char mark = mark_of(text.substr(head, head_end - head));
  const std::vector<Cell> names = cells_of(text, head, head_end, mark);
  if (head_end - head > 1000 || names.size() < 2 || !is_header(text, names, mark)) {
    return answer;
  }
  std::size_t at = head_end;
  bool over = false;
  while (!over && at < text.size() && at - head < kLongestTable) {
    const std::size_t from = at + 1;
    const std::size_t to = from > text.size() ? text.size() : line_end(text, from);
    if (from >= text.size() || (to == text.size() && !view.last)) {
      break;
    }
    const std::string_view line = text::trim(text.substr(from, to - from));
    const std::vector<Cell> row = cells_of(text, from, to, mark);
    over = line.empty() || (row.size() != names.size() && !is_rule(line));
    for (std::size_t i = 0; !over && !is_rule(line) && i < names.size(); ++i) {
      const NameKind kind =
          name_kind(snake_case(text.substr(names[i].start, names[i].end - names[i].start)));
      const std::string_view value = text.substr(row[i].start, row[i].end - row[i].start);
      if (kind != NameKind::kNone && !fails_crc32(value) &&
          is_secret_value(kind, value, ValueForm::kLine)) {
        answer.found.push_back({kind == NameKind::kPassword ? "password" : "generic_secret",
                                row[i].start, row[i].end});
      }
    }
    at = to;
  }
  answer.needs_more = !over && !view.last && at - head < kLongestTable;
  if (answer.needs_more) {
    answer.found.clear();
  }
  return answer;
}

}  // namespace oap::security
