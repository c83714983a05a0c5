#include "orchestration/mission/mission_prompts.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "orchestration/mission/seal.hpp"

namespace oap::orchestration {
namespace {

constexpr std::size_t kMostLines = 12;

std::string bullets(const std::vector<std::string>& lines) {
  std::string text;
  for (std::size_t i = 0; i < lines.size() && i < kMostLines; ++i) {
    text += "- " + lines[i] + "\n";
  }
  if (lines.size() > kMostLines) {
    text += fmt::format("- and {} more (todo list shows all)\n", lines.size() - kMostLines);
  }
  return text;
}

std::string progress_line(const ContinuationFacts& facts) {
  const TodoCounts& counts = facts.verdict.counts;
  std::string line = fmt::format("Progress: {}/{} items closed", counts.closed(), counts.total);
  if (counts.blocked + counts.failed > 0) {
    line += fmt::format(", {} blocked, {} failed", counts.blocked, counts.failed);
  }
  if (facts.verdict.checks_total > 0) {
    line += fmt::format("; checklist {}/{}", facts.verdict.checks_done, facts.verdict.checks_total);
  }
  line += fmt::format("; iteration {}", facts.iteration);
  return facts.limit > 0 ? line + fmt::format(" of {}.\n", facts.limit) : line + ".\n";
}

std::string opening(const session::SystemMessages& messages, const ContinuationFacts& facts) {
  const std::string open = bullets(facts.verdict.open);
  switch (facts.why.why) {
    case Continue::Why::kRefusedSeal:
      return session::filled_in(messages.mission_refused, {{"open", open}});
    case Continue::Why::kSeal:
      return session::filled_in(messages.mission_seal, {{"seal", kSealTag}});
    case Continue::Why::kDecide:
      return session::filled_in(messages.mission_decide, {{"question", facts.question}});
    case Continue::Why::kResults:
      return messages.mission_results;
    case Continue::Why::kAnswer:
      return "The person says:\n" + facts.answer;
    case Continue::Why::kResumed:
      return messages.mission_resumed +
             (facts.answer.empty() ? "" : "\nThe person says:\n" + facts.answer);
    case Continue::Why::kWork:
      return messages.mission_work;
  }
  return {};
}

}  // namespace

std::string mission_brief(const session::SystemMessages& messages, std::string_view objective,
                          std::string_view plan_folder, bool plan_only,
                          const CompletionVerdict& found) {
  std::string state = "There is none yet: make it first.";
  if (found.has_plan) {
    state =
        fmt::format("There is one already ({}/{} items closed): read it first and go on with it.",
                    found.counts.closed(), found.counts.total);
  }
  const std::string plan = std::string(plan_folder) + "/todo.md";
  if (plan_only) {
    return fmt::format(
        "Mission objective:\n{}\n\nThe plan is {}, through the todo tool. {}\n"
        "Only the plan is wanted now. Make it, and end your turn; do not carry it out.\n",
        objective, plan, state);
  }
  return session::filled_in(
             messages.mission_brief,
             {{"objective", objective}, {"plan", plan}, {"state", state}, {"seal", kSealTag}}) +
         "\n";
}

std::string continuation_text(const session::SystemMessages& messages,
                              const ContinuationFacts& facts) {
  std::string text = "[mission] " + opening(messages, facts) + "\n";
  for (const std::string& result : facts.results) {
    text += "\n" + result + "\n";
  }
  if (!facts.in_doubt.empty()) {
    text +=
        "In doubt, these calls may have run; look at the present state before doing them "
        "again:\n" +
        bullets(facts.in_doubt);
  }
  text += "Objective: " + facts.objective.substr(0, facts.objective.find('\n')) + "\n";
  text += progress_line(facts);
  const bool list_open = facts.why.why != Continue::Why::kRefusedSeal &&
                         facts.why.why != Continue::Why::kSeal && !facts.verdict.open.empty();
  if (list_open) {
    text += "Open:\n" + bullets(facts.verdict.open);
  }
  if (!facts.ready.empty() && facts.why.why != Continue::Why::kSeal) {
    text += "Next that can be begun: " + facts.ready.front();
    for (std::size_t i = 1; i < facts.ready.size() && i < 5; ++i) {
      text += ", " + facts.ready[i];
    }
    text += facts.ready.size() > 1 ? " (independent ones in parallel).\n" : ".\n";
  } else if (!facts.verdict.has_plan) {
    text += "Next: make the plan with the todo tool.\n";
  }
  if (facts.why.stagnant) {
    text += messages.mission_stagnant + "\n";
  }
  return text;
}

std::string child_brief(const session::SystemMessages& messages, std::string_view description,
                        std::string_view prompt, std::string_view objective,
                        std::string_view where) {
  const std::string place =
      where.empty() ? std::string()
                    : fmt::format(
                          "You work in a git worktree of your own, {}; others work beside "
                          "you.\n",
                          where);
  return session::filled_in(messages.mission_task,
                            {{"description", description},
                             {"prompt", prompt},
                             {"objective", objective.substr(0, objective.find('\n'))},
                             {"place", place}}) +
         "\n";
}

}  // namespace oap::orchestration
