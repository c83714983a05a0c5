#include "mcp/oauth/file_token_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "async/run_blocking.hpp"
#include "crypto/aead.hpp"
#include "crypto/hash.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "os/lock.hpp"

namespace oap::mcp::oauth {

namespace {

constexpr std::string_view kPurpose = "oap oauth tokens";
constexpr std::int64_t kVersion = 1;

using Stored = std::map<std::pair<std::string, std::string>, std::vector<Grant>>;

/// The blocking half: what runs on a pool thread. A value.
struct Vault {
  std::string directory;
  Millis lock_timeout;

  std::string tokens_path() const { return directory + "/oauth.tokens"; }
  std::string key_path() const { return directory + "/oauth.key"; }
  Result<os::FileLock> lock() const {
    return os::FileLock::acquire(directory + "/oauth.lock", Deadline::after(lock_timeout));
  }
  Result<std::string> key() const;
  Result<Stored> read() const;
  Result<void> write(const Stored& stored) const;
};

Result<std::string> Vault::key() const {
  const os::UniqueFd fd(::open(key_path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    return fail(
        Code::kDataLoss,
        "the key {} of the stored OAuth tokens cannot be read; restore it, or remove {} and "
        "sign in again",
        key_path(), tokens_path());
  }
  if (!S_ISREG(info.st_mode) || (info.st_mode & 077U) != 0 || info.st_uid != ::geteuid()) {
    return fail(Code::kFailedPrecondition,
                "the key {} of the stored OAuth tokens is not this user's alone; make it so with "
                "chown and chmod 600",
                key_path());
  }
  OAP_TRY(std::string key, os::read_file(key_path(), 4096));
  if (key.size() != crypto::kAeadKeyBytes) {
    return fail(Code::kDataLoss,
                "the key {} of the stored OAuth tokens is damaged; restore it, or remove it and {} "
                "and sign in again",
                key_path(), tokens_path());
  }
  return key;
}

Result<Stored> read_stored(const json::Object& document) {
  const json::Array* owners = json::find_array(document, "owners");
  if (json::get_int(document, "version") != kVersion || owners == nullptr) {
    return fail(Code::kDataLoss, "written by another version");
  }
  Stored out;
  for (const json::Value& owner : *owners) {
    const json::Array* grants = json::find_array(owner, "grants");
    if (grants == nullptr) {
      return fail(Code::kDataLoss, "an owner without grants");
    }
    std::vector<Grant>& place = out[{std::string(json::get_string(owner, "user")),
                                     std::string(json::get_string(owner, "server"))}];
    for (const json::Value& grant : *grants) {
      if (!grant.is_object()) {
        return fail(Code::kDataLoss, "a grant that is no object");
      }
      OAP_TRY(Grant read, read_grant(grant.get_object()));
      place.push_back(std::move(read));
    }
  }
  return out;
}

json::Object to_json(const Stored& stored) {
  json::Array owners;
  for (const auto& [owner, grants] : stored) {
    json::Array list;
    for (const Grant& grant : grants) {
      list.emplace_back(to_json(grant));
    }
    json::Object entry;
    entry["user"] = owner.first;
    entry["server"] = owner.second;
    entry["grants"] = std::move(list);
    owners.emplace_back(std::move(entry));
  }
  json::Object out;
  out["version"] = kVersion;
  out["owners"] = std::move(owners);
  return out;
}

Result<Stored> Vault::read() const {
  if (!os::exists(tokens_path())) {
    return Stored();
  }
  OAP_TRY(const std::string sealed, os::read_file(tokens_path()));
  OAP_TRY(const std::string held_key, key());
  const Result<std::string> text = crypto::open(held_key, sealed, kPurpose);
  const Result<json::Object> document =
      text ? json::parse_object(*text) : Result<json::Object>(fail(text.error()));
  Result<Stored> stored =
      document ? read_stored(*document) : Result<Stored>(fail(document.error()));
  if (!stored) {
    return fail(
        Code::kDataLoss,
        "the stored OAuth tokens in {} are damaged; restore the file, or remove it and sign "
        "in again",
        tokens_path());
  }
  return stored;
}

Result<void> Vault::write(const Stored& stored) const {
  if (!os::exists(key_path())) {
    OAP_CHECK_OK(
        os::write_file_atomic(key_path(), crypto::random_bytes(crypto::kAeadKeyBytes), 0600));
  }
  OAP_TRY(const std::string held_key, key());
  OAP_TRY(const std::string sealed, crypto::seal(held_key, json::print(to_json(stored)), kPurpose));
  return os::write_file_atomic(tokens_path(), sealed, 0600);
}

Result<std::vector<Grant>> load_from(const Vault& vault, const GrantOwner& owner) {
  if (!os::exists(vault.tokens_path())) {
    return std::vector<Grant>();
  }
  OAP_TRY(const os::FileLock lock, vault.lock());
  OAP_TRY(Stored stored, vault.read());
  return std::move(stored[{owner.user, owner.server}]);
}

template <class F>
Result<void> change(const Vault& vault, const GrantOwner& owner, F edit) {
  OAP_CHECK_OK(os::make_dirs(vault.directory, 0700));
  OAP_TRY(const os::FileLock lock, vault.lock());
  OAP_TRY(Stored stored, vault.read());
  const std::pair<std::string, std::string> key(owner.user, owner.server);
  const bool was_empty = stored.empty();
  edit(stored[key]);
  if (stored[key].empty()) {
    stored.erase(key);
  }
  if (was_empty && stored.empty()) {
    return {};
  }
  return vault.write(stored);
}

}  // namespace

FileTokenStore::FileTokenStore(std::string directory, async::BlockingPool& pool,
                               Millis lock_timeout)
    : directory_(std::move(directory)), pool_(pool), lock_timeout_(lock_timeout) {}

Task<Result<std::vector<Grant>>> FileTokenStore::load(GrantOwner owner) {
  auto job = [vault = Vault{directory_, lock_timeout_}, owner = std::move(owner)] {
    return load_from(vault, owner);
  };
  co_return co_await async::run_blocking(pool_, std::move(job));
}

Task<Result<void>> FileTokenStore::save(GrantOwner owner, Grant grant) {
  auto job = [vault = Vault{directory_, lock_timeout_}, owner = std::move(owner),
              grant = std::move(grant)] {
    return change(vault, owner, [&](std::vector<Grant>& grants) { put_first(grants, grant); });
  };
  co_return co_await async::run_blocking(pool_, std::move(job));
}

Task<Result<void>> FileTokenStore::erase(GrantOwner owner, std::string issuer) {
  auto job = [vault = Vault{directory_, lock_timeout_}, owner = std::move(owner),
              issuer = std::move(issuer)] {
    return change(vault, owner, [&](std::vector<Grant>& grants) {
      std::erase_if(grants,
                    [&](const Grant& grant) { return issuer.empty() || grant.issuer == issuer; });
    });
  };
  co_return co_await async::run_blocking(pool_, std::move(job));
}

}  // namespace oap::mcp::oauth
