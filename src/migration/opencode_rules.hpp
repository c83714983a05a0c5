#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "migration/rules.hpp"

namespace oap::migration {

/// JSON with comments and trailing commas as plain JSON; line breaks stay where they are. Pure.
std::string plain_json(std::string_view text);

/// One opencode.json(c): its permissions in the order in which they are written.
struct OpencodeFile {
  std::string file;
  json::Object value;
};

/// The permissions of OpenCode's configuration, weakest file first (hosts.md 1.1 and 1.6): its last
/// matching rule wins, ours the strictest, so that a rule carries a condition where a later one is
/// less strict. What it lets pass unwritten asks here, with a warning. Wrong types are
/// kConfiguration errors. Pure.
Result<Translation> translate_opencode(const std::vector<OpencodeFile>& files);

}  // namespace oap::migration
