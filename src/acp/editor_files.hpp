#pragma once

#include <memory>
#include <string>

#include "async/task.hpp"
#include "gateway/upstream/upstream.hpp"
#include "tools/workspace.hpp"

namespace oap::acp {

/// The editor's own view of files: with changes that are not saved yet. Paths are absolute.
class EditorFiles {
 public:
  virtual ~EditorFiles() = default;
  virtual bool can_read() const = 0;
  virtual bool can_write() const = 0;
  virtual Task<Result<std::string>> read(std::string path, Deadline deadline) = 0;
  virtual Task<Result<void>> write(std::string path, std::string text, Deadline deadline) = 0;
};

/// The built-in server with an editor beside it: read_file tells what the editor holds, write_file
/// and edit_file change it there, and the editor writes it to the disk. Everything else is the
/// server's. It stands where the server stood, behind permission, scan, approval and audit; a path
/// is resolved inside the workspace first, as the server does it, and after a write the file is
/// looked at again the same way, because the editor knows paths only by name. Where the editor
/// cannot read a file, the disk counts; where it does not write one, the call fails.
/// `given` is the workspace as the editor names it. `files` outlives it.
std::unique_ptr<gateway::Upstream> with_editor(std::unique_ptr<gateway::Upstream> server,
                                               EditorFiles& files, tools::Workspace workspace,
                                               std::string given);

/// Lines of a text as read_file gives them: from line `offset` (1 is the first), at most `limit`
/// (0: all) of them and 256 KiB, with a remark where something is left out. kInvalidArgument where
/// there are fewer lines. Pure.
struct Lines {
  std::string text;
  std::string remark;
};
Result<Lines> lines_of(std::string_view text, std::int64_t offset, std::int64_t limit,
                       std::string_view shown);

}  // namespace oap::acp
