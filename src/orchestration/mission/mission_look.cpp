#include <algorithm>

#include <fmt/format.h>

#include "orchestration/mission/mission_run.hpp"

namespace oap::orchestration {
namespace {

constexpr std::size_t kMostNoted = 100;

}  // namespace

/// Whoever takes open work or a check out of the plan may do so; it is told in the end.
void MissionRun::note_changes(const std::string& plan) {
  std::map<std::string, std::string> open;
  const TodoDocument document = TodoDocument::parse(plan);
  for (const TodoItem& item : document.items()) {
    if (item.is_leaf() && !is_closed(item.effective)) {
      open.emplace(item.key, item.id.empty() ? fmt::format("'{}'", item.text)
                                             : fmt::format("{} '{}'", item.id, item.text));
    }
  }
  for (const auto& [key, name] : open_items_) {
    const bool stays = std::any_of(document.items().begin(), document.items().end(),
                                   [&key](const TodoItem& item) { return item.key == key; });
    if (!stays && body_.dropped.size() < kMostNoted) {
      body_.dropped.push_back(parts_.redact(name));
    }
  }
  open_items_ = std::move(open);
  note_checks(document);
}

void MissionRun::note_checks(const TodoDocument& document) {
  std::map<std::string, std::string> checks;
  for (const TodoItem& item : document.items()) {
    checks.emplace(item.key, item.meta("check"));
    const auto before = checks_.find(item.key);
    const std::string_view now = item.meta("check");
    if (before == checks_.end() || before->second.empty() || before->second == now ||
        body_.weakened.size() >= kMostNoted) {
      continue;
    }
    body_.weakened.push_back(parts_.redact(
        fmt::format("the check `{}` of {} was {}", before->second,
                    item.id.empty() ? fmt::format("'{}'", item.text) : item.id,
                    now.empty() ? "taken away" : fmt::format("replaced by `{}`", now))));
  }
  checks_ = std::move(checks);
}

Task<CompletionVerdict> MissionRun::look() {
  CompletionInput input;
  input.tree = co_await evidence_.tree();
  files_.read_into(input);
  input.tree_at_start = body_.tree_at_start;
  input.evidence = evidence_.all(input.tree);
  input.changed = evidence_.changed_since_pass();
  input.children = delegation_.open();
  note_changes(input.todo.value_or(""));
  input.dropped = body_.dropped;
  input.weakened = body_.weakened;
  body_.changed_programs = body_.changed_programs || evidence_.has_changed_programs();
  input.changed_programs = body_.changed_programs;
  co_return judge_completion(input);
}

}  // namespace oap::orchestration
