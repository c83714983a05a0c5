#include <csignal>
#include <string_view>

#include <unistd.h>

#include "cli/hook_event.hpp"
#include "cli/output.hpp"
#include "cli/redact_stream.hpp"
#include "crypto/startup.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  oap::cli::keep_standard_descriptors();
  if (argc != 2) {
    oap::cli::print_error(
        "usage: oap-hook claude-code|codex|gemini|goose|crush|qwen < event, or oap-hook redact < "
        "text");
    return 2;
  }
  oap::crypto::start_bare();
  if (std::string_view(argv[1]) == "redact") {
    ::_exit(oap::cli::redact_here());
  }
  // Nothing is left to be tidied up: what was decided is on disk, and the answer is written.
  ::_exit(oap::cli::answer_hook(argv[1], {}));
}
