#include "audit/sealed_pages.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include <sys/stat.h>
#include <unistd.h>

#include "crypto/aead.hpp"
#include "crypto/hash.hpp"

namespace oap::audit {
namespace {

constexpr std::size_t kPayload = kPageBytes - crypto::kSealOverhead;
constexpr std::size_t kIdBytes = 16;
/// What page 0 begins with: the writing's id and the content's size.
constexpr std::size_t kLeadBytes = kIdBytes + sizeof(std::uint64_t);

std::uint64_t pages_of(std::uint64_t content) {
  return (kLeadBytes + content + kPayload - 1) / kPayload;
}

std::string bound_to(std::string_view id, std::uint64_t number) {
  return fmt::format("oap audit page {} {}", number, id);
}

}  // namespace

Result<std::string> seal_pages(std::string_view key, std::string_view content, bool padded) {
  const std::uint64_t used = pages_of(content.size());
  const std::uint64_t pages = padded ? std::bit_ceil(used) : used;
  const std::string id = crypto::random_bytes(kIdBytes);
  const std::uint64_t size = content.size();
  std::string lead = id;
  lead.append(reinterpret_cast<const char*>(&size), sizeof(size));
  std::string out;
  out.reserve(static_cast<std::size_t>(pages * kPageBytes));
  std::string payload;
  for (std::uint64_t number = 0; number < pages; ++number) {
    payload = number == 0 ? lead : std::string();
    const std::size_t count = std::min(kPayload - payload.size(), content.size());
    payload.append(content.substr(0, count));
    content.remove_prefix(count);
    payload.resize(kPayload, '\0');
    OAP_TRY(const std::string sealed,
            crypto::seal(key, payload, bound_to(number == 0 ? std::string_view() : id, number)));
    out += sealed;
  }
  return out;
}

std::optional<SealedPages> SealedPages::open(os::UniqueFd fd, std::string key) {
  struct stat info{};
  if (!fd || fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode) ||
      info.st_size < static_cast<off_t>(kPageBytes) || info.st_size % kPageBytes != 0) {
    return std::nullopt;
  }
  SealedPages file(std::move(fd), std::move(key));
  file.pages_ = static_cast<std::uint64_t>(info.st_size) / kPageBytes;
  const auto first = file.open_page(0);
  if (!first) {
    return std::nullopt;
  }
  file.id_ = first->substr(0, kIdBytes);
  std::memcpy(&file.size_, first->data() + kIdBytes, sizeof(file.size_));
  const std::uint64_t used = file.size_ >> 40U == 0 ? pages_of(file.size_) : 0;
  if (used == 0 || (file.pages_ != used && file.pages_ != std::bit_ceil(used))) {
    return std::nullopt;
  }
  file.known_.emplace(0, *first);
  return file;
}

std::optional<std::string> SealedPages::open_page(std::uint64_t number) const {
  std::string sealed(kPageBytes, '\0');
  if (pread(fd_.get(), sealed.data(), sealed.size(), static_cast<off_t>(number * kPageBytes)) !=
      static_cast<ssize_t>(kPageBytes)) {
    return std::nullopt;
  }
  auto opened =
      crypto::open(key_, sealed, bound_to(number == 0 ? std::string_view() : id_, number));
  return opened ? std::optional(*std::move(opened)) : std::nullopt;
}

const std::string* SealedPages::page(std::uint64_t number) {
  if (const auto found = known_.find(number); found != known_.end()) {
    return &found->second;
  }
  auto opened = open_page(number);
  return opened ? &known_.emplace(number, *std::move(opened)).first->second : nullptr;
}

bool SealedPages::read(std::uint64_t offset, void* to, std::size_t count) {
  if (offset > size_ || count > size_ - offset) {
    return false;
  }
  auto* out = static_cast<char*>(to);
  offset += kLeadBytes;
  while (count > 0) {
    const std::string* const from = page(offset / kPayload);
    if (from == nullptr) {
      return false;
    }
    const auto at = static_cast<std::size_t>(offset % kPayload);
    const std::size_t part = std::min(count, kPayload - at);
    std::memcpy(out, from->data() + at, part);
    out += part;
    offset += part;
    count -= part;
  }
  return true;
}

bool SealedPages::is_intact() {
  for (std::uint64_t number = 0; number < pages_; ++number) {
    if (!open_page(number)) {
      return false;
    }
  }
  return true;
}

}  // namespace oap::audit
