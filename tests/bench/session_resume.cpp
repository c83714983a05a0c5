// Opens a session of 10,000 messages again, as `oap run --continue` does: the store, the session,
// its history. Prints a JSON line: median and worst of 20, in milliseconds.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "session/session_manager.hpp"
#include "store/store.hpp"

namespace {

using namespace oap;
using Mode = session::SessionStart::Mode;

constexpr int kRounds = 2'500;

Message assistant(std::string text) {
  Message message;
  message.role = MessageRole::kAssistant;
  message.blocks.emplace_back(TextBlock{std::move(text)});
  return message;
}

session::SessionStart start(Mode mode) {
  session::SessionStart how;
  how.mode = mode;
  how.workspace = "/w";
  return how;
}

/// A person's message, a call, its result, an answer, and so on.
bool fill(const std::string& path) {
  auto store = store::Store::open(path);
  if (!store) {
    return false;
  }
  session::SessionManager sessions((*store)->sessions(), (*store)->messages(), system_clock());
  const auto state = sessions.ensure_session(start(Mode::kNew));
  for (int i = 0; state && i < kRounds; ++i) {
    const std::string id = "call" + std::to_string(i);
    Message call = assistant("I will look.");
    call.blocks.emplace_back(ToolUseBlock{id, "bash", json::Object{{"command", "make test"}}, ""});
    Message result;
    result.blocks.emplace_back(ToolResultBlock{id, std::string(400, 'r'), false});
    for (const Message& message :
         {Message::user(std::string(150, 'u')), call, result, assistant(std::string(200, 'a'))}) {
      if (!sessions.append_message(state->id, message)) {
        return false;
      }
    }
  }
  return state.has_value();
}

double open_once(const std::string& path, std::size_t& messages) {
  const auto begun = std::chrono::steady_clock::now();
  auto store = store::Store::open(path);
  session::SessionManager sessions((*store)->sessions(), (*store)->messages(), system_clock());
  const auto state = sessions.ensure_session(start(Mode::kContinueNewest));
  const auto history = sessions.history(state->id);
  messages = history->size();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun)
      .count();
}

}  // namespace

int main() {
  std::string folder = (std::filesystem::temp_directory_path() / "oap-resume-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr || !fill(folder + "/oap.db")) {
    std::fputs("the session cannot be made\n", stderr);
    return 1;
  }
  std::vector<double> times;
  std::size_t messages = 0;
  for (int i = 0; i < 20; ++i) {
    times.push_back(open_once(folder + "/oap.db", messages));
  }
  std::sort(times.begin(), times.end());
  std::printf("{\"messages\": %zu, \"median_ms\": %.1f, \"worst_ms\": %.1f}\n", messages,
              times[times.size() / 2], times.back());
  std::filesystem::remove_all(folder);
  return 0;
}
