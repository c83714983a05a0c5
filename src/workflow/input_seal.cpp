#include "workflow/input_seal.hpp"

#include "crypto/aead.hpp"
#include "crypto/hash.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "workflow/definition/blueprint.hpp"

namespace oap::workflow {
namespace {

constexpr json::ParseOptions kOurs{.max_depth = 1'000, .max_bytes = 1U << 30U};

std::string about_of(std::string_view run_id, std::string_view name) {
  return fmt::format("oap workflow input\n{}\n{}", run_id, name);
}

}  // namespace

Result<std::string> KeySeal::seal(std::string_view text, std::string_view about) {
  if (keys_.empty()) {
    return fail(Code::kFailedPrecondition, "there is no key to seal secret inputs with");
  }
  OAP_TRY(const std::string sealed, crypto::seal(keys_.front(), text, about));
  return crypto::to_base64url(sealed);
}

Result<std::string> KeySeal::open(std::string_view sealed, std::string_view about) {
  const auto bytes = crypto::from_base64url(sealed);
  if (!bytes) {
    return fail(Code::kDataLoss, "it is damaged");
  }
  for (const std::string& key : keys_) {
    if (auto text = crypto::open(key, *bytes, about)) {
      return text;
    }
  }
  return fail(Code::kFailedPrecondition, "it was sealed with a key that is not here");
}

Result<json::Array> seal_inputs(const json::Object& schemas, json::Object& inputs, InputSeal* seal,
                                std::string_view run_id) {
  json::Array sealed;
  for (auto& member : inputs) {
    const std::string_view name = member.key();
    const json::Value* const schema = json::find(schemas, name);
    const bool declared = schema != nullptr && is_secret_input(*schema);
    if (seal == nullptr && declared) {
      return fail(Code::kFailedPrecondition,
                  "the input '{}' is secret, and secret inputs cannot be kept here", name);
    }
    if (seal == nullptr || (!declared && !seal->is_secret(member.value()))) {
      continue;
    }
    if (declared) {
      seal->learn(member.value());
    }
    OAP_TRY(std::string text, seal->seal(json::print(member.value()), about_of(run_id, name)));
    member.value() = json::Object{{"$sealed", std::move(text)}};
    sealed.emplace_back(name);
  }
  return sealed;
}

Result<json::Value> open_input(const json::Object& schemas, const json::Value& sealed,
                               std::string_view name, InputSeal* seal, std::string_view run_id) {
  const json::Object* const object = sealed.if_object();
  const std::string_view text =
      object == nullptr ? std::string_view() : json::get_string(*object, "$sealed");
  if (text.empty()) {
    return fail(Code::kDataLoss, "the secret input '{}' is damaged", name);
  }
  auto clear = seal == nullptr ? Result<std::string>(fail(Code::kFailedPrecondition, "no key"))
                               : seal->open(text, about_of(run_id, name));
  if (!clear) {
    return fail(clear.error().code(),
                "the secret input '{}' of {} cannot be read: {}; give it anew: oap workflow fork "
                "{} --input {}=…",
                name, run_id, clear.error().message(), run_id, name);
  }
  OAP_TRY(json::Value value, json::parse(*clear, kOurs));
  if (const json::Value* const schema = json::find(schemas, name);
      schema != nullptr && is_secret_input(*schema)) {
    seal->learn(value);
  }
  return value;
}

}  // namespace oap::workflow
