#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oap::security {

/// Finds given secrets wherever they stand: as they are, and in the forms that programs give them
/// (base64 in its three alignments, base64url, percent, hex, escaped as in JSON). Immutable, so
/// thread-safe; linear, and most bytes are never looked at. Private to this folder.
class KnownSecrets {
 public:
  /// Of each, 8 bytes and more.
  explicit KnownSecrets(const std::vector<std::string>& secrets);

  struct Place {
    std::size_t start = 0;
    std::size_t end = 0;
  };
  bool empty() const { return forms_.empty(); }
  /// The longest form; a place that begins that far before the end of what has come may go on.
  std::size_t longest() const { return longest_; }
  /// Appends the places in `text` that end behind `from`, in order of their end.
  void find(std::string_view text, std::size_t from, std::vector<Place>& places) const;

 private:
  struct Form {
    std::string text;
    bool base64 = false;  ///< its neighbours hold the secret's last bits
  };
  void add(std::string text, bool base64);
  void index();

  std::vector<Form> forms_;
  std::vector<std::vector<std::uint32_t>> buckets_;  ///< by the last two bytes of the window
  std::vector<std::uint8_t> shift_;
  std::size_t window_ = 0;
  std::size_t longest_ = 0;
};

}  // namespace oap::security
