#include "cli/chat/chat.hpp"

#include <fcntl.h>

#include "async/runtime.hpp"
#include "base/log.hpp"
#include "cli/chat/plain_front.hpp"
#include "cli/chat/rich_front.hpp"
#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "cli/session_setup.hpp"
#include "os/env.hpp"
#include "os/fd.hpp"
#include "platform/custom_commands.hpp"
#include "text/strings.hpp"

namespace oap::cli {
namespace {

constexpr std::string_view kAdvice =
    "a talk needs a terminal on standard input and output. In scripts and CI use: oap run \"TASK\" "
    "(or: echo \"TASK\" | oap run --output-format json)";

/// The log would be written over the prompt: it goes to a file while the talk lasts.
class LogFile {
 public:
  explicit LogFile(const std::string& path)
      : fd_(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    if (fd_) {
      log::set_output(fd_.get());
    }
  }
  ~LogFile() { log::set_output(2); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

 private:
  os::UniqueFd fd_;
};

/// The commands of files that the talk does not answer itself.
std::function<std::vector<chat::MoreCommand>()> more_commands(const platform::Platform& platform) {
  return [&settings = platform.settings()] {
    std::vector<chat::MoreCommand> more;
    for (const session::CommandDefinition& command : platform::command_files(settings).commands) {
      if (chat::find_slash(text::lower_ascii(command.name)) != nullptr) {
        continue;
      }
      std::string help = command.argument_hint;
      help += help.empty() || command.description.empty() ? "" : " · ";
      more.push_back({command.name, help + command.description});
    }
    return more;
  };
}

Result<std::string> session_of(platform::Platform& platform, const ChatArgs& args) {
  if (!args.continue_session && args.session.empty()) {
    return std::string();
  }
  const auto record = platform.settle_session(args.session);
  if (!record) {
    const bool none = record.error().code() == Code::kNotFound;
    return fail(none ? Error(Code::kUsage, record.error().message()) : record.error());
  }
  return record->id;
}

}  // namespace

int chat_command(const Common& common, const ChatArgs& args) {
  if (!chat::is_attended()) {
    print_error(kAdvice);
    return exit_code(Code::kUsage);
  }
  async::Runtime runtime;
  chat::ChatApprover approver;
  SetupOptions options;
  options.yes = args.yes;
  options.model = args.model;
  options.approver = &approver;
  SessionSetup setup(runtime, common, std::move(options));
  auto platform = setup.open();
  if (!platform) {
    return report(platform.error());
  }
  const auto session = session_of(**platform, args);
  if (!session) {
    return report(session.error());
  }
  const bool dumb = chat::is_dumb();
  auto tty = chat::Tty::open(runtime.executor(), !dumb);
  if (!tty) {
    return report(tty.error());
  }
  const LogFile log((*platform)->settings().paths.state_dir + "/chat.log");
  chat::Chat talk(**platform, approver, {*session, args.model, more_commands(**platform)});
  std::unique_ptr<chat::Front> front;
  if (dumb) {
    front = std::make_unique<chat::PlainFront>(*std::move(tty), talk);
  } else {
    const bool colours = os::env("NO_COLOR").value_or("").empty();
    front = std::make_unique<chat::RichFront>(
        runtime.executor(), *std::move(tty),
        colours ? terminal::Paint::kColour : terminal::Paint::kNone, talk);
  }
  return runtime.run(talk.run(*front));
}

}  // namespace oap::cli
