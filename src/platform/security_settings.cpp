#include "platform/security_settings.hpp"

#include "crypto/hash.hpp"
#include "os/file.hpp"

namespace oap::platform {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kMaxFile = 4096;

std::string key_file(const Settings& settings) {
  return settings.paths.state_dir + "/redaction.key";
}

}  // namespace

Result<std::string> redaction_key(const Settings& settings) {
  const std::string path = key_file(settings);
  if (!os::exists(path)) {
    OAP_CHECK_OK(os::write_file_atomic(path, crypto::random_hex(kKeyBytes), 0600));
  }
  OAP_TRY(std::string key, os::read_file(path, kMaxFile));
  if (key.size() != 2 * kKeyBytes) {
    return fail(Error(Code::kConfiguration,
                      path + " is damaged; remove it, and redaction tags begin anew"));
  }
  return key;
}

std::string existing_redaction_key(const Settings& settings) {
  auto key = os::read_file(key_file(settings), kMaxFile);
  return key && key->size() == 2 * kKeyBytes ? *std::move(key)
                                             : crypto::sha256_hex(settings.paths.state_dir);
}

security::PolicyOptions security_options(const config::Security& security) {
  security::PolicyOptions options;
  options.enabled = security.scanner.enabled;
  options.critical = security.scanner.critical;
  options.secret_writes = security.scanner.secret_writes;
  options.approval.insert(security.approval_tools.begin(), security.approval_tools.end());
  for (const config::AcceptedFinding& accepted : security.scanner.whitelist) {
    options.exceptions.push_back({accepted.fingerprint, accepted.path, accepted.expires});
  }
  return options;
}

}  // namespace oap::platform
