#include "audit/verify.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/checkpoint_check.hpp"
#include "audit/cipher.hpp"
#include "audit/crash_tail.hpp"
#include "audit/indexing.hpp"
#include "audit/loss.hpp"
#include "audit/regular_file.hpp"
#include "audit/segment.hpp"
#include "audit/snapshot.hpp"
#include "os/fd.hpp"
#include "os/file.hpp"

namespace oap::audit {
namespace {

constexpr std::size_t kMaxProblems = 100;
constexpr std::size_t kChunk = 1U << 20U;
constexpr std::size_t kMaxLine = 64U << 20U;

/// What a `recovered` record says that is no breach.
std::string recovery_note(const Parsed& record, const json::Value& details) {
  if (const std::int64_t refused = json::get_int(details, "refused_records"); refused > 0) {
    return fmt::format("record {}: {} events before it were refused ({}); see the emergency file",
                       record.link.seq, refused, json::get_string(details, "refusal"));
  }
  return fmt::format(
      "record {}: the log was repaired after a crash ({} bytes of an incomplete record cut)",
      record.link.seq, json::get_int(details, "cut_bytes"));
}

class Verifier {
 public:
  Verifier(std::string dir, Snapshot snapshot, const VerifyOptions& options)
      : dir_(std::move(dir)), snapshot_(std::move(snapshot)), options_(options) {}

  Result<VerifyReport> run();

 private:
  void read_side_files();
  void read_checkpoint_file();
  Result<void> check_segment(const Segment& segment, bool newest);
  Result<CrashTail> tail_of(const Segment& segment, int fd, bool newest);
  Result<void> check_bytes(const Segment& segment, int fd, std::uint64_t size, bool newest);
  std::size_t check_lines(const Segment& segment, std::string_view bytes);
  void check_record(const Segment& segment, std::string_view line);
  void inspect(const Segment& segment, std::string_view line);
  void check_tombstone(const Segment& segment, const Parsed& record, const json::Value& details);
  void check_torn(const Segment& segment, std::uint64_t bytes, bool newest);
  void check_ends();
  void check_keys(const Segment& segment);
  void problem(const std::string& segment, std::uint64_t line, std::uint64_t seq, std::string what);

