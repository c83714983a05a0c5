#pragma once

#include <functional>
#include <string>
#include <vector>

#include "json/value.hpp"
#include "skills/folder.hpp"

namespace oap::skills {

/// What a scan of a skill found. Data.
struct Finding {
  bool blocks = false;  ///< a person must look before the skill is used
  std::string kind;     ///< hidden_text, injection, secret, code, size
  std::string file;
  int line = 0;
  std::string what;  ///< a sentence; never the secret itself
};
json::Object to_json(const Finding& finding);

/// Secrets and dangerous code in one file, which this folder leaves to who makes the scan.
using FileScan = std::function<std::vector<Finding>(const FolderFile& file)>;

/// Looks at every file of a skill: characters that are hidden or turn the reading direction, texts
/// that address the model against its operator ("ignore previous instructions", "do not tell the
/// user"), and what `file_scan` finds. At most 200 findings, blocking ones first. Pure but for
/// `file_scan`, which may be empty.
std::vector<Finding> scan(const Folder& folder, const FileScan& file_scan);

bool blocks(const std::vector<Finding>& findings);

}  // namespace oap::skills
