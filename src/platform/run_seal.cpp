#include "platform/run_seal.hpp"

#include "audit/keyring.hpp"
#include "base/clock.hpp"
#include "crypto/hash.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "os/lock.hpp"

namespace oap::platform {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kMaxFile = 4096;
constexpr Millis kPatience{5'000};
constexpr std::string_view kPurpose = "oap secret inputs of runs";

/// The file's key; "" where there is no file and none is to be made.
Result<std::string> own_key(const std::string& path, bool make) {
  if (!os::exists(path)) {
    if (!make) {
      return std::string();
    }
    OAP_TRY(const os::FileLock lock,
            os::FileLock::acquire(path + ".lock", Deadline::after(kPatience)));
    if (!os::exists(path)) {
      OAP_CHECK_OK(os::write_file_atomic(path, crypto::random_hex(kKeyBytes), 0600));
    }
  }
  OAP_TRY(const std::string text, os::read_file(path, kMaxFile));
  const auto key = crypto::from_hex(text);
  if (!key || key->size() != kKeyBytes) {
    return fail(Code::kConfiguration,
                "{} is damaged, and with it the secret inputs of stored runs; take it away, and "
                "new runs get a new one",
                path);
  }
  return *key;
}

void add_texts(const json::Value& value, std::vector<std::string>& texts) {
  if (value.is_string()) {
    texts.emplace_back(json::view(value.get_string()));
  } else if (value.is_array()) {
    for (const json::Value& item : value.get_array()) {
      add_texts(item, texts);
    }
  } else if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      add_texts(member.value(), texts);
    }
  } else if (value.is_number()) {
    texts.push_back(json::print(value));
  }
}

}  // namespace

Result<std::vector<std::string>> RunSeal::keys(bool make) const {
  std::vector<std::string> keys;
  if (const auto& configured = settings_.config.security.audit.encryption_key) {
    OAP_TRY(const auto masters, audit::parse_keys(*configured));
    for (const crypto::FernetKey& master : masters) {
      keys.emplace_back(crypto::as_bytes(crypto::hmac_sha256(master.bytes(), kPurpose)));
    }
  }
  OAP_TRY(std::string own,
          own_key(settings_.paths.state_root + "/run-inputs.key", make && keys.empty()));
  if (!own.empty()) {
    keys.push_back(std::move(own));
  }
  return keys;
}

Result<std::string> RunSeal::seal(std::string_view text, std::string_view about) {
  OAP_TRY(std::vector<std::string> all, keys(true));
  return workflow::KeySeal(std::move(all)).seal(text, about);
}

Result<std::string> RunSeal::open(std::string_view sealed, std::string_view about) {
  OAP_TRY(std::vector<std::string> all, keys(false));
  return workflow::KeySeal(std::move(all)).open(sealed, about);
}

void RunSeal::learn(const json::Value& value) {
  std::vector<std::string> texts;
  add_texts(value, texts);
  scanner_.learn(texts);
}

}  // namespace oap::platform