  std::string dir_;
  Snapshot snapshot_;
  const VerifyOptions& options_;
  VerifyReport report_;
  Link link_;
  std::optional<Link> head_;
  std::optional<Link> anchor_;
  Link newest_retired_;
  CheckpointCheck checkpoints_;
  std::uint64_t line_ = 0;
  std::uint64_t sealed_from_ = 0;  ///< the segment's encrypted records; 0 where there are none
  std::uint64_t sealed_to_ = 0;
  bool unexplained_ = false;  ///< no crash explains how the newest segment ends
};

void Verifier::problem(const std::string& segment, std::uint64_t line, std::uint64_t seq,
                       std::string what) {
  report_.ok = false;
  if (report_.problems.size() < kMaxProblems) {
    report_.problems.push_back({segment, line, seq, std::move(what)});
  }
}

void Verifier::read_side_files() {
  if (snapshot_.head) {
    head_ = snapshot_.head->link;
    if (snapshot_.head_open) {
      report_.notes.emplace_back("a writer was stopped in the middle of an append");
    }
  } else if (snapshot_.has_head) {
    problem(std::string(kHeadFile), 0, 0, "the file is damaged");
  }
  if (snapshot_.anchor) {
    anchor_ = parse_link(*snapshot_.anchor);
    if (anchor_) {
      link_ = *anchor_;
    } else {
      problem(std::string(kAnchorFile), 0, 0, "the file is damaged");
    }
  }
  for (const std::string& name : snapshot_.strangers) {
    problem(name, 0, 0, "the name is not that of a segment");
  }
}

void Verifier::read_checkpoint_file() {
  std::vector<std::string> wrong;
  checkpoints_ = CheckpointCheck::load(dir_, wrong);
  for (std::string& sentence : wrong) {
    problem(std::string(kCheckpointFile), 0, 0, std::move(sentence));
  }
  report_.checkpoints = checkpoints_.count();
  wrong.clear();
  checkpoints_.add_anchors(options_.anchors, wrong);
  for (std::string& sentence : wrong) {
    problem("", 0, 0, std::move(sentence));
  }
}

Result<VerifyReport> Verifier::run() {
  read_side_files();
  read_checkpoint_file();
  const std::vector<Segment>& segments = snapshot_.segments;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (anchor_ && segments[i].first <= anchor_->seq) {
      report_.notes.push_back(
          fmt::format("segment {} was retired but is still there", segments[i].name));
      continue;
    }
    OAP_CHECK_OK(check_segment(segments[i], i + 1 == segments.size()));
  }
  check_ends();
  return std::move(report_);
}

Result<void> Verifier::check_segment(const Segment& segment, bool newest) {
  const std::string path = dir_ + "/" + segment.name;
  const os::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info{};
  if (!file || fstat(file.get(), &info) != 0) {
    return fail(os::errno_error("opening", path, errno));
  }
  if (!S_ISREG(info.st_mode)) {
    problem(segment.name, 0, segment.first, "not a regular file");
    return {};
  }
  OAP_TRY(const CrashTail tail, tail_of(segment, file.get(), newest));
  checkpoints_.begin(segment);
  sealed_from_ = 0;
  OAP_CHECK_OK(check_bytes(segment, file.get(), tail.end, newest));
  if (tail.torn > 0) {
    check_torn(segment, tail.torn, newest);
  }
  check_keys(segment);
  return {};
}

/// Without its key nothing of an encrypted segment can be read, however well its chain holds.
void Verifier::check_keys(const Segment& segment) {
  const bool ring = os::exists(dir_ + "/keys/ring");
  if (sealed_from_ == 0 || (ring && has_segment_key(dir_, segment.first)) ||
      !os::exists(dir_ + "/" + segment.name)) {
    return;
  }
  problem(
      segment.name, 0, sealed_from_,
      fmt::format("records {} to {} are encrypted and {} is gone: what they say can no longer be "
                  "read; put {}/keys back from a backup",
                  sealed_from_, sealed_to_,
                  ring ? "their segment's key" : "the ring of keys (keys/ring)", dir_));
}

/// Where the records end, and what follows them.
Result<CrashTail> Verifier::tail_of(const Segment& segment, int fd, bool newest) {
  OAP_TRY(const std::uint64_t written, written_size(fd, segment.size));
  if (!newest && written < segment.size) {
    problem(segment.name, 0, segment.first, "zeros stand behind the last record");
  }
  const bool in_head = snapshot_.head && snapshot_.head->first == segment.first;
  if (!newest || !in_head || snapshot_.head->synced >= written) {
    return CrashTail{written, 0};
  }
  auto tail =
      read_crash_tail(fd, {segment.name, segment.first, written}, snapshot_.head->synced, link_);
  if (!tail && tail.error().code() == Code::kDataLoss) {
    unexplained_ = true;
    return CrashTail{written, 0};
  }
  return tail;
}

Result<void> Verifier::check_bytes(const Segment& segment, int fd, std::uint64_t size,
                                   bool newest) {
  line_ = 0;
  std::string buffer;
  std::uint64_t offset = 0;
  while (offset < size && buffer.size() < kMaxLine) {
    const std::size_t kept = buffer.size();
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, size - offset));
    buffer.resize(kept + want);
    const ssize_t got = pread(fd, buffer.data() + kept, want, static_cast<off_t>(offset));
    if (got < 0 && errno != EINTR) {
      return fail(os::errno_error("reading", segment.name, errno));
    }
    buffer.resize(kept + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) {
      break;
    }
    offset += static_cast<std::uint64_t>(std::max<ssize_t>(got, 0));
    buffer.erase(0, check_lines(segment, buffer));
  }
  report_.bytes += offset;
  const std::uint64_t rest = buffer.size() + (size - offset);
  if (rest > 0) {
    check_torn(segment, rest, newest);
  }
  return {};
}

