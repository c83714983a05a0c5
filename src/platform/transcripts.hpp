#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "session/session_manager.hpp"

namespace oap::platform {

/// Sessions as files that hook programs can read (`transcript_path`): a JSON object a line, as
/// Claude Code writes its own, of what is stored, which has no secrets. In a temporary folder that
/// is made (0700) for the first one and removed at the end: a sandboxed program is shown the file,
/// which may not lie in the state. The manager outlives it. Blocking; used from one thread.
class Transcripts {
 public:
  Transcripts(session::SessionManager& sessions, std::string workspace)
      : sessions_(sessions), workspace_(std::move(workspace)) {}
  ~Transcripts();
  Transcripts(const Transcripts&) = delete;
  Transcripts& operator=(const Transcripts&) = delete;

  /// Brings the session's file up to date; its path, "" where that is not possible (logged).
  std::string write(const std::string& session_id);

 private:
  Result<void> make_folder();

  std::string folder_;  ///< empty: not made yet
  session::SessionManager& sessions_;
  std::string workspace_;
  std::map<std::string, std::size_t> written_;  ///< messages that a file has
};

}  // namespace oap::platform
