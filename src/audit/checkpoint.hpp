#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "crypto/key.hpp"
#include "json/value.hpp"

namespace oap::audit {

/// A signed statement of what a segment holds up to one of its records: number and hash of that
/// record and the root of the Merkle tree (RFC 6962) whose leaves are the records' 32-byte hashes.
/// Each holds the hash of the one before it. Lines of canonical JSON in `checkpoints`.
/// Whoever keeps one elsewhere can prove later that what it covers has not been rewritten or cut.
struct Checkpoint {
  std::uint64_t first = 0;  ///< record numbers
  std::uint64_t last = 0;
  std::string last_hash;
  std::string root;   ///< hex
  std::string since;  ///< timestamps of the first and the last record
  std::string until;
  bool sealed = false;    ///< the segment is whole
  std::string time;       ///< when it was made
  std::string previous;   ///< sha256 of the checkpoint line before it; 64 zeros for the first
  std::string key;        ///< thumbprint (RFC 7638) of the signer's public key
  std::string signature;  ///< Ed25519 over the canonical JSON without this member, base64url
};
json::Object to_json(const Checkpoint& checkpoint);
/// kDataLoss where it is none. Does not look at the signature.
Result<Checkpoint> parse_checkpoint(const json::Object& object);
bool is_signed_by(const Checkpoint& checkpoint, const crypto::PublicKey& key);

inline constexpr std::string_view kCheckpointFile = "checkpoints";
/// Ed25519, PKCS #8 PEM, 0600; made with the first checkpoint. Its public half is in
/// `signing-key.pub`.
inline constexpr std::string_view kSigningKeyFile = "signing-key.pem";
inline constexpr std::string_view kPublicKeyFile = "signing-key.pub";

/// The folder's key; made where there is none.
Result<crypto::PrivateKey> signing_key(const std::string& dir);
/// Nothing where no checkpoint was made yet.
Result<std::optional<crypto::PublicKey>> public_key(const std::string& dir);

/// All of a folder, oldest first. kDataLoss at the first line that is none, or does not follow.
Result<std::vector<Checkpoint>> read_checkpoints(const std::string& dir);

/// Makes the missing checkpoints of whole segments and, with `newest`, one up to the newest record.
/// How many it made. Waits up to 10 s for another process that does the same; appenders go on
/// meanwhile. kDataLoss where a segment does not fit its chain.
Result<std::uint64_t> make_checkpoints(const std::string& dir, bool newest, WallTime now);

/// That a record is in the log, for somebody without the log: the record, its path in the tree,
/// and the checkpoint. `event` is an event_id, a unique start of one, or a record's number. Makes a
/// checkpoint where none covers it. kNotFound where there is no such event.
Result<json::Object> prove(const std::string& dir, const std::string& event, WallTime now);

/// Proofs of many records, cheapest in the log's order.
class Prover {
 public:
  /// Makes a checkpoint up to the newest record.
  static Result<Prover> open(const std::string& dir, WallTime now);
  ~Prover();
  Prover(Prover&&) noexcept;
  Prover& operator=(Prover&&) noexcept;

  /// Of an intact line of the log. kNotFound where it is newer than the newest checkpoint.
  Result<json::Object> prove(std::string_view line);

 private:
  struct State;
  explicit Prover(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What a proof shows.
struct Proven {
  json::Object record;
  Checkpoint checkpoint;
  bool key_given = false;  ///< checked against the caller's key, not the one in the proof
};
/// Checks a proof by itself: the record's hash, its path to the root, the signature. kDataLoss says
/// what is wrong. Pure.
Result<Proven> check_proof(const json::Object& proof, const std::optional<crypto::PublicKey>& key);

}  // namespace oap::audit
