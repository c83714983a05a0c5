#include "cli/commands/sessions_views.hpp"

#include <algorithm>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "json/print.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

constexpr std::size_t kLinesShown = 6;
constexpr std::size_t kColumns = 200;

std::string time_of(WallTime at) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(at)));
}

std::string cost_of(const Usage& usage) {
  return usage.cost_usd ? fmt::format("{:.4f} USD", *usage.cost_usd) : std::string("cost unknown");
}

std::string shown(std::string_view text) {
  return text::escape_visible(text, {.keep_newlines = true});
}

/// The text, a few lines of it unless all is wanted, each indented.
std::string block(std::string_view text, bool full) {
  std::string out;
  std::size_t lines = 0;
  const std::vector<std::string_view> all = text::split_lines(text);
  for (const std::string_view line : all) {
    if (!full && ++lines > kLinesShown) {
      out += fmt::format("    … {} more lines\n", all.size() - kLinesShown);
      break;
    }
    const std::string_view kept = full ? line : text::truncate_utf8(line, kColumns);
    out += fmt::format("    {}{}\n", shown(kept), kept.size() < line.size() ? "…" : "");
  }
  return out;
}

struct TextBlocks {
  bool full;
  std::string& out;
  void operator()(const TextBlock& part) const { out += shown(part.text) + "\n"; }
  void operator()(const ThinkingBlock& part) const {
    if (!part.text.empty()) {
      out += "  (thinking)\n" + block(part.text, full);
    }
  }
  void operator()(const ToolUseBlock& part) const {
    out += fmt::format("  → {} {}\n", shown(part.name), part.id);
    out += block(part.invalid_arguments.empty() ? json::print_pretty(json::Value(part.arguments))
                                                : "invalid arguments: " + part.invalid_arguments,
                 full);
  }
  void operator()(const ToolResultBlock& part) const {
    out += fmt::format("  ← {} {}\n{}", part.tool_use_id, part.is_error ? "failed" : "ok",
                       block(part.text, full));
  }
};

/// A fence that the text does not hold itself.
std::string fenced(std::string_view text, std::string_view language) {
  std::size_t longest = 2;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  return fmt::format("{}{}\n{}\n{}\n\n", fence, language, shown(text), fence);
}

struct MarkdownBlocks {
  std::string& out;
  void operator()(const TextBlock& part) const { out += shown(part.text) + "\n\n"; }
  void operator()(const ThinkingBlock& part) const {
    if (!part.text.empty()) {
      out += "<details><summary>Thinking</summary>\n\n" + shown(part.text) + "\n\n</details>\n\n";
    }
  }
  void operator()(const ToolUseBlock& part) const {
    out += fmt::format("**Call** `{}` ({})\n\n", shown(part.name), part.id);
    out += part.invalid_arguments.empty()
               ? fenced(json::print_pretty(json::Value(part.arguments)), "json")
               : fenced(part.invalid_arguments, "");
  }
  void operator()(const ToolResultBlock& part) const {
    out += fmt::format("**Result** {} ({})\n\n", part.is_error ? "failed" : "ok", part.tool_use_id);
    out += fenced(part.text, "");
  }
};

json::Object row_json(const session::StoredMessage& row) {
  json::Object out{{"seq", row.seq}, {"at", time_of(row.at)}};
  if (row.message) {
    const json::Value message = to_json(*row.message);
    for (const auto& member : message.as_object()) {
      out[member.key()] = member.value();
    }
  } else if (row.compaction) {
    const json::Value compaction = session::to_json(*row.compaction);
    out["compaction"] = compaction.as_object().at("compaction");
  }
  return out;
}

json::Object head_json(const SessionView& view) {
  json::Object out = summary_json(view.record, view.messages);
  out["mission_active"] = view.state.mission_active;
  out["mission"] = view.state.mission;
  out["anomalies"] = view.state.anomaly_count;
  out["forked_from"] = view.state.forked_from;
  out["compacted_at"] = view.state.compacted_at;
  return out;
}

