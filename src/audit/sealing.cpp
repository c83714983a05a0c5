#include <algorithm>
#include <cerrno>
#include <map>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/checkpoint.hpp"
#include "audit/flock.hpp"
#include "audit/head.hpp"
#include "audit/leaves.hpp"
#include "audit/merkle.hpp"
#include "audit/regular_file.hpp"
#include "audit/segment.hpp"
#include "audit/side_file.hpp"
#include "crypto/hash.hpp"
#include "crypto/signature.hpp"
#include "json/print.hpp"
#include "os/file.hpp"

namespace oap::audit {
namespace {

constexpr std::string_view kLockName = "checkpoints.lock";

/// Signs what is known of a segment and appends it.
class Signer {
 public:
  static Result<Signer> open(const std::string& dir, WallTime now) {
    OAP_TRY(crypto::PrivateKey key, signing_key(dir));
    OAP_TRY(const std::vector<Checkpoint> all, read_checkpoints(dir));
    Signer signer(dir, std::move(key), now);
    for (const Checkpoint& known : all) {
      Checkpoint& newest = signer.newest_[known.first];
      newest = known;
    }
    if (!all.empty()) {
      signer.previous_ = crypto::sha256_hex(json::canonical(to_json(all.back())));
    }
    return signer;
  }

  const Checkpoint* newest_of(std::uint64_t first) const {
    const auto found = newest_.find(first);
    return found == newest_.end() ? nullptr : &found->second;
  }

  Result<void> sign(const Leaves& leaves, bool sealed) {
    MerkleTree tree;
    for (const Digest& leaf : leaves.hashes) {
      tree.add(leaf);
    }
    Checkpoint made;
    made.first = leaves.first;
    made.last = leaves.last.seq;
    made.last_hash = leaves.last.hash;
    made.root = crypto::to_hex(crypto::as_bytes(tree.root()));
    made.since = leaves.since;
    made.until = leaves.until;
    made.sealed = sealed;
    made.time = format_time(now_);
    made.previous = previous_;
    made.key = key_.public_key().thumbprint();
    json::Object body = to_json(made);
    body.erase("signature");
    OAP_TRY(const std::string signature,
            crypto::sign(key_, crypto::Algorithm::kEdDsa, json::canonical(body)));
    made.signature = crypto::to_base64url(signature);
    const std::string line = json::canonical(to_json(made));
    OAP_TRY(const os::UniqueFd file,
            open_side_file(dir_, dir_ + "/" + std::string(kCheckpointFile)));
    OAP_CHECK_OK(append_all(file.get(), line + "\n", std::string(kCheckpointFile)));
    if (fdatasync(file.get()) != 0) {
      return fail(os::errno_error("syncing", dir_, errno));
    }
    previous_ = crypto::sha256_hex(line);
    newest_[made.first] = std::move(made);
    return {};
  }

 private:
  Signer(std::string dir, crypto::PrivateKey key, WallTime now)
      : dir_(std::move(dir)), key_(std::move(key)), now_(now) {}

  std::string dir_;
  crypto::PrivateKey key_;
  WallTime now_;
  std::string previous_ = std::string(64, '0');
  std::map<std::uint64_t, Checkpoint> newest_;
};

}  // namespace

Result<std::uint64_t> make_checkpoints(const std::string& dir, bool newest, WallTime now) {
  OAP_TRY(const os::UniqueFd lock_fd,
          open_regular(dir + "/" + std::string(kLockName), O_RDWR | O_CREAT));
  OAP_TRY(const Flock lock, Flock::acquire(lock_fd.get(), dir));
  OAP_TRY(const std::vector<Segment> segments, list_segments(dir));
  std::uint64_t made = 0;
  if (segments.size() < 2 && !newest) {
    return made;
  }
  OAP_TRY(Signer signer, Signer::open(dir, now));
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool whole = i + 1 < segments.size();
    const Checkpoint* const known = signer.newest_of(segments[i].first);
    if ((whole && known != nullptr && known->sealed) || (!whole && !newest)) {
      continue;
    }
    OAP_TRY(const Leaves leaves, read_leaves(dir, segments[i]));
    const bool told = known != nullptr && known->last == leaves.last.seq && !whole;
    if (leaves.hashes.empty() || told) {
      continue;
    }
    OAP_CHECK_OK(signer.sign(leaves, whole));
    ++made;
  }
  return made;
}

}  // namespace oap::audit
