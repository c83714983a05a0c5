#include "audit/chain.hpp"

#include <array>
#include <cstring>

#include "crypto/hash.hpp"
#include "json/parse.hpp"

namespace oap::audit {
namespace {

constexpr std::string_view kHashKey = ",\"hash\":\"";
constexpr std::size_t kHexSize = 64;
/// `,"hash":"` + 64 digits + `"}`
constexpr std::size_t kSuffixSize = kHashKey.size() + kHexSize + 2;
constexpr json::ParseOptions kRecordOptions{.max_depth = 1'000, .max_bytes = 64U << 20U};

/// The two parts of a line: what was hashed (but for its closing brace) and the hash.
struct Split {
  std::string_view content;
  std::string_view hash;
};

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<Split> split(std::string_view line) {
  if (line.size() <= kSuffixSize || line.front() != '{' || !line.ends_with("\"}")) {
    return std::nullopt;
  }
  const std::size_t at = line.size() - kSuffixSize;
  const std::string_view hash = line.substr(at + kHashKey.size(), kHexSize);
  if (line.substr(at, kHashKey.size()) != kHashKey || !is_hex(hash)) {
    return std::nullopt;
  }
  return Split{line.substr(0, at), hash};
}

using Hex = std::array<char, kHexSize>;

Hex hash_of(std::string_view prev_hash, std::string_view content) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  thread_local crypto::Sha256 sha;
  const crypto::Digest digest = sha.update(prev_hash).update(content).update("}").finish();
  Hex hex{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    hex[2 * i] = kDigits[digest[i] >> 4U];
    hex[2 * i + 1] = kDigits[digest[i] & 15U];
  }
  return hex;
}

std::string_view view(const Hex& hex) { return {hex.data(), hex.size()}; }

/// Whether this member is somewhere in the text; at which depth does not matter, the hash binds it.
bool has_member(std::string_view text, std::string_view key, std::string_view value, char after) {
  while (true) {
    const void* found = memmem(text.data(), text.size(), key.data(), key.size());
    if (found == nullptr) {
      return false;
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    text.remove_prefix(at + key.size());
    if (text.size() > value.size() && text.starts_with(value) && text[value.size()] == after) {
      return true;
    }
  }
}

/// The common case, without parsing: hash right, number and prev_hash where they belong.
bool follows(const Link& previous, const Split& parts) {
  if (view(hash_of(previous.hash, parts.content)) != parts.hash) {
    return false;
  }
  const fmt::format_int seq(previous.seq + 1);
  return has_member(parts.content, "\"prev_hash\":\"", previous.hash, '"') &&
         has_member(parts.content, "\"seq\":", {seq.data(), seq.size()}, ',');
}

/// `expected` is the number that should have come.
std::string misplaced(std::uint64_t expected, const Parsed& parsed) {
  const std::uint64_t seq = parsed.link.seq;
  if (seq == expected + 1) {
    return fmt::format("record {} is missing before this one", expected);
  }
  if (seq > expected) {
    return fmt::format("records {} to {} are missing before this one", expected, seq - 1);
  }
  if (seq < expected) {
    return fmt::format("record {} stands where {} belongs: repeated or out of order", seq,
                       expected);
  }
  return fmt::format("record {} does not continue the one before it: one of the two was replaced",
                     seq);
}

}  // namespace

std::string Parsed::text(std::string_view key) const {
  const json::Value* found = json::find(record, key);
  return found != nullptr && found->is_string() ? std::string(json::view(found->get_string()))
                                                : std::string();
}

void seal(std::string& lines, Link& link, const Body& body) {
  const std::string_view text = body.text;
  const std::size_t start = lines.size();
  const fmt::format_int seq(++link.seq);
  lines.reserve(start + text.size() + kHexSize + seq.size() + kSuffixSize + 1);
  lines.append(text.substr(0, body.prev_hash_at)).append(link.hash);
  lines.append(text.substr(body.prev_hash_at, body.seq_at - body.prev_hash_at));
  lines.append(seq.data(), seq.size());
  lines.append(text.substr(body.seq_at, text.size() - body.seq_at - 1));
  link.hash.assign(view(hash_of(link.hash, std::string_view(lines).substr(start))));
  lines.append(kHashKey).append(link.hash).append("\"}\n");
}

Result<Parsed> parse_line(std::string_view line) {
  const auto parts = split(line);
  if (!parts) {
    return fail(Code::kDataLoss, "not an audit record: it does not end with its hash");
  }
  auto record = json::parse_object(line, kRecordOptions);
  if (!record) {
    return fail(Code::kDataLoss, "not an audit record: {}", record.error().message());
  }
  Parsed parsed;
  const json::Value* prev_hash = json::find(*record, "prev_hash");
  const json::Value* seq = json::find(*record, "seq");
  if (prev_hash == nullptr || !prev_hash->is_string() || seq == nullptr || !seq->is_int64() ||
      seq->get_int64() <= 0) {
    return fail(Code::kDataLoss, "not an audit record: prev_hash or seq is missing");
  }
  parsed.prev_hash = std::string(json::view(prev_hash->get_string()));
  if (view(hash_of(parsed.prev_hash, parts->content)) != parts->hash) {
    return fail(Code::kDataLoss, "the record was changed: its hash does not fit its content");
  }
  parsed.link = {static_cast<std::uint64_t>(seq->get_int64()), std::string(parts->hash)};
  parsed.record = std::move(*record);
  return parsed;
}

bool is_hash_right(std::string_view line) {
  constexpr std::string_view kKey = "\"prev_hash\":\"";
  const auto parts = split(line);
  if (!parts) {
    return false;
  }
  std::string_view rest = parts->content;
  while (const void* found = memmem(rest.data(), rest.size(), kKey.data(), kKey.size())) {
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - rest.data());
    rest.remove_prefix(at + kKey.size());
    const std::string_view prev_hash = rest.substr(0, kHexSize);
    if (prev_hash.size() == kHexSize && is_hex(prev_hash) &&
        view(hash_of(prev_hash, parts->content)) == parts->hash) {
      return true;
    }
  }
  return false;
}

std::optional<std::string> check_line(Link& previous, std::string_view line) {
  const auto parts = split(line);
  if (parts && follows(previous, *parts)) {
    ++previous.seq;
    previous.hash.assign(parts->hash);
    return std::nullopt;
  }
  const std::uint64_t expected = previous.seq + 1;
  const bool previous_unknown = previous.hash.empty();
  auto parsed = parse_line(line);
  if (!parsed) {
    previous = {expected, ""};
    return parsed.error().message();
  }
  const bool fits = previous_unknown && parsed->link.seq == expected;
  previous = parsed->link;
  if (fits) {
    return std::nullopt;
  }
  return misplaced(expected, *parsed);
}

}  // namespace oap::audit
