#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "os/fd.hpp"

namespace oap::cli::chat {

/// Texts that are seldom wanted again, in a file without a name (0600; gone with the process) and
/// not in memory. What it holds has been cleaned of secrets. Of one thread.
class Shelf {
 public:
  struct Handle {
    std::uint64_t at = 0;
    std::size_t bytes = 0;
    std::uint64_t round = 0;
  };
  static constexpr std::uint64_t kMost = 64U << 20U;  ///< bytes; then it begins anew

  /// `folder` exists by the time of the first `put`; empty: nothing can be put.
  explicit Shelf(std::string folder) : folder_(std::move(folder)) {}
  /// Nothing where it cannot be written: whoever asked keeps the text.
  std::optional<Handle> put(std::string_view text);
  /// Nothing where it is not there any more.
  std::optional<std::string> get(const Handle& handle) const;

 private:
  std::string folder_;
  os::UniqueFd fd_;
  std::uint64_t end_ = 0;
  std::uint64_t round_ = 1;
};

}  // namespace oap::cli::chat
