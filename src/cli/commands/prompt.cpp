#include "cli/commands/prompt.hpp"

#include <unistd.h>

#include "text/strings.hpp"

namespace oap::cli {
namespace {

constexpr std::size_t kMaxPromptBytes = 4U << 20U;

Result<std::string> read_stdin() {
  std::string text;
  char buffer[65'536];
  while (true) {
    const ssize_t got = ::read(0, buffer, sizeof buffer);
    if (got < 0) {
      return fail(Code::kUsage, "standard input cannot be read");
    }
    if (got == 0) {
      return text;
    }
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > kMaxPromptBytes) {
      return fail(Code::kUsage, "the prompt is larger than {} bytes", kMaxPromptBytes);
    }
  }
}

}  // namespace

Result<std::string> read_prompt(const std::string& given, bool has_prompt, const std::string& what,
                                const std::string& example) {
  std::string prompt = given;
  if (!has_prompt || prompt == "-") {
    if (isatty(0) == 1) {
      return fail(Code::kUsage, "no {} given. Try: {}", what, example);
    }
    OAP_TRY(prompt, read_stdin());
  }
  if (text::trim(prompt).empty()) {
    return fail(Code::kUsage, "the {} is empty", what);
  }
  return prompt;
}

}  // namespace oap::cli
