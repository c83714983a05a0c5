#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "crypto/fernet.hpp"

namespace oap::audit {

/// Fernet keys with commas between, the newest first. kConfiguration where one is none.
Result<std::vector<crypto::FernetKey>> parse_keys(std::string_view text);

/// The keys of an encrypted log, in `keys/`: key-encryption keys by version in `ring`, sealed with
/// the configured master key; a data key for each segment and one for each user, each wrapped with
/// the key-encryption key that was newest when it was made. So a rotation changes no record, and a
/// user's records are unreadable once that user's key is gone. Not thread-safe; appenders change
/// it under the folder's flock. No message holds any of a key.
class Keyring {
 public:
  /// With `create`, makes the ring where there is none. kConfiguration where none of the master
  /// keys opens it, kNotFound where there is none, kDataLoss where it is gone but not what it
  /// wraps.
  static Result<std::unique_ptr<Keyring>> open(const std::string& dir,
                                               std::vector<crypto::FernetKey> masters, bool create,
                                               WallTime now);

  /// 32 bytes. With `make`, one is made where there is none; else kNotFound.
  Result<std::string> segment_key(std::uint64_t first, bool make);
  Result<std::string> subject_key(const std::string& subject, bool make);
  /// What stands for a user in clear: 32 hex digits, keyed.
  std::string subject_of(std::string_view user_id) const;

  /// Adds a version, seals the ring with the newest master key; the version.
  Result<std::uint64_t> rotate(WallTime now);
  /// Destroys a user's key; false where there is none.
  Result<bool> erase(const std::string& subject);

 private:
  struct Kek {
    std::string key;
    std::string created;
  };
  Keyring(std::string dir, std::vector<crypto::FernetKey> masters)
      : dir_(std::move(dir)), masters_(std::move(masters)) {}
  Result<void> check_none_wrapped() const;
  Result<void> load();
  Result<void> store() const;
  Result<std::string> unwrap(const std::string& path, const std::string& purpose);
  Result<std::string> wrapped(const std::string& name, bool make,
                              std::map<std::string, std::string>& known);

  std::string dir_;  ///< of the keys
  std::vector<crypto::FernetKey> masters_;
  std::map<std::uint64_t, Kek> keks_;
  std::string tag_key_;
  std::map<std::string, std::string> segments_;  ///< data keys by file name
  std::map<std::string, std::string> subjects_;
};

/// Whether a segment may hold encrypted records.
bool has_segment_key(const std::string& dir, std::uint64_t first);

}  // namespace oap::audit
