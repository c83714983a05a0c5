#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <re2/re2.h>
#include <re2/set.h>

namespace oap::security {

/// What more must hold of a match than its pattern. Private to this folder, as all below.
enum class SecretCheck : std::uint8_t {
  kToken,       ///< no sample, not all one character
  kEntropy,     ///< besides, as mixed as a random token is
  kAssignment,  ///< group 1 the name, group 2 the value: must look like a secret
  kUrl,         ///< group 1 the password of a URL: no placeholder
  kPem,         ///< a BEGIN line: the key up to its END
};

struct SecretPattern {
  std::string_view type;
  std::string_view trigger;  ///< cheap pattern without which `pattern` cannot match
  std::string_view pattern;  ///< group 1, where there is one, is the secret
  SecretCheck check = SecretCheck::kToken;
};

const std::vector<SecretPattern>& secret_patterns();

/// The patterns compiled; `ok` is false where that failed.
struct CompiledPatterns {
  std::vector<std::unique_ptr<re2::RE2>> full;
  std::unique_ptr<re2::RE2::Set> triggers;
  bool ok = true;
};

/// Compiled at the first call, then the same for the whole process. Thread-safe.
const CompiledPatterns& compiled_patterns();

}  // namespace oap::security
