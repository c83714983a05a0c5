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
/// What a command or a table's first line may be long.
constexpr std::size_t kLongestCommand = 300;
constexpr std::size_t kLongestHead = 1000;
/// How often a table's row is gone over, besides its secrets.
constexpr std::uint64_t kPassesOverRow = 4;

/// The beginning of the line that holds `at`, or what is `most` bytes before it.
std::size_t line_start(std::string_view text, std::size_t at, std::size_t most) {
  const std::size_t low = at > most ? at - most : 0;
  const std::size_t newline = text.substr(low, at - low).rfind('\n');
  return newline == std::string_view::npos ? low : low + newline + 1;
}
/// The end of that line, or `limit` where it goes on.
std::size_t line_end(std::string_view text, std::size_t at, std::size_t limit) {
  limit = std::min(limit, text.size());
  return std::min(text.substr(0, limit).find('\n', at), limit);
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

/// The rows below a table's first line, as far as they are of as many cells.
void read_rows(const TextView& view, std::string_view text, const std::vector<Cell>& names,
               Effort::Table table, char mark, ContextAnswer& answer) {
  const std::size_t head = table.from - view.base;
  std::size_t at = table.to - view.base;
  bool over = false;
  while (!over && at < text.size() && at - head < kLongestTable) {
    const std::size_t from = at + 1;
    const std::size_t to = from > text.size() ? text.size() : line_end(text, from, text.size());
    if (from >= text.size() || (to == view.text.size() && !view.last)) {
      break;
    }
    view.spend((to - from) * kPassesOverRow);
    const std::string_view line = text::trim(text.substr(from, to - from));
    const std::vector<Cell> row = cells_of(text, from, to, mark);
    over = line.empty() || (row.size() != names.size() && !is_rule(line));
    for (std::size_t i = 0; !over && !is_rule(line) && i < names.size(); ++i) {
      const NameKind kind = table.columns[i];
      const std::string_view value = text.substr(row[i].start, row[i].end - row[i].start);
      if (kind == NameKind::kNone) {
        continue;
      }
      view.spend(value.size() * kPassesOverValue);
      if (!fails_crc32(value) && is_secret_value(kind, value, ValueForm::kLine)) {
        answer.found.push_back({kind == NameKind::kPassword ? "password" : "generic_secret",
                                row[i].start, row[i].end});
      }
    }
    at = to;
  }
  answer.needs_more = !over && !view.last && at - head < kLongestTable;
  if (answer.needs_more) {
    answer.found.clear();
  } else if (view.effort != nullptr) {
    table.to = view.base + std::min(at, view.text.size());
    view.effort->remember(std::move(table));
  }
}

}  // namespace

/// `echo SECRET | sudo -S …`, `echo user:SECRET | chpasswd`: what stands before the hit.
ContextAnswer look_at_piped(const TextView& view, std::size_t end) {
  ContextAnswer answer;
  const std::string_view text = view.text;
  view.spend(kLongestCommand * 2);
  const std::size_t from = line_start(text, end, kLongestCommand);
  const std::size_t behind = text.substr(from, end - from).rfind('|');
  const std::size_t pipe = from + behind;
  answer.hold = from;
  if (behind == std::string_view::npos) {
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
  view.spend((stop - start) * 4);
  for (std::size_t at = start; at < stop;) {
    const std::size_t next = std::min(text.substr(0, stop).find(';', at), stop);
    const std::string_view pair = text::trim(text.substr(at, next - at));
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && names_session(pair.substr(0, equals))) {
      std::string_view value = unquoted(pair.substr(equals + 1));
      value = value.substr(0, value.find_first_of(" \t\"'`\\"));
      view.spend(value.size() * kPassesOverValue);
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
  std::size_t inside = end - 1;
  while (inside > 0 && end - inside < 8 &&
         (view.text[inside] == '\n' || view.text[inside] == '\r')) {
    --inside;
  }
  const std::size_t head = line_start(view.text, inside, kLongestHead + 1);
  const std::size_t head_end = line_end(view.text, inside, head + kLongestHead + 1);
  view.spend((head_end - head) * kPassesOverRow);
  answer.hold = head;
  const std::string_view text = view.text.substr(0, head + kLongestTable + kLongestHeader);
  if (head_end == view.text.size() && !view.last && head_end - head <= kLongestHead) {
    answer.needs_more = true;
    return answer;
  }
  if (head_end - head > kLongestHead) {
    return answer;
  }
  const char mark = mark_of(text.substr(head, head_end - head));
  const std::vector<Cell> names = cells_of(text, head, head_end, mark);
  if (names.size() < 2 || !is_header(text, names, mark)) {
    return answer;
  }
  std::vector<NameKind> kinds;
  for (const Cell& name : names) {
    kinds.push_back(name_kind(text.substr(name.start, name.end - name.start)));
  }
  const Effort::Table here{view.base + head, view.base + head_end, std::move(kinds)};
  if (view.effort != nullptr && view.effort->is_within(here)) {
    return answer;  // a row that reads like the first line
  }
  read_rows(view, text, names, here, mark, answer);
  return answer;
}

}  // namespace oap::security
