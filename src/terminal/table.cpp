#include <algorithm>
#include <numeric>

#include "terminal/inline_markup.hpp"
#include "terminal/markdown.hpp"
#include "terminal/width.hpp"
#include "text/strings.hpp"

namespace oap::terminal {
namespace {

constexpr std::size_t kNarrowest = 3;
constexpr std::size_t kMostColumns = 64;
constexpr Style kQuiet{.colour = Colour::kGrey};

enum class Align { kLeft, kRight, kCentre };

struct Table {
  std::vector<std::vector<Line>> rows;  // the first is the head
  std::vector<Align> align;
  std::vector<std::size_t> widths;
};

Align align_of(std::string_view rule) {
  const bool right = rule.ends_with(':');
  return right && rule.starts_with(':') ? Align::kCentre : right ? Align::kRight : Align::kLeft;
}

Table read(const std::vector<std::string>& rows, const MarkdownOptions& options) {
  Table table;
  std::vector<std::string> rules = table_cells(rows[1]);
  rules.resize(std::min(rules.size(), kMostColumns));
  for (const std::string& rule : rules) {
    table.align.push_back(align_of(rule));
  }
  table.widths.assign(rules.size(), 1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == 1) {
      continue;
    }
    std::vector<std::string> texts = table_cells(rows[i]);
    texts.resize(rules.size());
    std::vector<Line> cells;
    for (std::size_t column = 0; column < texts.size(); ++column) {
      cells.push_back(inline_markup(texts[column], {{.bold = i == 0}, options.marks}));
      table.widths[column] = std::max(table.widths[column], columns_of(cells.back()));
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

/// Makes the widest columns narrower until all fit; false where they cannot.
bool fit(Table& table, std::size_t width) {
  const std::size_t between = 3 * (table.widths.size() - 1);
  if (table.widths.size() * kNarrowest + between > width) {
    return std::accumulate(table.widths.begin(), table.widths.end(), between) <= width;
  }
  std::size_t total = std::accumulate(table.widths.begin(), table.widths.end(), between);
  while (total > width) {
    std::size_t& widest = *std::max_element(table.widths.begin(), table.widths.end());
    const std::size_t second = [&] {
      std::size_t next = kNarrowest;
      for (const std::size_t& other : table.widths) {
        next = &other != &widest ? std::max(next, other) : next;
      }
      return next;
    }();
    const std::size_t most = widest > second ? widest - second : 1;
    const std::size_t less = std::min(most, total - width);
    widest -= less;
    total -= less;
  }
  return true;
}

void pad(Line& row, const Line& cell, std::size_t width, Align align, bool last) {
  const std::size_t used = columns_of(cell);
  const std::size_t left = width > used ? width - used : 0;
  const std::size_t before = align == Align::kRight ? left : align == Align::kCentre ? left / 2 : 0;
  add(row, std::string(before, ' '));
  for (const Span& span : cell) {
    add(row, span.text, span.style);
  }
  if (!last) {
    add(row, std::string(left - before, ' '));
  }
}

void write_row(const Table& table, const std::vector<Line>& cells, const MarkdownOptions& options,
               std::vector<Line>& out) {
  std::vector<std::vector<Line>> wrapped;
  std::size_t height = 1;
  for (std::size_t column = 0; column < cells.size(); ++column) {
    wrapped.push_back(wrap(cells[column], {table.widths[column], {}, {}}));
    height = std::max(height, wrapped.back().size());
  }
  for (std::size_t i = 0; i < height; ++i) {
    Line row;
    for (std::size_t column = 0; column < cells.size(); ++column) {
      if (column > 0) {
        add(row, options.ascii ? " | " : " │ ", kQuiet);
      }
      const Line cell = i < wrapped[column].size() ? wrapped[column][i] : Line{};
      pad(row, cell, table.widths[column], table.align[column], column + 1 == cells.size());
    }
    out.push_back(std::move(row));
  }
}

Line head_rule(const Table& table, const MarkdownOptions& options) {
  std::string text;
  for (std::size_t column = 0; column < table.widths.size(); ++column) {
    if (column > 0) {
      text += options.ascii ? "-+-" : "─┼─";
    }
    for (std::size_t i = 0; i < table.widths[column]; ++i) {
      text += options.ascii ? "-" : "─";
    }
  }
  return {{text, kQuiet}};
}

std::vector<Line> records(const Table& table, const MarkdownOptions& options) {
  std::vector<Line> out;
  for (std::size_t i = 1; i < table.rows.size(); ++i) {
    if (i > 1) {
      out.emplace_back();
    }
    for (std::size_t column = 0; column < table.widths.size(); ++column) {
      Line line = table.rows[0][column];
      add(line, ": ");
      for (const Span& span : table.rows[i][column]) {
        add(line, span.text, span.style);
      }
      std::vector<Line> rows = wrap(line, {options.width, {}, {{"  "}}});
      std::move(rows.begin(), rows.end(), std::back_inserter(out));
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> table_cells(std::string_view row) {
  row = text::trim(row);
  if (row.starts_with('|')) {
    row.remove_prefix(1);
  }
  std::vector<std::string> cells(1);
  bool in_code = false;
  for (std::size_t at = 0; at < row.size(); ++at) {
    if (row[at] == '\\' && at + 1 < row.size() && row[at + 1] == '|') {
      cells.back() += '|';
      ++at;
    } else if (row[at] == '|' && !in_code) {
      cells.emplace_back();
    } else {
      in_code =
          row[at] == '`' ? !in_code && row.find('`', at + 1) != std::string_view::npos : in_code;
      cells.back() += row[at];
    }
  }
  if (cells.size() > 1 && text::trim(cells.back()).empty()) {
    cells.pop_back();
  }
  for (std::string& cell : cells) {
    cell = text::trim(cell);
  }
  return cells;
}

bool is_table_rule(std::string_view text) {
  const std::vector<std::string> cells = table_cells(text);
  return text.find('|') != std::string_view::npos &&
         std::all_of(cells.begin(), cells.end(), [](const std::string& cell) {
           return cell.find('-') != std::string::npos &&
                  cell.find_first_not_of("-: ") == std::string::npos;
         });
}

std::vector<Line> table_rows(const std::vector<std::string>& rows, const MarkdownOptions& options) {
  Table table = read(rows, options);
  if (!fit(table, options.width)) {
    return records(table, options);
  }
  std::vector<Line> out;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    write_row(table, table.rows[i], options, out);
    if (i == 0) {
      out.push_back(head_rule(table, options));
    }
  }
  return out;
}

}  // namespace oap::terminal
