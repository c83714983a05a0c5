#include "cli/commands/prompt.hpp"

#include <unistd.h>

#include "cli/input.hpp"
#include "text/strings.hpp"

namespace oap::cli {
namespace {

constexpr std::size_t kMaxPromptBytes = 4U << 20U;

}  // namespace

Result<std::string> read_prompt(const std::string& given, bool has_prompt, const std::string& what,
                                const std::string& example) {
  std::string prompt = given;
  if (!has_prompt || prompt == "-") {
    if (isatty(0) == 1) {
      return fail(Code::kUsage, "no {} given. Try: {}", what, example);
    }
    OAP_TRY(prompt, read_stdin(kMaxPromptBytes));
  }
  if (text::trim(prompt).empty()) {
    return fail(Code::kUsage, "the {} is empty", what);
  }
  return prompt;
}

}  // namespace oap::cli
