#include <csignal>

#include <unistd.h>

#include "cli/hook_event.hpp"
#include "cli/output.hpp"
#include "crypto/startup.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  oap::cli::keep_standard_descriptors();
  if (argc != 2) {
    oap::cli::print_error("usage: oap-hook claude-code|codex|gemini|goose|crush < event");
    return 2;
  }
  oap::crypto::start_bare();
  // Nothing is left to be tidied up: what was decided is on disk, and the answer is written.
  ::_exit(oap::cli::answer_hook(argv[1], {}));
}
