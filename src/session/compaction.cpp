#include "session/compaction.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "json/print.hpp"
#include "session/system_messages.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::session {
namespace {

constexpr std::string_view kOpen = "<compacted-conversation>";
constexpr std::string_view kClose = "</compacted-conversation>";
constexpr std::size_t kMostObjective = 8'000;
constexpr std::size_t kMostSection = 6'000;
constexpr std::size_t kMostEvidence = 60;
constexpr std::size_t kMostFiles = 100;
constexpr std::size_t kMostLine = 240;

std::string cut(std::string_view text, std::size_t most) {
  const std::string_view kept = text::truncate_utf8(text, most);
  return std::string(kept) + (kept.size() < text.size() ? "…" : "");
}

std::string one_line(std::string_view text) {
  std::string line;
  for (const std::string_view word : text::split_words(text)) {
    line += (line.empty() ? "" : " ") + std::string(word);
    if (line.size() > kMostLine) {
      break;
    }
  }
  return cut(line, kMostLine);
}

std::string last_line(std::string_view text) {
  const std::vector<std::string_view> lines = text::split_lines(text);
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    if (!text::trim(*line).empty()) {
      return one_line(*line);
    }
  }
  return "";
}

bool is_step(std::string_view line) {
  line = text::trim(line);
  if (line.starts_with("- ") || line.starts_with("* ")) {
    return true;
  }
  std::size_t digits = 0;
  while (digits < line.size() && text::is_digit(line[digits])) {
    ++digits;
  }
  return digits > 0 && digits < 4 && digits + 1 < line.size() &&
         (line[digits] == '.' || line[digits] == ')') && line[digits + 1] == ' ';
}

/// The text where it holds a list of at least three steps.
std::string plan_in(std::string_view text) {
  std::size_t steps = 0;
  std::string plan;
  for (const std::string_view line : text::split_lines(text)) {
    if (is_step(line)) {
      ++steps;
      plan += std::string(text::trim(line)) + "\n";
    }
  }
  return steps >= 3 ? cut(plan, kMostSection) : "";
}

constexpr std::string_view kHeadings[] = {"objective",  "decided plan", "evidence", "files",
                                          "open items", "next edit",    "notes"};

/// The sections of a text under `## ` headings that are ours.
std::map<std::string, std::string> sections_of(std::string_view text) {
  std::map<std::string, std::string> sections;
  std::string* at = nullptr;
  for (const std::string_view line : text::split_lines(text)) {
    std::string_view title = text::trim(line);
    const bool is_heading = title.starts_with('#');
    while (title.starts_with('#') || title.starts_with('*')) {
      title.remove_prefix(1);
    }
    while (title.ends_with(':') || title.ends_with('*')) {
      title.remove_suffix(1);
    }
    const std::string name = text::lower_ascii(text::trim(title));
    const auto known =
        std::find_if(std::begin(kHeadings), std::end(kHeadings), [&](std::string_view heading) {
          return name == heading || (is_heading && name.starts_with(heading));
        });
    if (known != std::end(kHeadings)) {
      at = &sections[std::string(*known)];
      continue;
    }
    if (at != nullptr && text::trim(line) != kClose) {
      *at += std::string(line) + "\n";
    }
  }
  for (auto& [name, body] : sections) {
    body = cut(text::trim(body), kMostSection);
  }
  return sections;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (std::string_view line : text::split_lines(text)) {
    line = text::trim(line);
    if (line.starts_with("- ")) {
      line.remove_prefix(2);
    }
    if (!line.empty()) {
      lines.emplace_back(line);
    }
  }
  return lines;
}

/// Gathers facts while it walks through a conversation.
class Gatherer {
 public:
  void message(const Message& message) {
    if (message.role == MessageRole::kAssistant) {
      assistant(message);
      return;
    }
    for (const Block& block : message.blocks) {
      if (const auto* result = std::get_if<ToolResultBlock>(&block)) {
        answered(*result);
      } else if (const auto* text = std::get_if<TextBlock>(&block)) {
        user(text->text);
      }
    }
  }
  Facts take() {
    if (facts_.evidence.size() > kMostEvidence) {
      facts_.evidence.erase(facts_.evidence.begin(),
                            facts_.evidence.end() - static_cast<std::ptrdiff_t>(kMostEvidence));
    }
    if (!later_.empty()) {
      facts_.objective += "\n\nSince then the user also said:\n" + later_;
    }
    facts_.objective = cut(facts_.objective, kMostObjective);
    return std::move(facts_);
  }

 private:
  void user(std::string_view said) {
    if (said.starts_with(kOpen)) {
      earlier(said);
    } else if (facts_.objective.empty()) {
      facts_.objective = text::trim(said);
    } else if (!text::trim(said).empty()) {
      later_ += "- " + one_line(said) + "\n";
      later_ = later_.size() > kMostSection ? later_.substr(later_.find('\n') + 1) : later_;
    }
  }
  void earlier(std::string_view summary) {
    std::map<std::string, std::string> sections = sections_of(summary);
    facts_.objective = sections["objective"];
    facts_.plan = sections["decided plan"];
    facts_.evidence = lines_of(sections["evidence"]);
    facts_.files = lines_of(sections["files"]);
    facts_.open_items = sections["open items"];
    facts_.notes = sections["notes"];
  }
  void assistant(const Message& message) {
    const std::string said = message.joined_text();
    if (std::string plan = plan_in(said); !plan.empty()) {
      facts_.plan = std::move(plan);
    }
    if (const std::string next = last_line(said); !next.empty()) {
      facts_.next_edit = next;
    }
    for (const ToolUseBlock* const use : message.tool_uses()) {
      open_[use->id] = *use;
    }
  }
  void answered(const ToolResultBlock& result) {
    const auto found = open_.find(result.tool_use_id);
    if (found == open_.end()) {
      return;
    }
    const ToolUseBlock& use = found->second;
    std::string about;
    for (const char* const key : {"command", "path", "file_path", "pattern", "name", "prompt"}) {
      if (about.empty()) {
        about = one_line(json::get_string(use.arguments, key));
      }
    }
    facts_.evidence.push_back(
        fmt::format("{} {}: {}{}", use.name, about, result.is_error ? "failed" : "ok",
                    result.text.empty() ? std::string() : "; " + last_line(result.text)));
    const bool writes = use.name == "write_file" || use.name == "edit_file";
    if (writes && !result.is_error && facts_.files.size() < kMostFiles &&
        std::find(facts_.files.begin(), facts_.files.end(), about) == facts_.files.end()) {
      facts_.files.push_back(about);
    }
    open_.erase(found);
  }

