#include "audit/snapshot.hpp"

#include <thread>

#include <fcntl.h>
#include <sys/file.h>

#include "audit/regular_file.hpp"
#include "base/clock.hpp"
#include "os/file.hpp"

namespace oap::audit {
namespace {

Result<std::optional<std::string>> read_if_there(const std::string& path) {
  auto text = read_regular(path, 4'096);
  if (text) {
    return std::optional(std::move(*text));
  }
  if (text.error().code() == Code::kNotFound) {
    return std::optional<std::string>();
  }
  if (text.error().code() == Code::kResourceExhausted) {
    return std::optional<std::string>("longer than it may be");
  }
  return fail(std::move(text).error());
}

Result<void> read_head(const std::string& dir, Snapshot& snapshot) {
  OAP_TRY(const auto head, read_if_there(dir + "/" + std::string(kHeadFile)));
  OAP_TRY(const auto old, read_if_there(dir + "/" + std::string(kOldHeadFile)));
  snapshot.has_head = (head && !head->empty()) || old;
  if (head) {
    const HeadText text = parse_head(*head);
    snapshot.head = text.state;
    snapshot.head_open = text.open;
  }
  if (const auto link = old && !snapshot.head ? parse_link(*old) : std::nullopt) {
    snapshot.head = HeadState{*link, 0, 0, 0};
  }
  return {};
}

}  // namespace

Result<Snapshot> take_snapshot(const std::string& dir) {
  auto opened = open_regular(dir + "/" + std::string(kLockFile), O_RDONLY);
  if (!opened && opened.error().code() != Code::kNotFound) {
    return fail(std::move(opened).error());
  }
  const os::UniqueFd lock = opened ? *std::move(opened) : os::UniqueFd();
  const Deadline deadline = Deadline::after(Millis(10'000));
  while (lock && ::flock(lock.get(), LOCK_SH | LOCK_NB) != 0) {
    if (deadline.passed()) {
      return fail(Code::kUnavailable, "the audit log in {} is locked by another process", dir);
    }
    std::this_thread::sleep_for(Millis(1));
  }
  Snapshot snapshot;
  OAP_TRY(snapshot.segments, list_segments(dir));
  OAP_TRY(const std::vector<std::string> names, os::list_dir(dir));
  for (const std::string& name : names) {
    if (name.ends_with(".jsonl") && !segment_first(name)) {
      snapshot.strangers.push_back(name);
    }
  }
  OAP_CHECK_OK(read_head(dir, snapshot));
  OAP_TRY(snapshot.anchor, read_if_there(dir + "/" + std::string(kAnchorFile)));
  return snapshot;
}

}  // namespace oap::audit
