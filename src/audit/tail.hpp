#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::audit {

class Keyring;

/// Which records; an empty text matches any.
struct Filter {
  std::string event_type;
  std::string tool;
  std::string user_id;
  std::string session_id;
  std::string task_id;
  std::string permission_decision;
};

/// The last `count` matching records, oldest first, read from the end. A line that is no record is
/// shown as `{"event_type":"malformed", segment, line, error}` whatever the filter says;
/// what `missing_records` says follows the last.
/// Encrypted records are decrypted with `keys`; kFailedPrecondition without.
Result<std::vector<json::Object>> tail(const std::string& dir, std::size_t count,
                                       const Filter& filter = {}, Keyring* keys = nullptr);

}  // namespace oap::audit
