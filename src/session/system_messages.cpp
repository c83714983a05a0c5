#include "session/system_messages.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "os/file.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::session {

std::string filled_in(std::string_view text,
                      const std::vector<std::pair<std::string_view, std::string_view>>& words) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text[at] == '{' ? text.find('}', at) : std::string_view::npos;
    const std::string_view name =
        end == std::string_view::npos ? std::string_view() : text.substr(at + 1, end - at - 1);
    const auto word = std::find_if(words.begin(), words.end(),
                                   [name](const auto& each) { return each.first == name; });
    if (name.empty() || word == words.end()) {
      out += text[at++];
    } else {
      out += word->second;
      at = end + 1;
    }
  }
  return out;
}

SystemMessages::SystemMessages()
    : mission_brief(
          "Mission objective:\n{objective}\n\nThe plan is {plan}, through the todo tool. {state}\n"
          "The mission ends when every item is closed, the checklist and sync issues are clear, "
          "the "
          "commands that the runtime recorded pass on the last state of the files, and your final "
          "text holds this line alone:\n{seal}"),
      mission_work("The mission is not complete."),
      mission_refused(
          "The seal was refused. What stands against it:\n{open}Settle each of these, then seal "
          "again."),
      mission_seal(
          "The plan is closed and the evidence agrees. If the objective is met, say in a few "
          "sentences what was done and what shows it, and end with this line alone:\n{seal}\n"
          "If something is missing, add it to the plan and go on."),
      mission_decide(
          "Nobody is here to answer \"{question}\". Decide it yourself within the objective and go "
          "on. If only a person can decide it, ask with the todo tool, action \"ask\"; the mission "
          "then waits."),
      mission_results("Delegated tasks have ended."),
      mission_resumed(
          "The mission goes on where it was. The plan is decided: do not plan anew; take the next "
          "open item."),
      mission_stagnant(
          "Nothing has changed since the last time. Take another way: split the item, or mark it "
          "blocked or failed with a note, or ask with the todo tool."),
      mission_task(
          "Task: {description}\n\n{prompt}\n\nIt is part of this mission: {objective}\n{place}"
          "Do this task and nothing else. End with a report: what you did, what shows it, what "
          "remains.") {}

SystemMessages SystemMessages::load(const std::string& folder, std::vector<std::string>& problems) {
  constexpr std::size_t kMostBytes = 64U << 10U;
  SystemMessages messages;
  const std::pair<const char*, std::string*> files[] = {
      {"mission_continue", &messages.mission_continue},
      {"recovery", &messages.recovery},
      {"escalation", &messages.escalation},
      {"compacted", &messages.compacted},
      {"compaction_request", &messages.compaction_request},
      {"mission_brief", &messages.mission_brief},
      {"mission_work", &messages.mission_work},
      {"mission_refused", &messages.mission_refused},
      {"mission_seal", &messages.mission_seal},
      {"mission_decide", &messages.mission_decide},
      {"mission_results", &messages.mission_results},
      {"mission_resumed", &messages.mission_resumed},
      {"mission_stagnant", &messages.mission_stagnant},
      {"mission_task", &messages.mission_task}};
  for (const auto& [name, text] : files) {
    const std::string path = folder + "/" + name + ".md";
    if (folder.empty() || !os::exists(path)) {
      continue;
    }
    const auto read = os::read_file(path, kMostBytes);
    const std::string_view said = read ? text::trim(*read) : std::string_view();
    if (said.empty()) {
      problems.push_back(fmt::format("{} is not used: {}", path,
                                     read ? std::string("it is empty") : read.error().message()));
    } else {
      *text = text::sanitize_utf8(said);
    }
  }
  return messages;
}

std::string SystemMessages::anomaly_text(int count, std::string_view reason) const {
  return fmt::format("ANOMALY #{}: {}\n{}", count, reason, count >= 2 ? escalation : recovery);
}

std::string SystemMessages::anomaly(int count, std::string_view reason) {
  return SystemMessages().anomaly_text(count, reason);
}

}  // namespace oap::session
