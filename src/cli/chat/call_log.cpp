#include "cli/chat/call_log.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

#include "approval/question.hpp"
#include "cli/call_words.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "terminal/width.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::cli::chat {
namespace {

using terminal::Colour;
using terminal::Line;
using terminal::Style;

constexpr std::size_t kMaxEntries = 200;
constexpr std::size_t kMaxResult = 64U << 10U;
constexpr std::size_t kShort = 512;  // bytes that are not worth a place on the shelf
constexpr std::size_t kMaxDiffed = 256U << 10U;
constexpr Style kQuiet{.colour = Colour::kGrey};

std::string one_line(std::string_view text) {
  const std::string flat = text::replace_all(text::truncate_utf8(text, 512), "\n", " ");
  return terminal::shown(text::trim(flat));
}

std::string what_of(const ToolCall& call) {
  if (const std::string words = mission_call_words(call); !words.empty()) {
    return one_line(words);
  }
  for (const char* key : {"command", "path", "file_path", "pattern", "code", "url", "name"}) {
    if (const json::Value* value = json::find(call.arguments, key);
        value != nullptr && value->is_string()) {
      return one_line(json::view(value->get_string()));
    }
  }
  return call.arguments.empty() ? "" : one_line(json::print(json::Value(call.arguments)));
}

std::string arguments_of(const ToolCall& call) {
  std::string text;
  for (const auto& member : call.arguments) {
    const json::Value& value = member.value();
    text += std::string(std::string_view(member.key())) + ": ";
    text += value.is_string() ? std::string(json::view(value.get_string())) : json::print(value);
    text += "\n";
  }
  return std::string(text::truncate_utf8(text, kMaxResult));
}

std::string path_of(const ToolCall& call, const std::string& workspace) {
  if (call.server != kBuiltinServer || (call.tool != "write_file" && call.tool != "edit_file")) {
    return "";
  }
  const json::Value* value = json::find(call.arguments, "path");
  if (value == nullptr || !value->is_string()) {
    return "";
  }
  std::string path(json::view(value->get_string()));
  return path.starts_with('/') ? path : workspace + "/" + path;
}

/// A plain file's text, "" where there is none that can be compared.
std::string text_of(const std::string& path) {
  struct stat info = {};
  if (path.empty() || ::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return "";
  }
  auto text = os::read_file(path, kMaxDiffed);
  return text && text::is_valid_utf8(*text) ? *std::move(text) : "";
}

Style mark_style(CallEntry::End end) {
  switch (end) {
    case CallEntry::End::kOk:
      return {.colour = Colour::kGreen};
    case CallEntry::End::kRunning:
      return {.colour = Colour::kCyan};
    case CallEntry::End::kFailed:
    case CallEntry::End::kDenied:
      break;
  }
  return {.colour = Colour::kRed};
}

std::string statistics(const CallEntry& call, std::size_t width) {
  std::string text;
  if (width >= 32) {
    text += " · " + short_time(call.duration);
  }
  if (width >= 44 && call.end != CallEntry::End::kDenied) {
    text += " · " + short_bytes(call.result_bytes);
  }
  return text + fmt::format(" · {}", call.number);
}

void put_rows(std::vector<Line>& out, std::string_view text, std::size_t width, Style style) {
  const std::string fit = terminal::shown(text);
  for (const std::string_view line : text::split_lines(fit)) {
    for (Line& row : terminal::chop({{std::string(line), style}}, {width, {{"  "}}, {{"  "}}})) {
      out.push_back(std::move(row));
    }
  }
}

}  // namespace

std::string short_time(Millis time) {
  const auto count = time.count();
  if (count < 1'000) {
    return fmt::format("{} ms", count);
  }
  if (count < 120'000) {
    return fmt::format("{:.1f} s", static_cast<double>(count) / 1e3);
  }
  return fmt::format("{} min {:02} s", count / 60'000, count / 1'000 % 60);
}

std::string short_bytes(std::size_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes < 1'000) {
    return fmt::format("{} B", bytes);
  }
  return bytes < 1'000'000 ? fmt::format("{:.1f} kB", value / 1e3)
                           : fmt::format("{:.1f} MB", value / 1e6);
}

std::string short_count(std::int64_t count) {
  const auto value = static_cast<double>(count);
  if (count < 1'000) {
    return fmt::format("{}", count);
  }
  return count < 1'000'000 ? fmt::format("{:.1f}k", value / 1e3)
                           : fmt::format("{:.1f}M", value / 1e6);
}

CallEntry& CallLog::start(const ToolCall& call, const std::string& workspace, SteadyTime now) {
  for (Kept& kept : entries_) {
    if (!kept.shelved && kept.entry.end != CallEntry::End::kRunning) {
      put_away(kept);
    }
  }
  if (entries_.size() >= kMaxEntries) {
    entries_.pop_front();
  }
  CallEntry entry;
  entry.number = next_++;
  entry.id = call.id;
  entry.name = terminal::shown(call.public_name());
  entry.what = what_of(call);
  entry.arguments = arguments_of(call);
  entry.path = path_of(call, workspace);
  entry.before = text_of(entry.path);
  entry.started = now;
  entries_.push_back({std::move(entry), {}, {}, {}});
  return entries_.back().entry;
}

void CallLog::put_away(Kept& kept) {
  const auto put = [this](std::string& text, std::optional<Shelf::Handle>& handle) {
    handle = text.size() > kShort ? shelf_.put(text) : std::nullopt;
    if (handle) {
      std::string().swap(text);
    }
  };
  put(kept.entry.arguments, kept.arguments);
  put(kept.entry.diff, kept.diff);
  put(kept.entry.result, kept.result);
  kept.shelved = true;
}

