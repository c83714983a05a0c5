#include <csignal>

#include "cli/hook_event.hpp"
#include "cli/output.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  oap::cli::keep_standard_descriptors();
  if (argc != 2) {
    oap::cli::print_error("usage: oap-hook claude-code|codex|gemini|goose|crush < event");
    return 2;
  }
  return oap::cli::answer_hook(argv[1], {});
}
