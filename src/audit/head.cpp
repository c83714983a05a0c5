#include "audit/head.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/memory_guard.hpp"
#include "os/file.hpp"

namespace oap::audit {
namespace {

constexpr std::size_t kBytes = 4'096;
constexpr std::string_view kMagic("oap audit head 1", 16);
constexpr std::size_t kBegunAt = 16;
constexpr std::array<std::size_t, 2> kSlotAt{512, 1'024};
constexpr std::size_t kHexSize = 64;

struct Slot {
  std::uint64_t check = 0;
  std::uint64_t generation = 0;
  std::uint64_t seq = 0;
  std::uint64_t first = 0;
  std::uint64_t size = 0;
  std::uint64_t synced = 0;
  std::array<char, kHexSize> hash{};
};

/// Every step is a bijection, so that one changed word always changes the outcome.
std::uint64_t check_of(const Slot& slot) {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15U;
  std::array<std::uint64_t, sizeof(Slot) / 8> words{};
  std::memcpy(words.data(), &slot, sizeof(Slot));
  std::uint64_t state = kOdd;
  for (std::size_t i = 1; i < words.size(); ++i) {
    state = (state ^ words[i]) * kOdd;
    state = (state << 31U) | (state >> 33U);
  }
  return state;
}

std::optional<Slot> slot_in(std::string_view bytes, std::size_t at) {
  Slot slot;
  std::memcpy(&slot, bytes.data() + at, sizeof(Slot));
  return slot.generation > 0 && slot.check == check_of(slot) ? std::optional(slot) : std::nullopt;
}

bool is_zero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

HeadState state_of(const Slot& slot) {
  return {{slot.seq, std::string(slot.hash.data(), kHexSize)}, slot.first, slot.size, slot.synced};
}

Slot slot_of(std::uint64_t generation, const HeadState& state) {
  Slot slot{0, generation, state.link.seq, state.first, state.size, state.synced, {}};
  std::memcpy(slot.hash.data(), state.link.hash.data(), std::min(kHexSize, state.link.hash.size()));
  slot.check = check_of(slot);
  return slot;
}

std::string page_of(std::uint64_t generation, const HeadState& state) {
  std::string page(kBytes, '\0');
  kMagic.copy(page.data(), kMagic.size());
  std::memcpy(page.data() + kBegunAt, &generation, sizeof(generation));
  const Slot slot = slot_of(generation, state);
  std::memcpy(page.data() + kSlotAt[generation % 2], &slot, sizeof(Slot));
  return page;
}

/// Whether all but the slots and the mark is as it was made.
bool has_frame(std::string_view bytes) {
  const std::size_t end = kSlotAt[1] + sizeof(Slot);
  const std::size_t gap = kSlotAt[0] + sizeof(Slot);
  return bytes.size() == kBytes && bytes.starts_with(kMagic) &&
         is_zero(bytes.substr(kBegunAt + 8, kSlotAt[0] - kBegunAt - 8)) &&
         is_zero(bytes.substr(gap, kSlotAt[1] - gap)) && is_zero(bytes.substr(end));
}

}  // namespace

HeadText parse_head(std::string_view bytes) {
  HeadText text;
  if (!has_frame(bytes)) {
    return text;
  }
  std::uint64_t begun = 0;
  std::memcpy(&begun, bytes.data() + kBegunAt, sizeof(begun));
  const auto even = slot_in(bytes, kSlotAt[0]);
  const auto odd = slot_in(bytes, kSlotAt[1]);
  const bool even_newer = even && (!odd || even->generation > odd->generation);
  const std::optional<Slot>& newest = even_newer ? even : odd;
  const std::optional<Slot>& other = even_newer ? odd : even;
  if (!newest || newest->generation % 2 != (even_newer ? 0U : 1U)) {
    return text;
  }
  text.generation = newest->generation;
  text.open = begun != newest->generation;
  const std::string_view other_bytes = bytes.substr(kSlotAt[even_newer ? 1 : 0], sizeof(Slot));
  const bool other_fits =
      other ? other->generation + 1 == newest->generation : is_zero(other_bytes);
  if (text.open ? begun == newest->generation + 1 : other_fits) {
    text.state = state_of(*newest);
  }
  return text;
}

MappedHead::~MappedHead() {
  if (memory_ != nullptr) {
    munmap(memory_, kBytes);
  }
}

MappedHead::MappedHead(MappedHead&& other) noexcept
    : fd_(std::move(other.fd_)),
      memory_(std::exchange(other.memory_, nullptr)),
      generation_(other.generation_) {}

MappedHead& MappedHead::operator=(MappedHead&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(memory_, other.memory_);
  std::swap(generation_, other.generation_);
  return *this;
}

Result<MappedHead> MappedHead::open(int dir_fd, const std::string& dir) {
  guard_mapped_memory();
  const std::string path = dir + "/" + std::string(kHeadFile);
  constexpr int kFlags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  MappedHead head;
  head.fd_.reset(::openat(dir_fd, std::string(kHeadFile).c_str(), kFlags, 0600));
  struct stat info{};
  if (!head.fd_ || fstat(head.fd_.get(), &info) != 0) {
    return fail(os::errno_error("opening", path, errno));
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(Code::kFailedPrecondition, "{} is not a regular file", path);
  }
  void* const memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, head.fd_.get(), 0);
  if (memory == MAP_FAILED) {
    return fail(os::errno_error("mapping", path, errno));
  }
  head.memory_ = static_cast<char*>(memory);
  return head;
}

HeadText MappedHead::read() const {
  struct stat info{};
  std::string bytes(kBytes, '\0');
  if (fstat(fd_.get(), &info) != 0 || info.st_size != static_cast<off_t>(kBytes) ||
      info.st_nlink == 0 || !guarded_copy(bytes.data(), memory_, kBytes)) {
    return {};
  }
  HeadText text = parse_head(bytes);
  generation_ = text.generation;
  return text;
}

bool MappedHead::untouched() const {
  std::uint64_t begun = 0;
  return generation_ > 0 && guarded_copy(&begun, memory_ + kBegunAt, sizeof(begun)) &&
         begun == generation_;
}

bool MappedHead::begin() {
  const std::uint64_t next = generation_ + 1;
  const bool done = guarded_copy(memory_ + kBegunAt, &next, sizeof(next));
  std::atomic_thread_fence(std::memory_order_release);
  return done;
}

bool MappedHead::commit(const HeadState& state) {
  const std::uint64_t next = generation_ + 1;
  const Slot slot = slot_of(next, state);
  std::atomic_thread_fence(std::memory_order_release);
  if (!guarded_copy(memory_ + kSlotAt[next % 2], &slot, sizeof(slot))) {
    return false;
  }
  generation_ = next;
  return true;
}

Result<void> MappedHead::reset(const HeadState& state) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  generation_ = static_cast<std::uint64_t>(now.count());
  const std::string page = page_of(generation_, state);
  if (pwrite(fd_.get(), page.data(), page.size(), 0) != static_cast<ssize_t>(page.size()) ||
      ftruncate(fd_.get(), static_cast<off_t>(page.size())) != 0 || fsync(fd_.get()) != 0) {
    return fail(os::errno_error("writing the head of", "the audit log", errno));
  }
  return {};
}

}  // namespace oap::audit
