#include "crypto/keygen.hpp"

#include <openssl/pem.h>

#include "crypto/openssl.hpp"

namespace oap::crypto {
namespace {

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

Result<std::string> generate_ed25519_pem() {
  const KeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  if (!key || !bio ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    ERR_clear_error();
    return fail(Code::kInternal, "OpenSSL could not make a key");
  }
  return text_of(bio.get());
}

Result<std::string> to_pem(const PublicKey& key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PUBKEY(bio.get(), key.native()) != 1) {
    ERR_clear_error();
    return fail(Code::kInternal, "OpenSSL could not print a public key");
  }
  return text_of(bio.get());
}

}  // namespace oap::crypto
