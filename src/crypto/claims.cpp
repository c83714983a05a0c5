#include "crypto/claims.hpp"

#include <algorithm>
#include <cmath>

#include "json/parse.hpp"

namespace oap::crypto {
namespace {

constexpr json::ParseOptions kPayloadOptions{.max_depth = 32, .max_bytes = 64U << 10U};
/// 9999-12-31: what lies beyond is an error of its writer.
constexpr double kLastSecond = 253'402'300'799.0;

tl::unexpected<Error> refuse(std::string_view why) {
  return fail(Code::kUnauthenticated, "the token was refused: {}", why);
}

Result<std::string> text(const json::Object& claims, std::string_view name) {
  const json::Value* found = json::find(claims, name);
  if (found == nullptr) {
    return std::string();
  }
  if (!found->is_string()) {
    return refuse(fmt::format("{} is not a string", name));
  }
  return std::string(json::view(found->get_string()));
}

/// A NumericDate, which may have a fraction.
Result<std::optional<WallTime>> date(const json::Object& claims, std::string_view name) {
  const json::Value* found = json::find(claims, name);
  if (found == nullptr) {
    return std::optional<WallTime>();
  }
  const double seconds = json::get_double(claims, name, -1);
  if (!found->is_number() || !std::isfinite(seconds) || seconds < 0 || seconds > kLastSecond) {
    return refuse(fmt::format("{} is not a date in seconds", name));
  }
  return std::optional(WallTime(Millis(static_cast<std::int64_t>(seconds * 1'000))));
}

Result<std::vector<std::string>> audience(const json::Object& claims) {
  const json::Value* found = json::find(claims, "aud");
  std::vector<std::string> names;
  if (found != nullptr && found->is_string()) {
    names.emplace_back(json::view(found->get_string()));
    return names;
  }
  if (found == nullptr || !found->is_array()) {
    return refuse("aud is missing, or neither a string nor a list");
  }
  for (const json::Value& name : found->get_array()) {
    if (!name.is_string()) {
      return refuse("aud lists something that is not a string");
    }
    names.emplace_back(json::view(name.get_string()));
  }
  return names;
}

bool meets(const std::vector<std::string>& there, const std::vector<std::string>& wanted) {
  return std::any_of(wanted.begin(), wanted.end(), [&there](const std::string& name) {
    return !name.empty() && std::find(there.begin(), there.end(), name) != there.end();
  });
}

Result<void> check_times(const json::Object& object, const Expected& expected, WallTime now,
                         Claims& claims) {
  OAP_TRY(const std::optional<WallTime> exp, date(object, "exp"));
  OAP_TRY(const std::optional<WallTime> nbf, date(object, "nbf"));
  OAP_TRY(claims.issued, date(object, "iat"));
  if (!exp) {
    return refuse("exp is missing");
  }
  if (now >= *exp + expected.leeway) {
    return refuse(fmt::format("it has expired at {}", format_time(*exp)));
  }
  if (nbf && now < *nbf - expected.leeway) {
    return refuse(fmt::format("it is not valid before {}", format_time(*nbf)));
  }
  if (claims.issued && now < *claims.issued - expected.leeway) {
    return refuse("iat lies in the future");
  }
  if (expected.max_age &&
      (!claims.issued || now >= *claims.issued + *expected.max_age + expected.leeway)) {
    return refuse("it was issued too long ago, or does not say when");
  }
  claims.expires = *exp;
  return {};
}

}  // namespace

Result<Claims> check_claims(std::string_view payload, const Expected& expected, WallTime now) {
  auto object = json::parse_object(payload, kPayloadOptions);
  if (!object) {
    return refuse("its payload is not a JSON object");
  }
  Claims claims;
  OAP_TRY(claims.issuer, text(*object, "iss"));
  OAP_TRY(claims.subject, text(*object, "sub"));
  OAP_TRY(claims.audience, audience(*object));
  if (claims.issuer.empty() || claims.issuer != expected.issuer) {
    return refuse("iss is not the issuer that is trusted here");
  }
  if (!meets(claims.audience, expected.audiences)) {
    return refuse("aud does not name this service");
  }
  OAP_CHECK_OK(check_times(*object, expected, now, claims));
  claims.all = *std::move(object);
  return claims;
}

}  // namespace oap::crypto
