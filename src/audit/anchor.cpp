#include "audit/anchor.hpp"

#include "json/parse.hpp"
#include "text/strings.hpp"

namespace oap::audit {
namespace {

Result<Anchor> parse_anchor(std::string_view line, const std::optional<crypto::PublicKey>& given) {
  const auto object = json::parse_object(line);
  const json::Object* const said = object ? json::find_object(*object, "checkpoint") : nullptr;
  if (said == nullptr) {
    return fail(Code::kInvalidArgument, "no line of `oap audit checkpoint --json`");
  }
  auto checkpoint = parse_checkpoint(*said);
  if (!checkpoint) {
    return fail(Code::kInvalidArgument, "{}", checkpoint.error().message());
  }
  auto key = given ? Result<crypto::PublicKey>(*given)
                   : crypto::PublicKey::from_pem(json::get_string(*object, "public_key"));
  if (!key || key->type() != crypto::KeyType::kEd25519 || !is_signed_by(*checkpoint, *key)) {
    return fail(Code::kInvalidArgument, "the checkpoint is not signed by {}",
                given ? "the given key" : "the key beside it");
  }
  return Anchor{*std::move(checkpoint), *std::move(key)};
}

}  // namespace

Result<std::vector<Anchor>> parse_anchors(std::string_view text,
                                          const std::optional<crypto::PublicKey>& key) {
  std::vector<Anchor> anchors;
  std::size_t number = 0;
  for (const std::string_view raw : text::split_lines(text)) {
    ++number;
    const std::string_view line = text::trim(raw);
    if (line.empty()) {
      continue;
    }
    auto anchor = parse_anchor(line, key);
    if (!anchor) {
      return fail(Code::kInvalidArgument, "line {}: {}", number, anchor.error().message());
    }
    anchors.push_back(*std::move(anchor));
  }
  if (anchors.empty()) {
    return fail(Code::kInvalidArgument, "it holds no checkpoint");
  }
  return anchors;
}

}  // namespace oap::audit