/// Checks all whole lines; how many bytes they were.
std::size_t Verifier::check_lines(const Segment& segment, std::string_view bytes) {
  std::size_t done = 0;
  while (true) {
    const void* end = std::memchr(bytes.data() + done, '\n', bytes.size() - done);
    if (end == nullptr) {
      return done;
    }
    const auto stop = static_cast<std::size_t>(static_cast<const char*>(end) - bytes.data());
    const std::string_view line = bytes.substr(done, stop - done);
    if (is_encrypted(line)) {
      sealed_to_ = link_.seq + 1;
      sealed_from_ = sealed_from_ == 0 ? sealed_to_ : sealed_from_;
    }
    check_record(segment, line);
    done = stop + 1;
  }
}

void Verifier::check_record(const Segment& segment, std::string_view line) {
  ++line_;
  ++report_.events;
  const std::uint64_t expected = link_.seq + 1;
  if (auto wrong = check_line(link_, line)) {
    problem(segment.name, line_, expected, *std::move(wrong));
  } else {
    inspect(segment, line);
  }
  if (auto wrong = checkpoints_.record(link_)) {
    problem(segment.name, line_, link_.seq, *std::move(wrong));
  }
  if (line_ == 1 && link_.seq != segment.first) {
    problem(segment.name, 1, link_.seq, "the first record is not the one that the name says");
  }
  if (report_.first == 0) {
    report_.first = link_.seq;
  }
  report_.last = link_.seq;
  if (head_ && link_.seq == head_->seq && !link_.hash.empty() && link_.hash != head_->hash) {
    problem(segment.name, line_, link_.seq,
            "the record is not the one that the head remembers: the chain was rewritten");
  }
}

/// What the log says of itself.
void Verifier::inspect(const Segment& segment, std::string_view line) {
  constexpr std::string_view kRecovered = R"("event_type":"recovered")";
  constexpr std::string_view kRetired = R"("event_type":"retired")";
  const auto has = [line](std::string_view part) {
    return memmem(line.data(), line.size(), part.data(), part.size()) != nullptr;
  };
  if (!has(kRecovered) && !has(kRetired)) {
    return;
  }
  const auto parsed = parse_line(line);
  if (!parsed) {
    return;
  }
  const json::Value* details = json::find(parsed->record, "details");
  const std::string type = parsed->text("event_type");
  if (details == nullptr || (type != "recovered" && type != "retired")) {
    return;
  }
  auto loss = told_loss(*parsed);
  if (loss) {
    problem(segment.name, line_, parsed->link.seq, *std::move(loss));
  }
  if (type == "retired") {
    check_tombstone(segment, *parsed, *details);
    newest_retired_ = {static_cast<std::uint64_t>(json::get_int(*details, "last")),
                       std::string(json::get_string(*details, "last_hash"))};
  } else if (!loss && report_.notes.size() < kMaxProblems) {
    report_.notes.push_back(recovery_note(*parsed, *details));
  }
}

/// Earlier versions did not sign.
void Verifier::check_tombstone(const Segment& segment, const Parsed& record,
                               const json::Value& details) {
  json::Object body = details.is_object() ? details.get_object() : json::Object();
  const std::string signature(json::get_string(body, "signature"));
  body.erase("signature");
  if (!signature.empty() && !checkpoints_.is_signed(body, signature)) {
    problem(segment.name, line_, record.link.seq,
            "the tombstone of retired segments is not signed by the folder's key");
  }
}

