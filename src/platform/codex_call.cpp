#include "platform/codex_call.hpp"

#include <array>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hosts/codex_transcript.hpp"
#include "os/fd.hpp"

namespace oap::platform {
namespace {

constexpr off_t kTail = 1 << 20;
constexpr std::string_view kFolder = "workdir";

/// "" where it is no regular file that can be read.
std::string tail_of(const std::string& path) {
  const os::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info{};
  if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return "";
  }
  off_t at = info.st_size > kTail ? info.st_size - kTail : 0;
  std::string out;
  std::array<char, 64 << 10> piece{};
  while (out.size() < static_cast<std::size_t>(kTail)) {
    const ssize_t got = ::pread(file.get(), piece.data(), piece.size(), at);
    if (got <= 0) {
      break;
    }
    out.append(piece.data(), static_cast<std::size_t>(got));
    at += got;
  }
  return out;
}

bool is_command(const hosts::Event& event) {
  return event.tool == "Bash" && json::find(event.input, "command") != nullptr;
}

}  // namespace

bool place_codex_call(hosts::Event& event) {
  if (!is_command(event) || event.transcript.empty() ||
      json::find(event.input, kFolder) != nullptr) {
    return true;
  }
  const auto arguments = hosts::codex_call_arguments(tail_of(event.transcript), event.call_id);
  if (!arguments) {
    return false;
  }
  if (const std::string_view folder = json::get_string(*arguments, kFolder); !folder.empty()) {
    event.input[kFolder] = folder;
  }
  return true;
}

void settle_codex_call(const hosts::Event& event, hosts::Verdict& verdict, bool is_placed) {
  if (verdict.input) {
    verdict.input->erase(kFolder);
  }
  const std::string_view command = json::get_string(event.input, "command");
  if (is_placed || verdict.level != Level::kAllow || command.empty() || event.cwd.empty()) {
    return;
  }
  const std::string_view now =
      verdict.input ? json::get_string(*verdict.input, "command") : command;
  std::string folder;
  for (const char c : event.cwd) {
    folder += c == '\'' ? "'\\''" : std::string(1, c);
  }
  verdict.input =
      json::Object{{"command", "cd -- '" + folder + "' || exit 126\n" + std::string(now)}};
}

}  // namespace oap::platform