CallEntry* CallLog::finish(const ToolCall& call, const ToolOutcome& outcome) {
  const auto found = std::find_if(entries_.rbegin(), entries_.rend(),
                                  [&call](const Kept& kept) { return kept.entry.id == call.id; });
  if (found == entries_.rend()) {
    return nullptr;
  }
  CallEntry& entry = found->entry;
  entry.duration = outcome.duration;
  const std::string result = outcome.text_for_model();
  entry.result_bytes = result.size();
  entry.result = text::truncate_utf8(result, kMaxResult);
  if (outcome.denial) {
    entry.end = CallEntry::End::kDenied;
    entry.why = outcome.denial->reason;
  } else if (outcome.error) {
    entry.end = CallEntry::End::kFailed;
    entry.why = outcome.error->code() == Code::kCancelled ? "stopped" : outcome.error->message();
  } else {
    entry.end = outcome.ok() ? CallEntry::End::kOk : CallEntry::End::kFailed;
    entry.why = outcome.ok() ? "" : std::string(text::truncate_utf8(result, 300));
  }
  if (outcome.ok() && !entry.path.empty()) {
    const std::string after = text_of(entry.path);
    if (after != entry.before) {
      entry.diff = approval::line_diff(entry.before, after);
    }
  }
  entry.before.clear();
  return &entry;
}

std::optional<CallEntry> CallLog::find(std::size_t number) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [number](const Kept& kept) {
    return kept.entry.number == number;
  });
  if (found == entries_.end()) {
    return std::nullopt;
  }
  CallEntry entry = found->entry;
  const auto take = [this](std::string& text, const std::optional<Shelf::Handle>& handle) {
    if (handle) {
      text = shelf_.get(*handle).value_or("(no longer kept)");
    }
  };
  take(entry.arguments, found->arguments);
  take(entry.diff, found->diff);
  take(entry.result, found->result);
  return entry;
}

std::vector<const CallEntry*> CallLog::running() const {
  std::vector<const CallEntry*> list;
  for (const Kept& kept : entries_) {
    if (kept.entry.end == CallEntry::End::kRunning) {
      list.push_back(&kept.entry);
    }
  }
  return list;
}

void CallLog::abandon() {
  for (Kept& kept : entries_) {
    if (kept.entry.end == CallEntry::End::kRunning) {
      kept.entry.end = CallEntry::End::kFailed;
      kept.entry.why = "given up";
    }
  }
}

Line folded(const CallEntry& call, std::size_t width) {
  const bool ok = call.end == CallEntry::End::kOk;
  const std::string numbers = statistics(call, width);
  Line line;
  add(line, ok ? "✓ " : "✗ ", mark_style(call.end));
  add(line, call.name, {.bold = true});
  const std::size_t used = terminal::columns_of(line) + terminal::columns_of(numbers) + 1;
  if (!call.what.empty() && used + 4 <= width) {
    add(line, " " + terminal::clipped(call.what, width - used));
  }
  add(line, numbers, kQuiet);
  return terminal::clipped(line, width);
}

Line running(const CallEntry& call, SteadyTime now, std::size_t beat, std::size_t width) {
  static constexpr const char* kBeats[] = {"⠋ ", "⠙ ", "⠹ ", "⠸ ", "⠼ ", "⠴ ", "⠦ ", "⠧ "};
  const auto time = std::chrono::duration_cast<Millis>(now - call.started);
  const std::string numbers = time < Millis(1'000) || width < 32 ? "" : " · " + short_time(time);
  Line line;
  add(line, kBeats[beat % 8], mark_style(call.end));
  add(line, call.name, {.bold = true});
  const std::size_t used = terminal::columns_of(line) + terminal::columns_of(numbers) + 1;
  if (!call.what.empty() && used + 4 <= width) {
    add(line, " " + terminal::clipped(call.what, width - used));
  }
  add(line, numbers, kQuiet);
  return terminal::clipped(line, width);
}

std::vector<Line> expanded(const CallEntry& call, std::size_t width) {
  std::vector<Line> out;
  out.push_back(folded(call, width));
  put_rows(out, call.arguments, width, kQuiet);
  if (!call.diff.empty()) {
    std::vector<Line> rows = diff_rows(call.diff, width, std::string::npos, "");
    std::move(rows.begin(), rows.end(), std::back_inserter(out));
  }
  if (!call.result.empty()) {
    out.push_back({{"result:", {.bold = true}}});
    put_rows(out, call.result, width, {});
  }
  if (call.result.size() < call.result_bytes) {
    out.push_back({{fmt::format("  … {} more", short_bytes(call.result_bytes - call.result.size())),
                    kQuiet}});
  }
  for (Line& row : out) {
    row = terminal::clipped(row, width);
  }
  return out;
}

std::vector<Line> diff_rows(std::string_view diff, std::size_t width, std::size_t most,
                            std::string_view more) {
  std::vector<Line> out;
  const std::vector<std::string_view> lines = text::split_lines(diff);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (out.size() >= most) {
      out.push_back({{fmt::format("  … {} more lines{}", lines.size() - i, more), kQuiet}});
      break;
    }
    const std::string text = terminal::shown(lines[i]);
    Style style;
    style.colour = text.starts_with('+')   ? Colour::kGreen
                   : text.starts_with('-') ? Colour::kRed
                   : text.starts_with('@') ? Colour::kCyan
                                           : Colour::kNone;
    for (Line& row : terminal::chop({{text, style}}, {width, {{"  "}}, {{"    "}}})) {
      out.push_back(std::move(row));
    }
  }
  return out;
}

}  // namespace oap::cli::chat
