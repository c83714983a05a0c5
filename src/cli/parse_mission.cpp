#include "cli/parse_mission.hpp"

#include <charconv>
#include <limits>
#include <type_traits>

#include <fmt/format.h>

namespace oap::cli {
namespace {

/// Dollars, or seconds.
constexpr double kMostBudget = 1'000'000'000;

/// Says what fits in words: a budget that is no number, below 0 or beyond what can be counted.
template <class Number>
CLI::Validator budget_of() {
  const auto check = [](const std::string& text) -> std::string {
    Number value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
    if constexpr (std::is_integral_v<Number>) {
      constexpr Number most = std::numeric_limits<Number>::max();
      return whole && value >= 0 ? ""
                                 : fmt::format("'{}' is no whole number from 0 to {}", text, most);
    } else {
      const bool fits = whole && value >= 0 && value <= kMostBudget;
      return fits ? "" : fmt::format("'{}' is no number from 0 to {}", text, kMostBudget);
    }
  };
  return CLI::Validator(check, "NUMBER");
}

class Adder {
 public:
  using Action = MissionArgs::Action;

  Adder(CLI::App& parent, MissionArgs& words, std::string& format, Command& command,
        const CommandMaker& make)
      : parent_(parent), words_(words), format_(format), command_(command), make_(make) {}

  void add() {
    CLI::App* sub = use("start", "Begin a mission and drive it until it ends or a person must act",
                        Action::kStart);
    sub->add_option("objective", words_.objective,
                    "What is to be reached; '-' or nothing reads standard input")
        ->each([words = &words_](const std::string&) { words->has_objective = true; });
    sub->add_flag("--plan", words_.plan_only, "Make the plan only; resume carries it out");
    driving(sub);
    sub = use("resume", "Go on with a mission: paused, blocked, waiting, or left by a crash",
              Action::kResume);
    which(sub);
    sub->add_option("--answer", words_.answer, "The answer to its question, or a word to it");
    driving(sub);
    sub = use("status", "Where a mission stands: plan, evidence, what is open", Action::kStatus);
    which(sub);
    sub = use("pause", "Let a mission pause; what runs may end", Action::kPause);
    which(sub);
    sub = use("stop", "End a mission and all it has delegated", Action::kStop);
    which(sub);
    sub = use("list", "The missions of this workspace", Action::kList);
    sub->add_flag("--all,-a", words_.all, "Ended ones too");
    sub->add_option("--limit,-n", words_.limit, "At most so many")->check(CLI::Range(1, 100'000));
    sub = use("log", "What happened in a mission", Action::kLog);
    which(sub);
    sub->add_option("--after", words_.after, "Only events after this number")
        ->check(budget_of<std::int64_t>());
    sub->add_option("--limit,-n", words_.limit, "At most so many")->check(CLI::Range(1, 100'000));
    parent_.footer(
        "\nExit codes: 0 done, 1 failed, 4 a person must act (paused, blocked, a question), 5 the "
        "model\ncannot be used, 130 interrupted or stopped. Ctrl-C pauses; resume goes on.\n"
        "\nExamples:\n  oap mission start \"Add a --json flag to the lister, with tests\" -m "
        "anthropic/claude-sonnet-4-5\n  oap mission status\n"
        "  oap mission resume --iterations 20 --answer \"use the second form\"");
  }

 private:
  CLI::App* use(const std::string& name, const std::string& help, Action action) {
    MissionArgs* const words = &words_;
    Command* const command = &command_;
    return make_(parent_, name, help, [words, command, action] {
      words->action = action;
      *command = *words;
    });
  }

  void which(CLI::App* sub) {
    sub->add_option("mission", words_.id,
                    "Its id, or a unique start of it (default: the newest open one here)");
  }

  void driving(CLI::App* sub) {
    sub->add_option("--model,-m", words_.model, "provider/model");
    sub->add_flag("--yes,-y", words_.yes, "Approve the permission asks of its tool calls");
    sub->add_option("--output-format", format_, "text, json or stream-json")
        ->check(CLI::IsMember({"text", "json", "stream-json"}));
    const auto budget = [sub](const std::string& name, auto& place, const std::string& help) {
      sub->add_option(name, place, help)
          ->check(budget_of<std::decay_t<decltype(*place)>>())
          ->group("Budgets (0 = none)");
    };
    budget("--iterations", words_.iterations,
           "Continuations (resume: beyond those that were used)");
    budget("--no-progress", words_.no_progress, "Continuations in a row that change nothing");
    budget("--turns", words_.turns, "Model requests within one continuation");
    budget("--tool-calls", words_.tool_calls, "Tool calls");
    budget("--tokens", words_.tokens, "Tokens (resume: beyond those that were used)");
    budget("--cost", words_.cost, "US dollars");
    budget("--time", words_.time, "Seconds at work");
    budget("--depth", words_.depth, "How deep delegation goes");
    budget("--parallel", words_.parallel, "Delegated tasks at once");
  }

  CLI::App& parent_;
  MissionArgs& words_;
  std::string& format_;
  Command& command_;
  const CommandMaker& make_;
};

}  // namespace

void add_mission_commands(CLI::App& mission, MissionArgs& words, std::string& format,
                          Command& command, const CommandMaker& make) {
  Adder(mission, words, format, command, make).add();
}

}  // namespace oap::cli