  Facts facts_;
  std::string later_;
  std::map<std::string, ToolUseBlock> open_;
};

std::string list_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += "- " + line + "\n";
  }
  return text;
}

}  // namespace

json::Value to_json(const Compaction& compaction) {
  return json::Object{{"compaction", json::Object{{"summary", to_json(compaction.summary)},
                                                  {"kept_from", compaction.kept_from},
                                                  {"tokens_before", compaction.tokens_before},
                                                  {"window", compaction.window},
                                                  {"reason", compaction.reason}}}};
}

std::optional<Compaction> compaction_from_json(const json::Value& value) {
  const json::Object* const body = json::find_object(value, "compaction");
  const json::Value* const summary = body != nullptr ? json::find(*body, "summary") : nullptr;
  std::optional<Message> message =
      summary != nullptr ? message_from_json(*summary) : std::optional<Message>();
  if (!message) {
    return std::nullopt;
  }
  Compaction compaction;
  compaction.summary = *std::move(message);
  compaction.kept_from = json::get_int(*body, "kept_from");
  compaction.tokens_before = json::get_int(*body, "tokens_before");
  compaction.window = json::get_int(*body, "window");
  compaction.reason = json::get_string(*body, "reason");
  return compaction;
}

Facts facts_of(const std::vector<Message>& history) {
  Gatherer gatherer;
  for (const Message& message : history) {
    gatherer.message(message);
  }
  return gatherer.take();
}

Facts merge_summary(Facts known, std::string_view summary) {
  std::map<std::string, std::string> sections = sections_of(summary);
  const auto take = [&sections](const char* heading, std::string& into) {
    if (!sections[heading].empty()) {
      into = sections[heading];
    }
  };
  take("decided plan", known.plan);
  take("open items", known.open_items);
  take("next edit", known.next_edit);
  take("notes", known.notes);
  const bool has_sections = std::any_of(sections.begin(), sections.end(),
                                        [](const auto& pair) { return !pair.second.empty(); });
  if (!has_sections) {
    known.notes = cut(text::trim(summary), kMostSection);
  }
  return known;
}

std::string compaction_request() { return std::string(SystemMessages::kCompactionRequest); }

Message compose_summary(const Facts& facts) {
  const auto section = [](const char* title, std::string_view body) {
    return text::trim(body).empty() ? std::string()
                                    : fmt::format("\n## {}\n{}\n", title, text::trim(body));
  };
  std::string text = std::string(kOpen) + "\n" + std::string(SystemMessages::kCompacted) + "\n";
  text += section("Objective", facts.objective);
  text += section("Decided plan", facts.plan);
  text += section("Evidence", list_of(facts.evidence));
  text += section("Files", list_of(facts.files));
  text += section("Open items", facts.open_items);
  text += section("Notes", facts.notes);
  text += section("Next edit", facts.next_edit.empty()
                                   ? std::string_view("Go on with the first open item.")
                                   : std::string_view(facts.next_edit));
  text += kClose;
  return Message::user(std::move(text));
}

bool is_summary(const Message& message) {
  return message.role == MessageRole::kUser && message.joined_text().starts_with(kOpen);
}

std::size_t size_of(const Message& message) {
  std::size_t size = 0;
  for (const Block& block : message.blocks) {
    if (const auto* text = std::get_if<TextBlock>(&block)) {
      size += text->text.size();
    } else if (const auto* thinking = std::get_if<ThinkingBlock>(&block)) {
      size += thinking->text.size();
    } else if (const auto* use = std::get_if<ToolUseBlock>(&block)) {
      size += use->name.size() + json::print(json::Value(use->arguments)).size();
    } else if (const auto* result = std::get_if<ToolResultBlock>(&block)) {
      size += result->text.size();
    }
  }
  return size;
}

std::size_t messages_to_keep(const std::vector<Message>& history, std::size_t bytes) {
  std::size_t keep = 0;
  std::size_t size = 0;
  for (std::size_t back = 1; back < history.size(); ++back) {
    const Message& message = history[history.size() - back];
    size += size_of(message);
    if (size > bytes) {
      break;
    }
    const bool begins_with_results =
        message.role == MessageRole::kUser && !message.blocks.empty() &&
        std::holds_alternative<ToolResultBlock>(message.blocks.front());
    if (!begins_with_results) {
      keep = back;
    }
  }
  return keep;
}

std::vector<Message> thinned(std::vector<Message> history, std::size_t bytes) {
  for (Message& message : history) {
    for (Block& block : message.blocks) {
      auto* const result = std::get_if<ToolResultBlock>(&block);
      if (result != nullptr && result->text.size() > bytes) {
        const std::size_t size = result->text.size();
        result->text = fmt::format("{}\n[{} bytes left out]",
                                   text::truncate_utf8(result->text, bytes), size - bytes);
      }
    }
  }
  return history;
}

}  // namespace oap::session
