#include "audit/log.hpp"
#include "audit/regular_file.hpp"
#include "cli/commands/audit_views.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "json/parse.hpp"
#include "os/file.hpp"
#include "platform/audit_sink.hpp"
#include "platform/settings.hpp"
#include "text/strings.hpp"

namespace oap::cli {
namespace {

Result<platform::Settings> settings_of(const Common& common) {
  return platform::load_settings(settings_options(common));
}

Result<std::unique_ptr<audit::Log>> open_log(const Common& common) {
  OAP_TRY(const platform::Settings settings, settings_of(common));
  return platform::open_audit_log(settings);
}

Result<std::uint64_t> rotate(const Common& common) {
  OAP_TRY(const auto log, open_log(common));
  return log->rotate_key();
}

Result<void> erase(const Common& common, const std::string& user) {
  OAP_TRY(const auto log, open_log(common));
  return log->erase(user);
}

/// A line is a token, or a line of the emergency file with one.
Result<std::string> open_line(const std::vector<crypto::FernetKey>& keys, std::string_view line) {
  if (!line.starts_with('{')) {
    return crypto::fernet_open(keys, line, system_clock().wall());
  }
  const auto object = json::parse_object(line);
  const std::string_view token = object ? json::get_string(*object, "event") : std::string_view();
  return token.empty() ? Result<std::string>(std::string(line))
                       : crypto::fernet_open(keys, token, system_clock().wall());
}

Result<int> decrypt(const Common& common, const std::string& file) {
  OAP_TRY(const platform::Settings settings, settings_of(common));
  const auto& configured = settings.config.security.audit.encryption_key;
  if (!configured) {
    return fail(Code::kConfiguration, "security.audit.encryption_key is not set");
  }
  OAP_TRY(const auto keys, audit::parse_keys(*configured));
  OAP_TRY(const std::string text, os::read_file(file, 1U << 30U));
  int code = 0;
  std::uint64_t number = 0;
  for (const std::string_view raw : text::split_lines(text)) {
    ++number;
    const std::string_view line = text::trim(raw);
    if (line.empty()) {
      continue;
    }
    const auto opened = open_line(keys, line);
    if (opened) {
      print(*opened + "\n");
    } else {
      print_error(fmt::format("{}:{}: {}", file, number, opened.error().message()));
      code = 1;
    }
  }
  return code;
}

}  // namespace

Result<std::unique_ptr<audit::Keyring>> audit_keys(const std::string& dir, const Common& common) {
  OAP_TRY(const bool encrypted, audit::is_there(dir + "/keys"));
  if (!encrypted) {
    return nullptr;
  }
  OAP_TRY(const platform::Settings settings, settings_of(common));
  const auto& configured = settings.config.security.audit.encryption_key;
  if (!configured) {
    return nullptr;
  }
  OAP_TRY(auto masters, audit::parse_keys(*configured));
  auto keys = audit::Keyring::open(dir, std::move(masters), false, system_clock().wall());
  if (!keys && keys.error().code() == Code::kNotFound) {
    return nullptr;
  }
  return keys;
}

int audit_rotate_key(const Common& common) {
  const auto version = rotate(common);
  if (!version) {
    return report(version.error(), common.json);
  }
  if (common.json) {
    print_json(json::Object{{"success", true}, {"version", *version}});
  } else {
    print(fmt::format("new records are encrypted with key version {}\n", *version));
  }
  return 0;
}

int audit_erase(const Common& common, const AuditArgs& args) {
  if (const auto erased = erase(common, args.user); !erased) {
    return report(erased.error(), common.json);
  }
  if (common.json) {
    print_json(json::Object{{"success", true}, {"user_id", args.user}});
  } else {
    print("the key is destroyed: what was personal in that user's records is unreadable\n");
  }
  return 0;
}

int audit_decrypt(const Common& common, const AuditArgs& args) {
  const auto code = decrypt(common, args.file);
  return code ? *code : report(code.error(), common.json);
}

}  // namespace oap::cli
