#include "audit/keyring.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "audit/regular_file.hpp"
#include "audit/segment.hpp"
#include "crypto/aead.hpp"
#include "crypto/hash.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::audit {
namespace {

constexpr std::size_t kKeyBytes = crypto::kAeadKeyBytes;
constexpr std::size_t kMostBytes = 4U << 20U;
constexpr std::string_view kRing = "ring";
constexpr std::string_view kSegmentStart = "segment-";
constexpr std::string_view kSubjectStart = "subject-";

std::string master_of(const crypto::FernetKey& key) {
  return std::string(crypto::as_bytes(crypto::hmac_sha256(key.bytes(), "oap audit master key")));
}

Result<std::string> open_base64(std::string_view key, std::string_view text,
                                std::string_view purpose) {
  const auto sealed = crypto::from_base64(text);
  if (!sealed) {
    return fail(Code::kDataLoss, "a key file is damaged");
  }
  return crypto::open(key, *sealed, purpose);
}

Result<std::string> seal_base64(std::string_view key, std::string_view text,
                                std::string_view purpose) {
  OAP_TRY(const std::string sealed, crypto::seal(key, text, purpose));
  return crypto::to_base64(sealed);
}

std::string kek_purpose(std::uint64_t version) { return fmt::format("kek {}", version); }

std::string subject_file(const std::string& subject) {
  return std::string(kSubjectStart) + subject;
}

std::string segment_file(std::uint64_t first) {
  return std::string(kSegmentStart) + segment_name(first).substr(0, 20);
}

}  // namespace

Result<std::vector<crypto::FernetKey>> parse_keys(std::string_view text) {
  std::vector<crypto::FernetKey> keys;
  for (const std::string_view part : text::split(text, ',')) {
    auto key = crypto::FernetKey::parse(text::trim(part));
    if (!key) {
      return fail(Code::kConfiguration,
                  "security.audit.encryption_key: {}; make one with `openssl rand -base64 32 | tr "
                  "+/ -_`",
                  key.error().message());
    }
    keys.push_back(*std::move(key));
  }
  return keys;
}

bool has_segment_key(const std::string& dir, std::uint64_t first) {
  return os::exists(dir + "/keys/" + segment_file(first));
}

Result<std::unique_ptr<Keyring>> Keyring::open(const std::string& dir,
                                               std::vector<crypto::FernetKey> masters, bool create,
                                               WallTime now) {
  std::unique_ptr<Keyring> ring(new Keyring(dir + "/keys", std::move(masters)));
  OAP_TRY(const bool made, is_there(ring->dir_ + "/" + std::string(kRing)));
  if (!made) {
    OAP_CHECK_OK(ring->check_none_wrapped());
    if (!create || ring->masters_.empty()) {
      return fail(Code::kNotFound, "the audit log in {} has no keys", dir);
    }
    OAP_CHECK_OK(os::make_dirs(ring->dir_, 0700));
    ring->tag_key_ = crypto::random_bytes(kKeyBytes);
    OAP_TRY([[maybe_unused]] const std::uint64_t version, ring->rotate(now));
    return ring;
  }
  OAP_CHECK_OK(ring->load());
  return ring;
}

/// A new ring beside keys that the old one wraps would look like a good log, and lose all of them.
Result<void> Keyring::check_none_wrapped() const {
  OAP_TRY(const bool made, is_there(dir_));
  if (!made) {
    return {};
  }
  const auto names = os::list_dir(dir_);
  if (!names) {
    return fail(advised(names.error()));
  }
  const auto wrapped = std::count_if(names->begin(), names->end(), [](const std::string& name) {
    return name.starts_with(kSegmentStart) || name.starts_with(kSubjectStart);
  });
  if (wrapped > 0) {
    return fail(Code::kDataLoss,
                "{}/{} is gone, and the {} keys beside it cannot be opened without it: the records "
                "that they encrypt are unreadable. Put the file back from a backup; or, to begin "
                "anew and leave those records unreadable, move the audit folder away",
                dir_, kRing, wrapped);
  }
  return {};
}