std::string_view role_of(const session::StoredMessage& row) {
  return row.message ? to_string(row.message->role) : std::string_view("compaction");
}

}  // namespace

json::Object summary_json(const store::SessionRecord& record, std::int64_t messages) {
  return {{"session_id", record.id},
          {"title", record.title},
          {"workspace", record.workspace},
          {"user_id", record.user_id},
          {"model", record.model},
          {"status", record.status},
          {"message_count", messages},
          {"usage", to_json(record.usage)},
          {"created_at", time_of(record.created_at)},
          {"updated_at", time_of(record.updated_at)}};
}

std::string summary_line(const store::SessionRecord& record, std::int64_t messages) {
  std::string title = text::escape_visible(record.title);
  std::replace(title.begin(), title.end(), '\n', ' ');
  const Usage& usage = record.usage;
  return fmt::format(
      "{}  {}  {:>5} messages  {:>8} tokens  {}  {}\n", record.id, time_of(record.updated_at),
      messages,
      usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens + usage.output_tokens,
      cost_of(usage), title);
}

json::Object session_json(const SessionView& view) {
  json::Object out = head_json(view);
  json::Array rows;
  for (const session::StoredMessage& row : view.rows) {
    rows.push_back(row_json(row));
  }
  out["messages"] = std::move(rows);
  return out;
}

std::string session_text(const SessionView& view, bool full) {
  std::string out = summary_line(view.record, view.messages);
  if (!view.state.forked_from.empty()) {
    out += fmt::format("a copy of {} up to message {}\n", view.state.forked_from,
                       view.state.forked_at);
  }
  if (view.state.mission_active) {
    out += "mission: " + text::escape_visible(view.state.mission) + "\n";
  }
  if (view.messages > static_cast<std::int64_t>(view.rows.size())) {
    out += fmt::format("(the newest {} of {} messages; --limit 0 shows all)\n", view.rows.size(),
                       view.messages);
  }
  for (const session::StoredMessage& row : view.rows) {
    out += fmt::format("\n#{} {} {}\n", row.seq, role_of(row), time_of(row.at));
    if (row.compaction) {
      out += fmt::format("  shortened at {} tokens ({}); from here on this is sent:\n",
                         row.compaction->tokens_before, row.compaction->reason);
      out += block(row.compaction->summary.joined_text(), full);
      continue;
    }
    for (const Block& part : row.message->blocks) {
      std::visit(TextBlocks{full, out}, part);
    }
  }
  return out;
}

std::string session_lines(const SessionView& view) {
  json::Object head = head_json(view);
  head["type"] = "session";
  std::string out = json::print(json::Value(std::move(head))) + "\n";
  for (const session::StoredMessage& row : view.rows) {
    json::Object line{{"type", row.message ? "message" : "compaction"}};
    for (const auto& member : row_json(row)) {
      line[member.key()] = member.value();
    }
    out += json::print(json::Value(std::move(line))) + "\n";
  }
  return out;
}

std::string session_markdown(const SessionView& view) {
  const store::SessionRecord& record = view.record;
  std::string out = fmt::format(
      "# {}\n\n- Session `{}`\n- Model {}\n- {} to {}\n- {} messages, {}\n\n",
      record.title.empty() ? "Session" : text::escape_visible(record.title), record.id,
      record.model.empty() ? "not named" : text::escape_visible(record.model),
      time_of(record.created_at), time_of(record.updated_at), view.messages, cost_of(record.usage));
  for (const session::StoredMessage& row : view.rows) {
    out += fmt::format("## {} {}\n\n", row.seq, role_of(row));
    if (row.compaction) {
      out += fenced(row.compaction->summary.joined_text(), "");
      continue;
    }
    for (const Block& part : row.message->blocks) {
      std::visit(MarkdownBlocks{out}, part);
    }
  }
  return out;
}

}  // namespace oap::cli
