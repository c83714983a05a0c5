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

std::string opening(const ContinuationFacts& facts) {
  switch (facts.why.why) {
    case Continue::Why::kRefusedSeal:
      return "The seal was refused. What stands against it:\n" + bullets(facts.verdict.open) +
             "Settle each of these, then seal again.\n";
    case Continue::Why::kSeal:
      return fmt::format(
          "The plan is closed and the evidence agrees. If the objective is met, say in a few "
          "sentences what was done and what shows it, and end with this line alone:\n{}\n"
          "If something is missing, add it to the plan and go on.\n",
          kSealTag);
    case Continue::Why::kDecide:
      return fmt::format(
          "Nobody is here to answer \"{}\". Decide it yourself within the objective and go on. "
          "If only a person can decide it, ask with the todo tool, action \"ask\"; the mission "
          "then waits.\n",
          facts.question);
    case Continue::Why::kResults:
      return "Delegated tasks have ended.\n";
    case Continue::Why::kAnswer:
      return "The person says:\n" + facts.answer + "\n";
    case Continue::Why::kResumed:
      return "The mission goes on where it was. The plan is decided: do not plan anew; take the "
             "next open item.\n" +
             (facts.answer.empty() ? "" : "The person says:\n" + facts.answer + "\n");
    case Continue::Why::kWork:
      return "The mission is not complete.\n";
  }
  return {};
}

}  // namespace

std::string mission_brief(std::string_view objective, std::string_view plan_folder, bool plan_only,
                          const CompletionVerdict& found) {
  std::string text = fmt::format("Mission objective:\n{}\n\n", objective);
  text += fmt::format("The plan is {}/todo.md, through the todo tool. ", plan_folder);
  if (found.has_plan) {
    text += fmt::format(
        "There is one already ({}/{} items closed): read it first and go on with "
        "it.\n",
        found.counts.closed(), found.counts.total);
  } else {
    text += "There is none yet: make it first.\n";
  }
  if (plan_only) {
    text += "Only the plan is wanted now. Make it, and end your turn; do not carry it out.\n";
    return text;
  }
  text += fmt::format(
      "The mission ends when every item is closed, the checklist and sync issues are clear, the "
      "commands that the runtime recorded pass on the last state of the files, and your final text "
      "holds this line alone:\n{}\n",
      kSealTag);
  return text;
}

std::string continuation_text(const ContinuationFacts& facts) {
  std::string text = "[mission] " + opening(facts);
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
    text +=
        "Nothing has changed since the last time. Take another way: split the item, or mark it "
        "blocked or failed with a note, or ask with the todo tool.\n";
  }
  return text;
}

std::string child_brief(std::string_view description, std::string_view prompt,
                        std::string_view objective, std::string_view where) {
  std::string text = fmt::format("Task: {}\n\n{}\n\nIt is part of this mission: {}\n", description,
                                 prompt, objective.substr(0, objective.find('\n')));
  if (!where.empty()) {
    text +=
        fmt::format("You work in a git worktree of your own, {}; others work beside you.\n", where);
  }
  text +=
      "Do this task and nothing else. End with a report: what you did, what shows it, what "
      "remains.\n";
  return text;
}

}  // namespace oap::orchestration