Result<void> Keyring::load() {
  const std::string path = dir_ + "/" + std::string(kRing);
  OAP_TRY(const std::string text, read_regular(path, kMostBytes));
  const auto object = json::parse_object(text);
  const json::Array* keks = object ? json::find_array(*object, "keks") : nullptr;
  if (keks == nullptr || keks->empty()) {
    return fail(Code::kDataLoss, "{} is damaged: the audit log cannot be decrypted", path);
  }
  for (const crypto::FernetKey& candidate : masters_) {
    const std::string master = master_of(candidate);
    const auto tag = open_base64(master, json::get_string(*object, "tag_key"), "tag");
    if (!tag) {
      continue;
    }
    tag_key_ = *tag;
    for (const json::Value& one : *keks) {
      const auto version = static_cast<std::uint64_t>(json::get_int(one, "version"));
      OAP_TRY(std::string key,
              open_base64(master, json::get_string(one, "sealed"), kek_purpose(version)));
      keks_[version] = {std::move(key), std::string(json::get_string(one, "created"))};
    }
    return {};
  }
  return fail(Code::kConfiguration,
              "security.audit.encryption_key is not the key that the audit log was encrypted with");
}

Result<void> Keyring::store() const {
  const std::string master = master_of(masters_.front());
  json::Array keks;
  for (const auto& [version, kek] : keks_) {
    OAP_TRY(std::string sealed, seal_base64(master, kek.key, kek_purpose(version)));
    keks.push_back(json::Object{
        {"version", version}, {"created", kek.created}, {"sealed", std::move(sealed)}});
  }
  OAP_TRY(std::string tag, seal_base64(master, tag_key_, "tag"));
  const json::Object ring{{"keks", std::move(keks)}, {"tag_key", std::move(tag)}};
  return os::write_file_atomic(dir_ + "/" + std::string(kRing), json::print(ring), 0600);
}

Result<std::uint64_t> Keyring::rotate(WallTime now) {
  const std::uint64_t version = keks_.empty() ? 1 : keks_.rbegin()->first + 1;
  keks_[version] = {crypto::random_bytes(kKeyBytes), format_time(now)};
  OAP_CHECK_OK(store());
  return version;
}

Result<std::string> Keyring::unwrap(const std::string& path, const std::string& purpose) {
  OAP_TRY(const std::string text, read_regular(path, 4'096));
  const auto object = json::parse_object(text);
  const auto version =
      object ? static_cast<std::uint64_t>(json::get_int(*object, "kek")) : std::uint64_t{0};
  if (!keks_.contains(version)) {
    OAP_CHECK_OK(load());
  }
  const auto kek = keks_.find(version);
  if (!object || kek == keks_.end()) {
    return fail(Code::kDataLoss, "{} is damaged, or of a key that is gone", path);
  }
  return open_base64(kek->second.key, json::get_string(*object, "sealed"), purpose);
}

Result<std::string> Keyring::wrapped(const std::string& name, bool make,
                                     std::map<std::string, std::string>& known) {
  const std::string path = dir_ + "/" + name;
  OAP_TRY(const bool made, is_there(path));
  if (!made && !make) {
    known.erase(name);
    return fail(Code::kNotFound, "the key is gone");
  }
  if (const auto found = known.find(name); made && found != known.end()) {
    return found->second;
  }
  if (made) {
    OAP_TRY(known[name], unwrap(path, name));
    return known[name];
  }
  const std::string key = crypto::random_bytes(kKeyBytes);
  const auto& [version, kek] = *keks_.rbegin();
  OAP_TRY(std::string sealed, seal_base64(kek.key, key, name));
  const json::Object file{{"kek", version}, {"sealed", std::move(sealed)}};
  OAP_CHECK_OK(os::write_file_atomic(path, json::print(file), 0600));
  known[name] = key;
  return key;
}

Result<std::string> Keyring::segment_key(std::uint64_t first, bool make) {
  const std::string name = segment_file(first);
  if (const auto found = segments_.find(name); found != segments_.end()) {
    return found->second;
  }
  return wrapped(name, make, segments_);
}

Result<std::string> Keyring::subject_key(const std::string& subject, bool make) {
  return wrapped(subject_file(subject), make, subjects_);
}

std::string Keyring::subject_of(std::string_view user_id) const {
  return crypto::hmac_sha256_hex(tag_key_, user_id).substr(0, 32);
}

Result<bool> Keyring::erase(const std::string& subject) {
  const std::string path = dir_ + "/" + subject_file(subject);
  subjects_.erase(subject_file(subject));
  OAP_TRY(const bool made, is_there(path));
  if (!made) {
    return false;
  }
  OAP_CHECK_OK(os::write_file_atomic(path, "{}", 0600));
  const os::UniqueFd dir(::open(dir_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (::unlink(path.c_str()) != 0 || !dir || fsync(dir.get()) != 0) {
    return fail(os::errno_error("destroying", path, errno));
  }
  return true;
}

}  // namespace oap::audit
