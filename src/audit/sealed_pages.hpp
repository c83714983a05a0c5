#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.hpp"
#include "os/fd.hpp"

namespace oap::audit {

// A file in pages of 4 KiB, each sealed by itself (AES-256-GCM) and bound to its place and to this
// one writing of the file: a page can be read alone, and none can be changed, moved, left out or
// taken from an older file unseen. Without the key a reader sees how many pages there are.

inline constexpr std::size_t kPageBytes = 4'096;

/// The file's bytes. `padded`: filled up to a power of two of pages. The key has 32 bytes and seals
/// fewer than 2^32 pages.
Result<std::string> seal_pages(std::string_view key, std::string_view content, bool padded);

/// Reads such a file page by page; keeps what it has read. Not thread-safe.
class SealedPages {
 public:
  /// Nothing where it is no such file, or was sealed with another key.
  static std::optional<SealedPages> open(os::UniqueFd fd, std::string key);

  /// Bytes of content.
  std::uint64_t size() const { return size_; }
  /// False where it ends before, or a page is not what was written.
  bool read(std::uint64_t offset, void* to, std::size_t count);
  /// Whether every page is what was written.
  bool is_intact();

 private:
  SealedPages(os::UniqueFd fd, std::string key) : fd_(std::move(fd)), key_(std::move(key)) {}
  std::optional<std::string> open_page(std::uint64_t number) const;
  const std::string* page(std::uint64_t number);

  os::UniqueFd fd_;
  std::string key_;
  std::string id_;
  std::uint64_t size_ = 0;
  std::uint64_t pages_ = 0;
  std::unordered_map<std::uint64_t, std::string> known_;
};

}  // namespace oap::audit
