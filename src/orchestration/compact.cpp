#include "orchestration/compact.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace oap::orchestration {
namespace {

constexpr std::size_t kBytesPerToken = 4;
constexpr std::size_t kThinResult = 2'000;
constexpr std::size_t kLeastGain = 2;  ///< messages

/// What the model says; empty where it says nothing of use.
Task<std::string> summary_of(const CompactionWork& work) {
  llm::Request request;
  request.model = work.agent.model;
  request.agent = work.agent.name;
  request.system = work.agent.system;
  request.messages =
      work.reason == kTooLong ? session::thinned(work.history, kThinResult) : work.history;
  std::string wanted = work.control.messages().compaction_request;
  if (!work.hint.empty()) {
    wanted += "\nThe person asks to keep in particular: " + work.hint;
  }
  request.messages.push_back(Message::user(std::move(wanted)));
  request.tools = definitions(work.tools);
  request.max_tokens = work.agent.max_tokens;
  request.temperature = work.agent.temperature;
  request.deadline = work.deadline;
  llm::StreamSink silent;
  auto response = co_await work.agent.provider->complete(std::move(request), std::move(silent));
  if (!response) {
    const std::string notice = "the model gave no summary (" + response.error().message() +
                               "); the runtime's own record takes its place";
    tell(work.events.on_notice, std::string_view(notice));
    co_return "";
  }
  work.usage += response->usage;
  tell(work.events.on_usage, response->usage);
  co_return response->message.tool_uses().empty() ? response->message.joined_text() : "";
}

/// What stays word for word: less where the model refused the whole, or a person asks for it.
std::size_t bytes_to_keep(const CompactionWork& work) {
  const double share = work.control.limits().keep * static_cast<double>(work.agent.window);
  const auto bytes = static_cast<std::size_t>(share) * kBytesPerToken;
  if (work.reason == kFull) {
    return bytes;
  }
  std::size_t all = 0;
  for (const Message& message : work.history) {
    all += session::size_of(message);
  }
  return std::min(bytes, all / 3);
}

/// The act that was done over and over since the last compactions, and nothing else; empty where
/// there was anything new.
std::string same_again(const std::vector<Message>& history) {
  if (!session::is_summary(history.front())) {
    return "";
  }
  constexpr int kTimes = 3;
  const std::vector<std::string> before = session::facts_of({history.front()}).evidence;
  const std::vector<Message> since(history.begin() + 1, history.end());
  const std::vector<std::string> fresh = session::facts_of(since).evidence;
  for (const std::string& act : fresh) {
    if (std::count(before.begin(), before.end(), act) < kTimes) {
      return "";
    }
  }
  return fresh.empty() ? "" : fresh.front();
}

}  // namespace

std::vector<llm::ToolDefinition> definitions(const std::vector<ToolSpec>& tools) {
  std::vector<llm::ToolDefinition> list;
  for (const ToolSpec& tool : tools) {
    list.push_back({tool.public_name(), tool.description, tool.input_schema});
  }
  return list;
}

Task<Result<bool>> compact(CompactionWork work) {
  const std::size_t kept = session::messages_to_keep(work.history, bytes_to_keep(work));
  const std::size_t gone = work.history.size() - kept;
  const std::size_t least = work.reason == kTooLong ? 1 : kLeastGain;
  if (gone < least || (gone == 1 && session::is_summary(work.history.front()))) {
    work.control.compacted(work.key);
    co_return false;
  }
  if (const std::string again = same_again(work.history); !again.empty()) {
    co_return fail(Code::kFailedPrecondition,
                   "the conversation was shortened several times and the model does the same again "
                   "each time ({}); the task is too large for its window, or it makes no progress",
                   again);
  }
  session::Compaction record;
  record.tokens_before = work.control.tokens(work.key);
  record.window = work.agent.window;
  record.reason = work.reason;
  session::Facts facts = session::facts_of(work.history);
  if (std::string open = work.control.open_items(); !open.empty()) {
    facts.open_items = std::move(open);
  }
  const std::string said = co_await summary_of(work);
  facts = session::merge_summary(std::move(facts), said);
  record.summary = session::compose_summary(facts, work.control.messages().compacted);
  const auto stored = work.conversation.compacted(record, kept);
  if (!stored) {
    co_return fail(stored.error());
  }
  work.history.erase(work.history.begin(),
                     work.history.begin() + static_cast<std::ptrdiff_t>(gone));
  work.history.insert(work.history.begin(), record.summary);
  work.control.compacted(work.key);
  const std::string notice = fmt::format(
      "the conversation was shortened ({} of {} tokens; {}): {} messages gave way to a summary",
      record.tokens_before, record.window, record.reason, gone);
  tell(work.events.on_notice, std::string_view(notice));
  co_return true;
}

}  // namespace oap::orchestration