void Verifier::check_torn(const Segment& segment, std::uint64_t bytes, bool newest) {
  const bool acknowledged = head_ && head_->seq > link_.seq;
  if (!newest || acknowledged || !head_ || unexplained_) {
    problem(segment.name, line_ + 1, link_.seq + 1,
            fmt::format("the last {} bytes are no complete record", bytes));
    return;
  }
  report_.notes.push_back(fmt::format(
      "the last {} bytes are a record that a crash left incomplete; the next start cuts it",
      bytes));
}

void Verifier::check_ends() {
  const bool empty = report_.events == 0;
  if (head_ && head_->seq > link_.seq) {
    problem("", 0, link_.seq + 1,
            fmt::format("records {} to {} are missing at the end", link_.seq + 1, head_->seq));
  }
  if (auto missing = checkpoints_.end(link_.seq)) {
    problem(std::string(kCheckpointFile), 0, link_.seq + 1, *std::move(missing));
  }
  std::vector<std::string> wrong;
  const auto anchors =
      checkpoints_.end_anchors(link_.seq, anchor_ ? anchor_->seq : 0, wrong, report_.notes);
  for (std::string& sentence : wrong) {
    problem("", 0, link_.seq, std::move(sentence));
  }
  report_.anchors_compared = anchors.compared;
  report_.anchors_retired = anchors.retired;
  if (!snapshot_.has_head && !empty) {
    problem(std::string(kHeadFile), 0, 0, "the file is missing: a cut end would not be seen");
  }
  if (!snapshot_.has_head && empty && snapshot_.seen) {
    problem("", 0, 1, "the audit folder was emptied: records were written to it before");
  }
  if (anchor_ && *anchor_ != newest_retired_) {
    problem(std::string(kAnchorFile), 0, anchor_->seq,
            "no `retired` record in the chain accounts for the missing start");
  }
  if (empty && report_.ok) {
    report_.notes.emplace_back("the chain is empty");
  }
  if (anchors.compared == 0 && anchors.retired > 0) {
    report_.is_undecided = report_.ok;
    problem("", 0, anchor_->seq,
            fmt::format("none of the {} anchors could be held against a record: all that they name "
                        "was retired since, up to record {}. Give a newer one",
                        anchors.retired, anchor_->seq));
  }
}

}  // namespace

namespace {

/// Does some work on a thread of its own, or at once where there can be none.
template <class Work>
std::thread beside(Work work) {
  try {
    return std::thread(work);
  } catch (const std::system_error&) {
    work();
    return {};
  }
}

}  // namespace

Result<VerifyReport> verify(const std::string& dir, const VerifyOptions& options) {
  OAP_TRY(const bool seen, is_there(seen_path(dir)));
  OAP_TRY(const bool begun, is_there(dir));
  if (!begun) {
    VerifyReport report;
    if (seen) {
      report.ok = false;
      report.problems.push_back({"", 0, 1, fmt::format("the audit folder was removed: {}", dir)});
    } else {
      report.notes.emplace_back("the chain is empty");
    }
    for (const Anchor& anchor : options.anchors) {
      report.ok = false;
      report.problems.push_back(
          {"", 0, 1,
           fmt::format("the anchor of {} names records up to {}: all are gone",
                       anchor.checkpoint.time, anchor.checkpoint.last)});
    }
    return report;
  }
  OAP_TRY(Snapshot snapshot, take_snapshot(dir));
  snapshot.seen = seen;
  const std::vector<Segment> segments = snapshot.segments;
  std::vector<std::string> wrong;
  std::thread checker = beside([&] { wrong = check_indexes(dir, segments, options.keys); });
  auto report = Verifier(dir, std::move(snapshot), options).run();
  if (checker.joinable()) {
    checker.join();
  }
  for (std::string& sentence : report ? wrong : std::vector<std::string>()) {
    report->ok = false;
    report->is_undecided = false;
    report->problems.push_back({"index", 0, 0, std::move(sentence)});
  }
  return report;
}

}  // namespace oap::audit
