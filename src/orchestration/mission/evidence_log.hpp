#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/blocking_pool.hpp"
#include "async/semaphore.hpp"
#include "async/task.hpp"
#include "orchestration/mission/evidence.hpp"
#include "orchestration/mission/workspace_tree.hpp"

namespace oap::orchestration {

/// The evidence of one mission as it comes in, and the state of the workspace that it is held
/// against. Belongs to the executor's thread.
class EvidenceLog {
 public:
  EvidenceLog(std::string workspace, async::BlockingPool& blocking, std::vector<Evidence> known);

  /// Takes in a finished call. The evidence where it says something new and is to be written down.
  Task<std::optional<Evidence>> take(ToolCall call, ToolOutcome outcome, WallTime at,
                                     std::string place);
  /// The workspace's hash now; "" where it cannot be taken.
  Task<std::string> tree();
  /// As it was taken last.
  const std::string& last_tree() const { return now_.hash; }
  /// Records, oldest first, the last read among them with the tree that it was of.
  std::vector<Evidence> all(const std::string& tree) const;
  /// Those that succeeded on this tree, newest last.
  std::vector<Evidence> passing(const std::string& tree, const std::string& tree_at_start) const;
  /// Files that changed since the last command that passed.
  std::vector<std::string> changed_since_pass() const;
  /// Some program changed since this log first looked: that it works is shown by running something.
  bool has_changed_programs() const;

 private:
  Task<std::string> hash_of(std::string place);

  std::string workspace_;
  async::BlockingPool& blocking_;
  std::vector<Evidence> list_;
  std::optional<Evidence> last_read_;
  std::string tree_of_read_;
  std::unique_ptr<WorkspaceTree> hasher_;
  TreeSnapshot now_;
  std::optional<TreeSnapshot> at_pass_;
  std::optional<TreeSnapshot> at_start_;
  async::Semaphore one_at_a_time_{1};
  std::uint64_t edits_ = 0;
  std::uint64_t edits_at_read_ = 0;
};

}  // namespace oap::orchestration
