#include "orchestration/mission/completion.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "crypto/hash.hpp"
#include "orchestration/mission/shows.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::orchestration {
namespace {

constexpr std::size_t kShownText = 120;

std::string shown(std::string_view text) {
  const std::string_view cut = text::truncate_utf8(text, kShownText);
  return std::string(cut) + (cut.size() < text.size() ? "…" : "");
}

std::string name_of(const std::string& id, const std::string& text) {
  return id.empty() ? fmt::format("'{}'", shown(text)) : fmt::format("{} '{}'", id, shown(text));
}

class Judge {
 public:
  explicit Judge(const CompletionInput& input) : input_(input) {}

  CompletionVerdict run() {
    plan();
    checklist();
    issues();
    for (const std::string& what : input_.dropped) {
      out_.notes.push_back(fmt::format("{} left the plan while it was open", what));
    }
    for (const std::string& what : input_.weakened) {
      out_.notes.push_back(what);
    }
    for (const std::string& what : input_.unreadable) {
      out_.open.push_back(what);
    }
    for (const std::string& child : input_.children) {
      out_.open.push_back(fmt::format("the delegated task {} has not ended", child));
    }
    // Until here: what work is left. The evidence is about work that is done.
    std::string state;
    for (const std::string& line : out_.open) {
      state += line + "\n";
    }
    out_.fingerprint = crypto::sha256_hex(state + input_.tree).substr(0, 16);
    evidence();
    out_.complete = out_.open.empty();
    return std::move(out_);
  }

 private:
  void problems(std::string_view file, const std::vector<FileProblem>& list) {
    for (const FileProblem& problem : list) {
      out_.open.push_back(fmt::format("{} line {}: {}", file, problem.line, problem.text));
    }
  }

  void plan() {
    if (!input_.todo) {
      out_.open.push_back(fmt::format("there is no plan: {} is missing", input_.todo_path));
      return;
    }
    const TodoDocument document = TodoDocument::parse(*input_.todo);
    problems("todo.md", document.problems());
    out_.counts = document.counts();
    out_.has_plan = out_.counts.total > 0;
    if (!out_.has_plan) {
      out_.open.push_back(fmt::format("the plan in {} has no item", input_.todo_path));
    }
    for (const TodoItem& item : document.items()) {
      if (!item.is_leaf()) {
        continue;
      }
      const std::string name = name_of(item.id, item.text);
      if (item.effective == ItemState::kCancelled) {
        out_.notes.push_back(fmt::format("{} was cancelled", name));
      } else if (item.effective == ItemState::kDone) {
        check(name, item.meta("check"));
      } else {
        out_.open.push_back(fmt::format("todo.md line {}: {} is {}{}", item.line, name,
                                        to_string(item.effective),
                                        item.is_heading ? " and has nothing below it" : ""));
      }
    }
    const TodoCounts& counts = out_.counts;
    out_.plan_closed = out_.has_plan && counts.closed() == counts.total;
    if (out_.plan_closed && counts.done == 0) {
      out_.open.emplace_back(
          "every item of the plan was cancelled and none was done; add what is to be done, or ask "
          "the person whether to stop");
    }
    out_.only_blocked = counts.blocked > 0 && counts.open == 0 && counts.failed == 0;
  }

  void checklist() {
    if (!input_.checklist) {
      return;
    }
    const Checklist list = parse_checklist(*input_.checklist);
    problems("verification-checklist.md", list.problems);
    for (const CheckItem& item : list.items) {
      ++out_.checks_total;
      const std::string name = name_of(item.id, item.text);
      if (item.cancelled) {
        out_.notes.push_back(fmt::format("the check {} was cancelled", name));
      } else if (!item.done) {
        out_.open.push_back(fmt::format("verification-checklist.md line {}: {} is not ticked{}",
                                        item.line, name,
                                        item.check.empty() ? "" : "; run `" + item.check + "`"));
        continue;
      }
      ++out_.checks_done;
      check(name, item.check);
    }
  }

  void issues() {
    if (!input_.sync_issues) {
      return;
    }
    const SyncIssues issues = parse_sync_issues(*input_.sync_issues);
    problems("sync-issues.md", issues.problems);
    for (const SyncIssue& issue : issues.open) {
      out_.open.push_back(
          fmt::format("sync-issues.md line {}: '{}' is open", issue.line, shown(issue.title)));
    }
  }

