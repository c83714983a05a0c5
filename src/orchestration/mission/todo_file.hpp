#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "orchestration/mission/todo.hpp"

namespace oap::orchestration {

/// The three files of a plan's folder that a mission is judged by.
inline constexpr const char* kTodoFile = "todo.md";
inline constexpr const char* kChecklistFile = "verification-checklist.md";
inline constexpr const char* kIssuesFile = "sync-issues.md";

/// One of them on disk. It belongs to a person as much as to the agents: every change reads it
/// anew, changes only its own item, and replaces it in one step. Writers of this program exclude
/// each other by a lock beside the state. Blocks for a moment; used from any thread.
class PlanFile {
 public:
  /// `lock` is a file outside of the workspace.
  PlanFile(std::string path, std::string lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  const std::string& path() const { return path_; }
  /// Nothing where there is none. kFailedPrecondition: a link, or no regular file;
  /// kResourceExhausted: larger than TodoDocument::kMaxBytes.
  Result<std::optional<std::string>> read() const;
  /// Runs `change` on what is there now ("" where there is none) and replaces the file, unless
  /// nothing changed. Where a person wrote meanwhile, it is run again on what is there then; after
  /// several times kUnavailable. What `change` fails with is passed on. The new text.
  Result<std::string> change(const std::function<Result<std::string>(const std::string&)>& change);

 private:
  std::string path_;
  std::string lock_;
};

}  // namespace oap::orchestration
