#include "cli/redact_stream.hpp"

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/output.hpp"
#include "platform/security_settings.hpp"
#include "platform/settings.hpp"

namespace oap::cli {

int redact_stream(const security::SecretScanner& scanner) {
  constexpr std::size_t kPiece = 64U << 10U;
  security::SecretStream stream(scanner);
  std::array<char, kPiece> piece{};
  std::string cleared;
  while (true) {
    const ssize_t got = ::read(0, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      print(stream.finish());
      if (got < 0) {
        print_error(fmt::format("standard input cannot be read: {}",
                                std::generic_category().message(errno)));
      }
      return got < 0 ? 1 : 0;
    }
    cleared.clear();
    stream.push(std::string_view(piece.data(), static_cast<std::size_t>(got)), cleared);
    print(cleared);
  }
}

int redact_here() {
  const auto settings = platform::load_settings({});
  if (!settings) {
    print_error("what was written is withheld, as it cannot be looked through: " +
                settings.error().to_string());
    return 2;
  }
  const security::SecretScanner scanner(settings->config.secrets,
                                        platform::existing_redaction_key(*settings));
  return redact_stream(scanner);
}

}  // namespace oap::cli
