#include "cli/commands/commands.hpp"
#include "cli/commands/scan_code.hpp"
#include "cli/commands/scan_secrets.hpp"
#include "cli/output.hpp"
#include "cli/redact_stream.hpp"
#include "cli/settings.hpp"
#include "platform/security_settings.hpp"
#include "platform/settings.hpp"

namespace oap::cli {

int scan_command(const Common& common, const ScanArgs& args) {
  const auto settings = platform::load_settings(settings_options(common));
  if (!settings) {
    return report(settings.error(), common.json);
  }
  const security::SecretScanner scanner(settings->config.secrets,
                                        platform::existing_redaction_key(*settings));
  if (args.what == ScanArgs::What::kCode) {
    const auto exceptions = platform::security_options(settings->config.security).exceptions;
    return args.batch ? scan_code_batch(scanner, exceptions)
                      : scan_code(scanner, exceptions, args, common.json);
  }
  if (args.redact) {
    return redact_stream(scanner);
  }
  return args.batch ? scan_secrets_batch(scanner) : scan_secrets(scanner, args, common.json);
}

}  // namespace oap::cli