  /// A closed item names the command that shows it.
  void check(const std::string& name, std::string_view command) {
    command = bare_command(command);
    if (!command.empty()) {
      checks_.push_back({name, std::string(command)});
    }
  }

  void evidence() {
    if (input_.tree.empty()) {
      out_.open.emplace_back(
          "the state of the workspace could not be taken, so nothing shows that "
          "the work is done");
      return;
    }
    for (const auto& [name, command] : checks_) {
      const Evidence* const last = last_of(command);
      const std::string_view why =
          last != nullptr && last->exit_code == 0 ? why_nothing(*last) : why_nothing(command);
      if (!why.empty()) {
        out_.open.push_back(
            fmt::format("the check `{}` of {} shows nothing: {}", command, name, why));
      } else if (last == nullptr) {
        out_.open.push_back(
            fmt::format("{} names the check `{}`, which has not been run", name, command));
      } else if (last->exit_code != 0) {
        out_.open.push_back(fmt::format("the check `{}` of {} failed with exit code {}", command,
                                        name, last->exit_code));
      } else if (last->tree != input_.tree) {
        out_.open.push_back(
            fmt::format("the check `{}` of {} passed before the last edit; run it "
                        "again",
                        command, name));
      }
    }
    last_verification();
    any_evidence();
  }

  const Evidence* last_of(std::string_view command) const {
    const auto found =
        std::find_if(input_.evidence.rbegin(), input_.evidence.rend(),
                     [&](const Evidence& one) { return one.is_command && one.command == command; });
    return found == input_.evidence.rend() ? nullptr : &*found;
  }

  void last_verification() {
    const auto last =
        std::find_if(input_.evidence.rbegin(), input_.evidence.rend(), [](const Evidence& one) {
          return one.is_command && is_verification(one.command) &&
                 (one.exit_code != 0 || what_shows(one) != Shows::kNothing);
        });
    if (last != input_.evidence.rend() && last->exit_code != 0) {
      out_.open.push_back(
          fmt::format("the last verification, `{}` by the {}, failed with exit "
                      "code {}",
                      shown(last->command), last->agent, last->exit_code));
    }
  }

  void any_evidence() {
    const bool changed = input_.tree != input_.tree_at_start;
    bool old = false;
    for (const Evidence& one : input_.evidence) {
      if (one.exit_code != 0 || (changed && !is_enough(one))) {
        continue;
      }
      if (one.tree == input_.tree) {
        return;
      }
      old = old || one.is_command;
    }
    if (!changed) {
      out_.open.emplace_back(
          "the runtime has recorded no call that succeeded on the workspace as "
          "it is; look at it, or run what shows the result");
      return;
    }
    std::string files;
    for (const std::string& file : input_.changed) {
      files += (files.empty() ? " (" : ", ") + file;
    }
    files += files.empty() ? "" : ")";
    out_.open.push_back(
        old ? fmt::format("every passing command is older than the last edit{}; run the "
                          "verification again",
                          files)
            : fmt::format("files were changed{}, but no command has shown that it works; run the "
                          "tests or the program",
                          files) +
                  hint());
  }

  bool is_enough(const Evidence& one) const {
    if (!one.is_command) {
      return false;
    }
    const Shows shows = what_shows(one);
    return shows == Shows::kRun || (shows == Shows::kLook && !input_.changed_programs);
  }

  /// Of a verification that ended well and shows nothing all the same: why.
  std::string hint() const {
    for (auto one = input_.evidence.rbegin(); one != input_.evidence.rend(); ++one) {
      if (one->is_command && one->exit_code == 0 && is_verification(one->command)) {
        const std::string_view why = why_nothing(*one);
        return why.empty() ? ""
                           : fmt::format(" (`{}` shows nothing: {})", shown(one->command), why);
      }
    }
    return "";
  }

  struct Check {
    std::string name;
    std::string command;
  };
  const CompletionInput& input_;
  CompletionVerdict out_;
  std::vector<Check> checks_;
};

}  // namespace

CompletionVerdict judge_completion(const CompletionInput& input) { return Judge(input).run(); }

}  // namespace oap::orchestration
