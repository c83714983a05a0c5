#include "orchestration/mission/evidence_log.hpp"

#include <algorithm>
#include <limits>

#include "async/run_blocking.hpp"
#include "base/log.hpp"
#include "orchestration/mission/hollow.hpp"
#include "orchestration/mission/mission_journal.hpp"
#include "orchestration/mission/shows.hpp"
#include "os/file.hpp"

namespace oap::orchestration {
namespace {

constexpr std::size_t kNamed = 10;
constexpr std::size_t kScriptBytes = 64U << 10U;

}  // namespace

EvidenceLog::EvidenceLog(std::string workspace, async::BlockingPool& blocking,
                         std::vector<Evidence> known)
    : workspace_(std::move(workspace)),
      blocking_(blocking),
      list_(std::move(known)),
      hasher_(std::make_unique<WorkspaceTree>(workspace_)) {}

/// Of the workspace the incremental way, of another place afresh.
Task<std::string> EvidenceLog::hash_of(std::string place) {
  const Deadline never = Deadline::never();
  auto permit = co_await one_at_a_time_.acquire(never);
  if (!permit) {
    co_return std::string();
  }
  const bool own = place.empty();
  WorkspaceTree other(own ? workspace_ : place);
  WorkspaceTree* const tree = own ? hasher_.get() : &other;
  const auto take = [tree] { return tree->take(); };
  auto work = async::run_blocking(blocking_, take);
  Result<TreeSnapshot> snapshot = co_await std::move(work);
  if (!snapshot) {
    log::warn("mission", "the state of the workspace cannot be taken",
              {{"error", snapshot.error().to_string()}});
    co_return std::string();
  }
  std::string hash = snapshot->hash;
  if (own) {
    now_ = *std::move(snapshot);
    if (!at_start_) {
      at_start_ = now_;
    }
  }
  co_return hash;
}

Task<std::string> EvidenceLog::tree() { co_return co_await hash_of(""); }

Task<std::optional<Evidence>> EvidenceLog::take(ToolCall call, ToolOutcome outcome, WallTime at,
                                                std::string place) {
  edits_ += may_edit(call) ? 1 : 0;
  std::optional<Evidence> evidence = evidence_of(call, outcome, at);
  if (!evidence) {
    co_return std::nullopt;
  }
  if (!evidence->is_command) {
    if (place.empty() && evidence->exit_code == 0) {
      last_read_ = std::move(evidence);
      edits_at_read_ = edits_;
    }
    co_return std::nullopt;
  }
  evidence->tree = co_await hash_of(place);
  if (evidence->exit_code == 0 && outcome.result &&
      what_success_shows(evidence->command) != Shows::kNothing) {
    const std::string folder = place.empty() ? workspace_ : place;
    const auto read = [&folder](const std::string& path) -> std::optional<std::string> {
      auto text = os::read_file(path.starts_with('/') ? path : folder + "/" + path, kScriptBytes);
      return text ? std::optional(*std::move(text)) : std::nullopt;
    };
    evidence->hollow = why_hollow(evidence->command, outcome.result->joined_text(), folder, read);
  }
  const bool passed = evidence->exit_code == 0 && what_shows(*evidence) != Shows::kNothing;
  if (passed && place.empty()) {
    at_pass_ = now_;
  }
  const auto old = std::find_if(list_.begin(), list_.end(), [&](const Evidence& one) {
    return one.is_command && one.command == evidence->command;
  });
  const bool same = !passed && old != list_.end() && old->exit_code == evidence->exit_code &&
                    old->tree == evidence->tree && old == list_.end() - 1;
  keep_newest(list_, *evidence);
  co_return same ? std::nullopt : evidence;
}

std::vector<Evidence> EvidenceLog::all(const std::string& tree) const {
  std::vector<Evidence> out = list_;
  if (last_read_ && edits_at_read_ == edits_) {
    out.insert(out.begin(), *last_read_);
    out.front().tree = tree;
  }
  return out;
}

std::vector<Evidence> EvidenceLog::passing(const std::string& tree,
                                           const std::string& tree_at_start) const {
  std::vector<Evidence> found;
  if (tree.empty()) {
    return found;
  }
  for (const Evidence& one : all(tree)) {
    const bool counts =
        tree == tree_at_start || !one.is_command || what_shows(one) != Shows::kNothing;
    if (one.exit_code == 0 && one.tree == tree && counts) {
      found.push_back(one);
    }
  }
  return found;
}

std::vector<std::string> EvidenceLog::changed_since_pass() const {
  return at_pass_ ? changed_files(*at_pass_, now_, kNamed) : std::vector<std::string>();
}

bool EvidenceLog::has_changed_programs() const {
  if (!at_start_) {
    return false;
  }
  const auto files = changed_files(*at_start_, now_, std::numeric_limits<std::size_t>::max());
  return std::any_of(files.begin(), files.end(), [this](const std::string& path) {
    const auto found = now_.files.find(path);
    const bool executable = found != now_.files.end() && found->second.starts_with("x ");
    return executable || is_program_text(path);
  });
}

}  // namespace oap::orchestration
