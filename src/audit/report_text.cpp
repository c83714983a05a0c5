#include <algorithm>

#include "audit/report.hpp"
#include "text/utf8.hpp"

namespace oap::audit {
namespace {

constexpr std::size_t kShownIncidents = 100;
constexpr std::size_t kBars = 20;

std::string percent(const Report::Tool& tool) {
  return tool.count == 0 ? "–"
                         : fmt::format("{:.1f} %", 100.0 * static_cast<double>(tool.successes) /
                                                       static_cast<double>(tool.count));
}

std::string period_of(const Report& report) {
  return fmt::format("{} – {}", report.start.empty() ? "the first record" : report.start,
                     report.end.empty() ? "now" : report.end);
}

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

/// Markdown shows the text as it is: no markup, no table cell's end, no hidden characters.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text::escape_visible(text)) {
    if (c == '<' || c == '>' || c == '&') {
      out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : "&amp;";
      continue;
    }
    if (std::string_view("\\`*_{}[]#!|~").find(c) != std::string_view::npos) {
      out.push_back('\\');
    }
    out.push_back(c == '\n' ? ' ' : c);
  }
  return out;
}

using Bars = std::vector<std::pair<std::string, std::uint64_t>>;

/// Horizontal bars, the longest first.
std::string bars_svg(std::string_view title, Bars bars, bool by_size) {
  if (by_size) {
    std::sort(bars.begin(), bars.end(), [](const auto& a, const auto& b) {
      return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
  }
  bars.resize(std::min(bars.size(), kBars));
  std::uint64_t most = 1;
  for (const auto& bar : bars) {
    most = std::max(most, bar.second);
  }
  constexpr std::size_t kRow = 22;
  std::string svg = fmt::format(
      "<h2>{0}</h2>\n<svg role=\"img\" aria-label=\"{0}\" width=\"720\" height=\"{1}\" "
      "viewBox=\"0 0 720 {1}\">\n",
      text::escape_markup(title), std::max<std::size_t>(1, bars.size()) * kRow);
  std::size_t y = 0;
  for (const auto& [name, count] : bars) {
    const std::string shown(text::truncate_utf8(name, 40));
    svg += fmt::format(
        "<text x=\"250\" y=\"{}\" text-anchor=\"end\">{}</text>"
        "<rect x=\"260\" y=\"{}\" width=\"{}\" height=\"14\" rx=\"2\"/>"
        "<text x=\"{}\" y=\"{}\">{}</text>\n",
        y + 14, text::escape_markup(shown), y + 3, 1 + 380 * count / most, 268 + 380 * count / most,
        y + 14, count);
    y += kRow;
  }
  return svg + "</svg>\n";
}

using Row = std::vector<std::string>;

std::string html_table(const Row& head, const std::vector<Row>& rows) {
  std::string out = "<table>\n<tr>";
  for (const std::string& cell : head) {
    out += "<th>" + text::escape_markup(cell) + "</th>";
  }
  for (const Row& row : rows) {
    out += "</tr>\n<tr>";
    for (const std::string& cell : row) {
      out += "<td>" + text::escape_markup(cell) + "</td>";
    }
  }
  return out + "</tr>\n</table>\n";
}

std::string markdown_table(const Row& head, const std::vector<Row>& rows) {
  std::string out;
  const auto line = [&out](const Row& cells) {
    for (const std::string& cell : cells) {
      out += "| " + plain(cell) + " ";
    }
    out += "|\n";
  };
  line(head);
  for (std::size_t i = 0; i < head.size(); ++i) {
    out += "|---";
  }
  out += "|\n";
  std::for_each(rows.begin(), rows.end(), line);
  return out + "\n";
}

std::vector<Row> summary_rows(const Report& report) {
  return {{"Events", fmt::to_string(report.total_events)},
          {"Users", fmt::to_string(report.users.size())},
          {"Tools", fmt::to_string(report.tools.size())},
          {"High-risk events", fmt::to_string(report.high_risk_events)},
          {"Security incidents", fmt::to_string(report.incident_count)},
          {"Lines that are no intact record", fmt::to_string(report.malformed.count)}};
}

std::vector<Row> tool_rows(const Report& report) {
  std::vector<Row> rows;
  for (const auto& [name, tool] : report.tools) {
    rows.push_back({name, fmt::to_string(tool.count), percent(tool), fmt::to_string(tool.denied)});
  }
  return rows;
}

std::vector<Row> user_rows(const Report& report) {
  std::vector<Row> rows;
  for (const auto& [name, user] : report.users) {
    rows.push_back({name, fmt::to_string(user.events), joined(user.tools),
                    fmt::format("{:.2f}", user.risk_score)});
  }
  return rows;
}

std::vector<Row> incident_rows(const Report& report) {
  std::vector<Row> rows;
  const std::size_t skip =
      report.incidents.size() - std::min(report.incidents.size(), kShownIncidents);
  for (std::size_t i = skip; i < report.incidents.size(); ++i) {
    const Report::Incident& one = report.incidents[i];
    rows.push_back({one.timestamp, one.user_id, one.tool, one.action,
                    fmt::format("{:.2f}", one.risk_score), one.permission_decision, one.reason});
  }
  return rows;
}

std::vector<Row> decision_rows(const Report& report) {
  std::vector<Row> rows;
  for (const auto& [name, count] : report.decisions) {
    rows.push_back({name, fmt::to_string(count)});
  }
  return rows;
}

const Row kSummaryHead{"Figure", "Value"};
const Row kToolHead{"Tool", "Calls", "Success rate", "Denied"};
const Row kUserHead{"User", "Events", "Tools", "Highest risk"};
const Row kIncidentHead{"Time", "User", "Tool", "Action", "Risk", "Decision", "Reason"};
const Row kDecisionHead{"Decision", "Events"};

std::string incident_note(const Report& report) {
  return report.incident_count <= kShownIncidents
             ? ""
             : fmt::format("The newest {} of {}.", kShownIncidents, report.incident_count);
}

}  // namespace

std::string to_markdown(const Report& report) {
  std::string out =
      fmt::format("# Audit report\n\nPeriod: {}\n\n## Summary\n\n", plain(period_of(report)));
  out += markdown_table(kSummaryHead, summary_rows(report));
  out += "## Tool usage\n\n" + markdown_table(kToolHead, tool_rows(report));
  out += "## User activity\n\n" + markdown_table(kUserHead, user_rows(report));
  out += "## Permission decisions\n\n" + markdown_table(kDecisionHead, decision_rows(report));
  out += "## Security incidents\n\n" + markdown_table(kIncidentHead, incident_rows(report));
  return out + incident_note(report) + "\n";
}

std::string to_html(const Report& report) {
  constexpr std::string_view kHead =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n<title>Audit report</title>\n<style>\n"
      "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}\n"
      "table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #8884;padding:.3rem "
      ".6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}\n"
      "svg text{font-size:12px;fill:currentColor}svg rect{fill:#3b82c4}svg{max-width:100%;height:"
      "auto}\n@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}}\n"
      "</style></head><body>\n<h1>Audit report</h1>\n";
  Bars calls;
  for (const auto& [name, tool] : report.tools) {
    calls.emplace_back(name, tool.count);
  }
  Bars activity;
  for (const auto& [name, user] : report.users) {
    activity.emplace_back(name, user.events);
  }
  Bars days(report.days.begin(), report.days.end());
  days.erase(days.begin(), days.end() - static_cast<std::ptrdiff_t>(std::min(days.size(), kBars)));
  std::string out(kHead);
  out +=
      fmt::format("<p>Period: {}</p>\n<h2>Summary</h2>\n", text::escape_markup(period_of(report)));
  out += html_table(kSummaryHead, summary_rows(report));
  out += bars_svg("Events by day", std::move(days), false);
  out += bars_svg("Tool usage", std::move(calls), true);
  out += html_table(kToolHead, tool_rows(report));
  out += bars_svg("User activity", std::move(activity), true);
  out += html_table(kUserHead, user_rows(report));
  out += bars_svg("Permission decisions", Bars(report.decisions.begin(), report.decisions.end()),
                  false);
  out += html_table(kDecisionHead, decision_rows(report));
  out += "<h2>Security incidents</h2>\n" + html_table(kIncidentHead, incident_rows(report));
  return out + "<p>" + incident_note(report) + "</p>\n</body></html>\n";
}

}  // namespace oap::audit
