#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace oap::session {

/// Results that were too long for a conversation, whole, in files of the state: `<folder>/ses_…/
/// out_….txt`, 0600. What is kept has been cleaned of secrets. Thread-safe.
class OutputFiles {
 public:
  static constexpr std::uint64_t kMostBytes = 256U << 20U;  ///< of one session

  explicit OutputFiles(std::string folder) : folder_(std::move(folder)) {}

  /// The handle "ses_…/out_…" for `read_output`. kResourceExhausted where the session keeps too
  /// much already.
  Result<std::string> keep(const std::string& session_id, std::string_view text);
  /// Removes a session's files; that there are none is fine.
  void remove(const std::string& session_id);

 private:
  std::string folder_;
};

}  // namespace oap::session
