#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace oap::cli::chat {

/// What a person wrote at the prompt in one workspace: a file of JSON strings, one a line, mode
/// 0600, oldest first. Secrets are taken out before anything is written. Several processes may
/// append; what cannot be read is passed over. Blocking; of one thread.
class HistoryFile {
 public:
  using Redact = std::function<std::string(std::string_view)>;
  static constexpr std::size_t kMost = 1'000;
  static constexpr std::size_t kMaxEntry = 16U << 10U;  ///< bytes; longer ones are not kept

  HistoryFile(std::string path, Redact redact);

  /// The newest kMost entries. A file that has grown to more than twice that is rewritten.
  std::vector<std::string> load();
  Result<void> append(std::string_view entry);

 private:
  std::string path_;
  Redact redact_;
};

}  // namespace oap::cli::chat
