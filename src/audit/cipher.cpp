#include "audit/cipher.hpp"

#include <algorithm>
#include <array>

#include "audit/members.hpp"
#include "crypto/aead.hpp"
#include "crypto/hash.hpp"
#include "json/parse.hpp"

namespace oap::audit {
namespace {

constexpr std::string_view kStart = "{\"data\":\"";

bool is_personal(std::string_view key) {
  constexpr std::array<std::string_view, 11> kKeys{
      "approver", "arguments",      "details",    "error",   "hook_trail", "reason",
      "resource", "result_summary", "session_id", "task_id", "user_id"};
  return std::binary_search(kKeys.begin(), kKeys.end(), key);
}

std::string bound_to(char part, std::uint64_t first, const Link& previous) {
  return fmt::format("{} {} {} {}", part, first, previous.seq + 1, previous.hash);
}

void add(std::string& object, const RawMembers& member) {
  object.append(object.size() == 1 ? "\"" : ",\"").append(member.key()).append("\":");
  object.append(member.value());
}

/// A body's members in two objects, with what stays in clear.
struct Split {
  std::string data = "{";
  std::string personal = "{";
  std::string_view event_id;
  std::string_view timestamp;
  std::string user_id;
};

Result<Split> split(std::string_view text) {
  Split parts;
  RawMembers members(text);
  while (members.next()) {
    const std::string_view key = members.key();
    if (key == "prev_hash" || key == "seq") {
      continue;
    }
    if (key == "event_id") {
      parts.event_id = members.value();
    } else if (key == "timestamp") {
      parts.timestamp = members.value();
    } else {
      add(is_personal(key) ? parts.personal : parts.data, members);
    }
    if (key == "user_id") {
      parts.user_id = members.text();
    }
  }
  parts.data += "}";
  parts.personal += "}";
  if (parts.event_id.empty() || parts.timestamp.empty()) {
    return fail(Code::kInternal, "an audit record could not be encrypted");
  }
  return parts;
}

Result<json::Object> opened(std::string_view key, const Parsed& record, std::string_view member,
                            std::string_view bound) {
  const auto sealed = crypto::from_base64(record.text(member));
  if (!sealed) {
    return fail(Code::kDataLoss, "record {} is not encrypted as it should be", record.link.seq);
  }
  OAP_TRY(const std::string text, crypto::open(key, *sealed, bound));
  return json::parse_object(text, {.max_depth = 1'000, .max_bytes = 64U << 20U});
}

}  // namespace

Result<Body> encrypt(Keyring& keys, const Body& body, std::uint64_t first, const Link& previous) {
  std::string text = body.text;
  text.insert(body.seq_at, "0");
  OAP_TRY(const Split parts, split(text));
  const std::string subject = keys.subject_of(parts.user_id);
  OAP_TRY(const std::string data_key, keys.segment_key(first, true));
  OAP_TRY(const std::string own_key, keys.subject_key(subject, true));
  OAP_TRY(const std::string data,
          crypto::seal(data_key, parts.data, bound_to('d', first, previous)));
  OAP_TRY(const std::string personal,
          crypto::seal(own_key, parts.personal, bound_to('p', first, previous)));
  Body made;
  made.text.reserve(4 * (data.size() + personal.size()) / 3 + 256);
  made.text.append(kStart).append(crypto::to_base64(data));
  made.text.append("\",\"event_id\":").append(parts.event_id);
  made.text.append(",\"personal\":\"").append(crypto::to_base64(personal));
  made.text.append("\",\"prev_hash\":\"");
  made.prev_hash_at = made.text.size();
  made.text.append("\",\"seq\":");
  made.seq_at = made.text.size();
  made.text.append(",\"subject\":\"").append(subject);
  made.text.append("\",\"timestamp\":").append(parts.timestamp).append("}");
  return made;
}

bool is_encrypted(std::string_view line) { return line.starts_with(kStart); }

Result<json::Object> decrypt(Keyring* keys, const Parsed& record, std::uint64_t first) {
  if (keys == nullptr) {
    return fail(Code::kFailedPrecondition,
                "the audit log is encrypted: set security.audit.encryption_key");
  }
  const Link previous{record.link.seq - 1, record.prev_hash};
  OAP_TRY(const std::string data_key, keys->segment_key(first, false));
  OAP_TRY(json::Object whole, opened(data_key, record, "data", bound_to('d', first, previous)));
  const auto own_key = keys->subject_key(record.text("subject"), false);
  if (own_key) {
    OAP_TRY(json::Object personal,
            opened(*own_key, record, "personal", bound_to('p', first, previous)));
    for (auto& member : personal) {
      whole[member.key()] = std::move(member.value());
    }
  } else if (own_key.error().code() == Code::kNotFound) {
    whole["user_id"] = "[erased]";
    whole["erased"] = true;
  } else {
    return fail(own_key.error());
  }
  for (const char* key : {"event_id", "timestamp", "seq", "prev_hash", "hash"}) {
    whole[key] = record.record.at(key);
  }
  return whole;
}

Result<Parsed> read_record(std::string_view line, Keyring* keys, std::uint64_t first) {
  OAP_TRY(Parsed parsed, parse_line(line));
  if (is_encrypted(line)) {
    OAP_TRY(parsed.record, decrypt(keys, parsed, first));
  }
  return parsed;
}

}  // namespace oap::audit
