#include "crypto/hash.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/log.hpp"

namespace oap::crypto {
namespace {

[[noreturn]] void give_up(std::string_view what) {
  log::error("crypto", "OpenSSL failed; the process cannot go on safely",
             {{"call", std::string(what)}});
  std::abort();
}

void require(int answer, std::string_view what) {
  if (answer != 1) {
    give_up(what);
  }
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using ContextPtr = std::unique_ptr<EVP_MD_CTX, FreeContext>;

/// Fetched once: an implicit fetch costs more than hashing an audit event.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = [] {
    const EVP_MD* fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    if (fetched == nullptr) {
      give_up("EVP_MD_fetch SHA256");
    }
    return fetched;
  }();
  return algorithm;
}

ContextPtr new_context() {
  ContextPtr context(EVP_MD_CTX_new());
  if (!context) {
    give_up("EVP_MD_CTX_new");
  }
  require(EVP_DigestInit_ex2(context.get(), sha256_algorithm(), nullptr), "EVP_DigestInit_ex2");
  return context;
}

/// One context a thread, started anew for each digest.
EVP_MD_CTX* thread_context() {
  thread_local const ContextPtr context = new_context();
  require(EVP_DigestInit_ex2(context.get(), nullptr, nullptr), "EVP_DigestInit_ex2");
  return context.get();
}

void add(EVP_MD_CTX* context, std::string_view bytes) {
  require(EVP_DigestUpdate(context, bytes.data(), bytes.size()), "EVP_DigestUpdate");
}

Digest finish_digest(EVP_MD_CTX* context) {
  Digest digest{};
  require(EVP_DigestFinal_ex(context, digest.data(), nullptr), "EVP_DigestFinal_ex");
  return digest;
}

}  // namespace

struct Sha256::Context {
  ContextPtr md = new_context();
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::update(std::string_view bytes) {
  add(context_->md.get(), bytes);
  return *this;
}

Digest Sha256::finish() {
  const Digest digest = finish_digest(context_->md.get());
  require(EVP_DigestInit_ex2(context_->md.get(), nullptr, nullptr), "EVP_DigestInit_ex2");
  return digest;
}

std::string Sha256::finish_hex() { return to_hex(as_bytes(finish())); }

Digest sha256(std::string_view bytes) {
  EVP_MD_CTX* context = thread_context();
  add(context, bytes);
  return finish_digest(context);
}

std::string sha256_hex(std::string_view bytes) { return to_hex(as_bytes(sha256(bytes))); }

Digest hmac_sha256(std::string_view key, std::string_view bytes) {
  constexpr std::size_t kBlock = 64;
  std::array<char, kBlock> block{};
  if (key.size() > kBlock) {
    const Digest short_key = sha256(key);
    as_bytes(short_key).copy(block.data(), kBlock);
  } else {
    key.copy(block.data(), kBlock);
  }
  std::array<char, kBlock> inner{};
  std::array<char, kBlock> outer{};
  for (std::size_t i = 0; i < kBlock; ++i) {
    inner[i] = static_cast<char>(block[i] ^ 0x36);
    outer[i] = static_cast<char>(block[i] ^ 0x5c);
  }
  EVP_MD_CTX* context = thread_context();
  add(context, {inner.data(), kBlock});
  add(context, bytes);
  const Digest first = finish_digest(context);
  context = thread_context();
  add(context, {outer.data(), kBlock});
  add(context, as_bytes(first));
  const Digest result = finish_digest(context);
  OPENSSL_cleanse(block.data(), kBlock);
  OPENSSL_cleanse(inner.data(), kBlock);
  OPENSSL_cleanse(outer.data(), kBlock);
  return result;
}

std::string hmac_sha256_hex(std::string_view key, std::string_view bytes) {
  return to_hex(as_bytes(hmac_sha256(key, bytes)));
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t at = 0;
  constexpr std::size_t kPiece = 1u << 20;
  while (at < count) {
    const std::size_t size = std::min(kPiece, count - at);
    auto* to = reinterpret_cast<unsigned char*>(bytes.data() + at);
    require(RAND_bytes(to, static_cast<int>(size)), "RAND_bytes");
    at += size;
  }
  return bytes;
}

std::string random_hex(std::size_t count) { return to_hex(random_bytes(count)); }

bool constant_time_equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view as_bytes(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace oap::crypto
