#include <algorithm>

#include "security/code_rules.hpp"
#include "security/secret_checks.hpp"

namespace oap::security {

bool prints_secret(const CodeCall& call, bool keys) {
  const auto tells = [](const CodeToken& token) {
    return token.is_name() && token.text.size() > 3 && name_kind(token.text) != NameKind::kNone;
  };
  for (const CodeArgument& argument : call.arguments) {
    for (std::size_t i = 0; i < argument.value.size(); ++i) {
      const CodeToken& token = argument.value[i];
      const bool more = i + 1 < argument.value.size();
      const bool called =
          more && (argument.value[i + 1].is("(") || (keys && argument.value[i + 1].is(":")));
      const bool inside =
          token.is_string() && std::any_of(token.inside.begin(), token.inside.end(), tells);
      if (inside || (tells(token) && !called)) {
        return true;
      }
    }
  }
  return false;
}

Danger printed_secret(std::string_view rule) {
  return {Severity::kMedium, kExposure, rule, "a secret is printed or logged",
          "leave it out, or show its last characters only"};
}

Danger becomes_root(std::string_view rule) {
  return {Severity::kHigh, kPrivilege, rule, "the process makes itself root",
          "run the part that needs it as a service of its own"};
}

Danger opens_mode(std::string_view rule) {
  return {Severity::kHigh, kPrivilege, rule, "a file becomes writable for everyone, or setuid",
          "give the narrowest mode, e.g. 0o600"};
}

Danger reads_credentials(std::string_view rule) {
  return {Severity::kHigh, kTraversal, rule, "reads a file of accounts or credentials",
          "ask for the value instead of reading the file"};
}

}  // namespace oap::security
