#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/index.hpp"
#include "audit/keyring.hpp"
#include "audit/segment.hpp"

namespace oap::audit {

// The index files of a folder, in `index/`. That of an encrypted segment is sealed with a key made
// from the segment's, any other with one made from the folder's signing key. Where the key is not
// there, there is no index.

/// Where it is: another file for a segment that began in clear and goes on encrypted.
std::string index_path(const std::string& dir, const Segment& segment);
/// Deletes it, whichever there is.
void remove_index(const std::string& dir, const Segment& segment);

inline constexpr std::atomic<bool> kGoOn = false;

/// The index of a segment that is open as `fd` with records up to `size`; made, or extended, where
/// it leaves out more than `most_left_out` bytes. Nothing where it cannot be had. Logs a warning
/// where the file that was there was not what was written.
std::optional<IndexFile> open_index(const std::string& dir, const Segment& segment, int fd,
                                    std::uint64_t size, Keyring* keys, std::uint64_t most_left_out,
                                    const std::atomic<bool>& stop = kGoOn);

/// Deletes one that turned out not to be what was written, with a warning.
void drop_index(const std::string& dir, const Segment& segment);

/// So much of a segment in clear that still grows is taken into its index at a time.
inline constexpr std::uint64_t kIndexStep = 4U << 20U;

/// Makes those of whole segments that are missing, the newest first, and takes what the newest
/// segment has grown into its index, until `stop` says so; one that is under way is given up.
void make_indexes(const std::string& dir, Keyring* keys, const std::atomic<bool>& stop);

/// A sentence for each file that is not what was written. Those whose key is not there are left
/// out.
std::vector<std::string> check_indexes(const std::string& dir, const std::vector<Segment>& segments,
                                       Keyring* keys);

/// Deletes the files of encrypted segments that hold a user, or cannot be read.
void forget_user(const std::string& dir, std::string_view user_id, Keyring& keys);

}  // namespace oap::audit
