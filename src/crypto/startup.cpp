#include "crypto/startup.hpp"

#include <cstdint>

#include <openssl/crypto.h>

namespace oap::crypto {

void start_bare() {
  constexpr std::uint64_t kBare = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT |
                                  OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS;
  ::OPENSSL_init_crypto(kBare, nullptr);
}

}  // namespace oap::crypto
