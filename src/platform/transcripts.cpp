#include "platform/transcripts.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "json/print.hpp"
#include "os/file.hpp"

namespace oap::platform {
namespace {

json::Array content_of(const Message& message) {
  json::Array out;
  for (const Block& block : message.blocks) {
    if (const auto* const text = std::get_if<TextBlock>(&block)) {
      out.push_back(json::Object{{"type", "text"}, {"text", text->text}});
    } else if (const auto* const use = std::get_if<ToolUseBlock>(&block)) {
      out.push_back(json::Object{
          {"type", "tool_use"}, {"id", use->id}, {"name", use->name}, {"input", use->arguments}});
    } else if (const auto* const result = std::get_if<ToolResultBlock>(&block)) {
      out.push_back(json::Object{{"type", "tool_result"},
                                 {"tool_use_id", result->tool_use_id},
                                 {"content", result->text},
                                 {"is_error", result->is_error}});
    }
  }
  return out;
}

}  // namespace

Transcripts::~Transcripts() {
  if (!folder_.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
}

Result<void> Transcripts::make_folder() {
  if (!folder_.empty()) {
    return {};
  }
  std::error_code error;
  std::string made = (std::filesystem::temp_directory_path(error) / "oap-session-XXXXXX").string();
  if (error || ::mkdtemp(made.data()) == nullptr) {
    return fail(os::errno_error("creating", made, error ? error.value() : errno));
  }
  folder_ = std::move(made);
  return {};
}

std::string Transcripts::write(const std::string& session_id) {
  const bool plain = !session_id.empty() && session_id.find_first_of("/.") == std::string::npos;
  const auto history = plain ? sessions_.history(session_id)
                             : Result<std::vector<Message>>(fail(Code::kNotFound, "no session"));
  if (!history) {
    return "";
  }
  if (const auto made = make_folder(); !made) {
    log::warn("platform", "no transcripts for hooks", {{"error", made.error().to_string()}});
    return "";
  }
  const std::string path = folder_ + "/" + session_id + ".jsonl";
  const auto known = written_.find(session_id);
  if (known != written_.end() && known->second == history->size() && os::exists(path)) {
    return path;
  }
  std::string text;
  for (const Message& message : *history) {
    const bool user = message.role == MessageRole::kUser;
    text += json::print(json::Object{{"type", user ? "user" : "assistant"},
                                     {"sessionId", session_id},
                                     {"cwd", workspace_},
                                     {"timestamp", format_time(system_clock().wall())},
                                     {"message", json::Object{{"role", user ? "user" : "assistant"},
                                                              {"content", content_of(message)}}}}) +
            "\n";
  }
  if (const auto done = os::write_file_atomic(path, text, 0644); !done) {
    log::warn("platform", "a transcript was not written", {{"error", done.error().to_string()}});
    return "";
  }
  written_[session_id] = history->size();
  return path;
}

}  // namespace oap::platform
