#pragma once

#include <string>

#include "approval/approver.hpp"

namespace oap::cli {

/// Whether a person is at both ends: standard input is read by the prompt, so an approver needs
/// /dev/tty; colours and live lines need a terminal on stderr.
bool has_terminal();
bool stderr_is_terminal();
int terminal_width();

/// Asks a person on /dev/tty with the exact arguments, escaped so that nothing can hide. Several
/// questions at once are asked one after another. Must be used from one executor.
class TerminalApprover final : public approval::Approver {
 public:
  explicit TerminalApprover(Executor executor);
  ~TerminalApprover() override;
  Task<Result<approval::Answer>> ask(approval::Request request) override;

 private:
  struct Tty;
  std::unique_ptr<Tty> tty_;
};

/// The question as the person sees it. Pure.
std::string render_question(const approval::Request& request);

}  // namespace oap::cli
