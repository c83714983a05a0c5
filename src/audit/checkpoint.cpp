#include "audit/checkpoint.hpp"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "audit/chain.hpp"
#include "audit/regular_file.hpp"
#include "crypto/hash.hpp"
#include "crypto/keygen.hpp"
#include "crypto/signature.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "os/file.hpp"

namespace oap::audit {
namespace {

constexpr std::size_t kMostBytes = 256U << 20U;

json::Object unsigned_part(const Checkpoint& made) {
  return {{"first", made.first},         {"key", made.key},           {"last", made.last},
          {"last_hash", made.last_hash}, {"previous", made.previous}, {"root", made.root},
          {"sealed", made.sealed},       {"since", made.since},       {"time", made.time},
          {"until", made.until}};
}

std::string path_of(const std::string& dir, std::string_view name) {
  return dir + "/" + std::string(name);
}

/// Two processes may make one at once: the first stays.
Result<void> create_key(const std::string& path) {
  OAP_TRY(const std::string pem, crypto::generate_ed25519_pem());
  const std::string temporary = path + "." + crypto::random_hex(8);
  OAP_CHECK_OK(os::write_file_atomic(temporary, pem, 0600));
  const int linked = ::link(temporary.c_str(), path.c_str());
  const int error = errno;
  (void)::unlink(temporary.c_str());
  if (linked != 0 && error != EEXIST) {
    return fail(os::errno_error("making", path, error));
  }
  return {};
}

}  // namespace

json::Object to_json(const Checkpoint& checkpoint) {
  json::Object object = unsigned_part(checkpoint);
  object["signature"] = checkpoint.signature;
  return object;
}

Result<Checkpoint> parse_checkpoint(const json::Object& object) {
  const auto text = [&object](std::string_view key) {
    return std::string(json::get_string(object, key));
  };
  Checkpoint found;
  found.first = static_cast<std::uint64_t>(json::get_int(object, "first"));
  found.last = static_cast<std::uint64_t>(json::get_int(object, "last"));
  found.last_hash = text("last_hash");
  found.root = text("root");
  found.since = text("since");
  found.until = text("until");
  found.sealed = json::get_bool(object, "sealed");
  found.time = text("time");
  found.previous = text("previous");
  found.key = text("key");
  found.signature = text("signature");
  if (found.first == 0 || found.last < found.first || to_json(found) != object) {
    return fail(Code::kDataLoss, "not a checkpoint");
  }
  return found;
}

bool is_signed_by(const Checkpoint& checkpoint, const crypto::PublicKey& key) {
  const auto signature = crypto::from_base64url(checkpoint.signature);
  return signature && checkpoint.key == key.thumbprint() &&
         crypto::verify_signature(key, crypto::Algorithm::kEdDsa,
                                  json::canonical(unsigned_part(checkpoint)), *signature);
}

Result<crypto::PrivateKey> signing_key(const std::string& dir) {
  const std::string path = path_of(dir, kSigningKeyFile);
  OAP_TRY(const bool made, is_there(path));
  if (!made) {
    OAP_CHECK_OK(create_key(path));
  }
  OAP_TRY(const std::string pem, read_regular(path, 16'384));
  auto key = crypto::PrivateKey::from_pem(pem);
  if (!key || key->type() != crypto::KeyType::kEd25519) {
    return fail(Code::kDataLoss, "{} holds no Ed25519 key", path);
  }
  if (const std::string other = path_of(dir, kPublicKeyFile); !os::exists(other)) {
    OAP_TRY(const std::string text, crypto::to_pem(key->public_key()));
    OAP_CHECK_OK(os::write_file_atomic(other, text, 0600));
  }
  return *std::move(key);
}

Result<std::optional<crypto::PublicKey>> public_key(const std::string& dir) {
  const std::string path = path_of(dir, kPublicKeyFile);
  OAP_TRY(const bool made, is_there(path));
  if (!made) {
    return std::optional<crypto::PublicKey>();
  }
  OAP_TRY(const std::string pem, read_regular(path, 16'384));
  auto key = crypto::PublicKey::from_pem(pem);
  if (!key || key->type() != crypto::KeyType::kEd25519) {
    return fail(Code::kDataLoss, "{} holds no Ed25519 public key", path);
  }
  return std::optional(*std::move(key));
}

Result<std::vector<Checkpoint>> read_checkpoints(const std::string& dir) {
  std::vector<Checkpoint> all;
  const std::string path = path_of(dir, kCheckpointFile);
  OAP_TRY(const bool made, is_there(path));
  if (!made) {
    return all;
  }
  OAP_TRY(const std::string text, read_regular(path, kMostBytes));
  std::string previous(64, '0');
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t stop = rest.find('\n');
    const std::string_view line = rest.substr(0, stop);
    const auto object = json::parse_object(line);
    auto checkpoint = object && stop != std::string_view::npos
                          ? parse_checkpoint(*object)
                          : Result<Checkpoint>(fail(Code::kDataLoss, "not a checkpoint"));
    if (!checkpoint || checkpoint->previous != previous || json::canonical(*object) != line) {
      return fail(Code::kDataLoss, "{}:{}: the line was changed, or one before it is missing", path,
                  all.size() + 1);
    }
    previous = crypto::sha256_hex(line);
    all.push_back(*std::move(checkpoint));
    rest.remove_prefix(stop + 1);
  }
  return all;
}

}  // namespace oap::audit
