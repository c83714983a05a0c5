#include "crypto/jose.hpp"

#include <algorithm>

#include "crypto/hash.hpp"
#include "crypto/signature.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::crypto {
namespace {

constexpr json::ParseOptions kHeaderOptions{.max_depth = 16, .max_bytes = 8U << 10U};
constexpr json::ParseOptions kSetOptions{.max_depth = 16, .max_bytes = kMaxJwksBytes};

/// A member that must be a text where it is there; absent is empty.
Result<std::string> text_member(const json::Object& object, std::string_view name) {
  const json::Value* found = json::find(object, name);
  if (found == nullptr) {
    return std::string();
  }
  if (!found->is_string()) {
    return fail(Code::kInvalidArgument, "the member '{}' is not a string", name);
  }
  return std::string(json::view(found->get_string()));
}

bool lists(const json::Value& list, std::string_view wanted) {
  const json::Array* items = list.if_array();
  return items != nullptr &&
         std::any_of(items->begin(), items->end(), [&](const json::Value& item) {
           return item.is_string() && json::view(item.get_string()) == wanted;
         });
}

Result<Jwk> read_jwk(const json::Value& value) {
  const json::Object* object = value.if_object();
  if (object == nullptr) {
    return fail(Code::kInvalidArgument, "it is not an object");
  }
  OAP_TRY(std::string kid, text_member(*object, "kid"));
  OAP_TRY(const std::string use, text_member(*object, "use"));
  OAP_TRY(const std::string alg, text_member(*object, "alg"));
  const json::Value* operations = json::find(*object, "key_ops");
  if ((!use.empty() && use != "sig") || (operations != nullptr && !lists(*operations, "verify"))) {
    return fail(Code::kInvalidArgument, "it is not for signatures");
  }
  OAP_TRY(PublicKey key, PublicKey::from_jwk(*object));
  const auto algorithm = algorithm_named(alg);
  if (!alg.empty() && (!algorithm || !fits(*algorithm, key.type()))) {
    return fail(Code::kInvalidArgument, "its alg is not known or not one for its type");
  }
  return Jwk{std::move(kid), algorithm, std::move(key)};
}

/// The parts of a compact JWS, decoded, with what the header asks for.
struct Parts {
  std::string_view signed_text;
  std::string signature;
  std::string kid;
  bool has_kid = false;
  Jws jws;
};

tl::unexpected<Error> refuse(std::string_view why) {
  return fail(Code::kUnauthenticated, "the token was refused: {}", why);
}

Result<void> read_header(Parts& parts, std::span<const Algorithm> allowed) {
  const json::Object& header = parts.jws.header;
  const json::Value* alg = json::find(header, "alg");
  const auto algorithm = alg != nullptr && alg->is_string()
                             ? algorithm_named(json::view(alg->get_string()))
                             : std::nullopt;
  if (!algorithm || std::find(allowed.begin(), allowed.end(), *algorithm) == allowed.end()) {
    return refuse("its algorithm is not one that is accepted here");
  }
  if (json::find(header, "crit") != nullptr || json::find(header, "b64") != nullptr) {
    return refuse("its header asks for an extension (crit, b64) that is not supported");
  }
  auto kid = text_member(header, "kid");
  if (!kid) {
    return refuse("its kid is not a string");
  }
  parts.has_kid = json::find(header, "kid") != nullptr;
  parts.kid = *std::move(kid);
  parts.jws.algorithm = *algorithm;
  return {};
}

Result<Parts> split(std::string_view token, std::span<const Algorithm> allowed,
                    std::size_t max_bytes) {
  if (token.size() > max_bytes) {
    return refuse(fmt::format("it is longer than {} bytes", max_bytes));
  }
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return refuse("it has not three parts");
  }
  const auto header = from_base64url(token.substr(0, first));
  auto payload = from_base64url(token.substr(first + 1, second - first - 1));
  auto signature = from_base64url(token.substr(second + 1));
  if (!header || !payload || !signature) {
    return refuse("a part of it is not base64url");
  }
  if (signature->empty()) {
    return refuse("it is not signed");
  }
  auto object = json::parse_object(*header, kHeaderOptions);
  if (!object) {
    return refuse("its header is not a JSON object");
  }
  Parts parts;
  parts.signed_text = token.substr(0, second);
  parts.signature = *std::move(signature);
  parts.jws.header = *std::move(object);
  parts.jws.payload = *std::move(payload);
  OAP_CHECK_OK(read_header(parts, allowed));
  return parts;
}

}  // namespace

Result<Jwks> parse_jwks(std::string_view text) {
  auto set = json::parse_object(text, kSetOptions);
  if (!set) {
    return fail(Code::kUpstream, "the key set is not usable: {}", set.error().message());
  }
  const json::Array* keys = json::find_array(*set, "keys");
  if (keys == nullptr || keys->size() > kMaxKeys) {
    return fail(Code::kUpstream, "the key set has no 'keys', or more than {}", kMaxKeys);
  }
  Jwks usable;
  for (std::size_t i = 0; i < keys->size(); ++i) {
    auto key = read_jwk((*keys)[i]);
    if (key) {
      usable.keys.push_back(*std::move(key));
    } else {
      usable.skipped.push_back(fmt::format("key {}: {}", i + 1, key.error().message()));
    }
  }
  return usable;
}

Result<Jws> verify_jws(std::string_view token, const Jwks& keys, const JwsLimits& limits) {
  OAP_TRY(Parts parts, split(token, limits.algorithms, limits.max_bytes));
  const Algorithm algorithm = parts.jws.algorithm;
  bool any = false;
  for (const Jwk& jwk : keys.keys) {
    if ((parts.has_kid && jwk.kid != parts.kid) || !fits(algorithm, jwk.key.type()) ||
        jwk.algorithm.value_or(algorithm) != algorithm) {
      continue;
    }
    any = true;
    if (verify_signature(jwk.key, algorithm, parts.signed_text, parts.signature)) {
      return std::move(parts.jws);
    }
  }
  if (!any) {
    return fail(Code::kNotFound, "the token was refused: no known key fits its kid and algorithm");
  }
  return refuse("its signature is wrong");
}

Result<Jws> verify_hmac_jws(std::string_view token, std::string_view secret, Algorithm algorithm,
                            std::size_t max_bytes) {
  OAP_TRY(Parts parts, split(token, std::span(&algorithm, 1), max_bytes));
  const auto expected = hmac(algorithm, secret, parts.signed_text);
  if (!expected || secret.size() < expected->size()) {
    return fail(Code::kInvalidArgument,
                "the shared secret is shorter than the algorithm needs, or it is no HMAC");
  }
  if (!constant_time_equal(*expected, parts.signature)) {
    return refuse("its signature is wrong");
  }
  return std::move(parts.jws);
}

Result<std::string> sign_jws(const PrivateKey& key, Algorithm algorithm, json::Object header,
                             std::string_view payload) {
  header["alg"] = to_string(algorithm);
  std::string token = to_base64url(json::print(header));
  token += "." + to_base64url(payload);
  OAP_TRY(const std::string signature, sign(key, algorithm, token));
  return token + "." + to_base64url(signature);
}

}  // namespace oap::crypto
