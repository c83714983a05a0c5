#include "gateway/trust/pin_store.hpp"

#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

#include "os/file.hpp"
#include "os/lock.hpp"

namespace oap::gateway {
namespace {

constexpr std::size_t kMaxFile = 64U << 20U;
constexpr Millis kLockPatience{5000};
constexpr std::string_view kAdvice =
    "no tool of a configured server is served until that is mended: restore the file from a copy, "
    "or delete it to have the tools of every server pinned or asked for afresh";

/// Why the file cannot be relied on; "" where it can.
std::string fault_of(const struct stat& info) {
  if (!S_ISREG(info.st_mode)) {
    return "is not a plain file";
  }
  if (info.st_uid != ::geteuid()) {
    return "belongs to somebody else";
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return "could have been written by others";
  }
  return "";
}

}  // namespace

PinStore::PinStore(std::string state_dir, const Clock& clock)
    : state_dir_(std::move(state_dir)), path_(state_dir_ + "/pins.json"), clock_(clock) {}

Result<Pins> PinStore::read() const {
  struct stat info{};
  if (::lstat(path_.c_str(), &info) != 0) {
    if (errno == ENOENT) {
      return Pins{};
    }
    return fail(os::errno_error("reading", path_, errno));
  }
  if (const std::string fault = fault_of(info); !fault.empty()) {
    return fail(Code::kDataLoss, "the pin file {} {}; {}", path_, fault, kAdvice);
  }
  const Result<std::string> text = os::read_file(path_, kMaxFile);
  if (!text) {
    return fail(text.error().code(), "the pin file cannot be read ({}); {}", text.error().message(),
                kAdvice);
  }
  Result<Pins> pins = parse_pins(*text);
  if (!pins) {
    return fail(pins.error().code(), "the pin file {} is damaged or of another version ({}); {}",
                path_, pins.error().message(), kAdvice);
  }
  return pins;
}

Result<void> PinStore::change(const std::function<Result<bool>(Pins&)>& edit) const {
  OAP_CHECK_OK(os::make_dirs(state_dir_, 0700));
  OAP_TRY(const os::FileLock lock,
          os::FileLock::acquire(path_ + ".lock", Deadline::after(kLockPatience)));
  OAP_TRY(Pins pins, read());
  OAP_TRY(const bool changed, edit(pins));
  if (!changed) {
    return {};
  }
  const std::string text = print_pins(pins);
  if (text.size() > kMaxFile) {
    return fail(Code::kResourceExhausted,
                "the pin file {} would grow beyond 64 MiB; forget servers that are not used",
                path_);
  }
  return os::write_file_atomic(path_, text, 0600);
}

Result<Judgement> PinStore::judge(const std::string& server, const ServerSource& source,
                                  config::ServerTrust policy,
                                  std::span<const ToolSpec> tools) const {
  const std::string now = format_time(clock_.wall());
  OAP_TRY(Pins pins, read());
  Judgement judgement = gateway::judge(pins, server, source, policy, tools, now);
  if (!judgement.changed) {
    return judgement;
  }
  OAP_CHECK_OK(change([&](Pins& current) -> Result<bool> {
    judgement = gateway::judge(current, server, source, policy, tools, now);
    return judgement.changed;
  }));
  return judgement;
}

Result<std::vector<std::string>> PinStore::approve(const std::string& server,
                                                   const std::vector<Approval>& approvals,
                                                   std::string_view who) const {
  std::vector<std::string> approved;
  OAP_CHECK_OK(change([&](Pins& pins) -> Result<bool> {
    OAP_TRY(approved, gateway::approve(pins, server, approvals, who, format_time(clock_.wall())));
    return !approved.empty();
  }));
  return approved;
}

Result<bool> PinStore::forget(const std::string& server) const {
  bool forgotten = false;
  OAP_CHECK_OK(change([&](Pins& pins) -> Result<bool> {
    forgotten = pins.servers.erase(server) > 0;
    return forgotten;
  }));
  return forgotten;
}

}  // namespace oap::gateway
