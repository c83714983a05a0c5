#pragma once

#include <cstdint>
#include <string_view>

#include "audit/chain.hpp"
#include "audit/keyring.hpp"

namespace oap::audit {

/// The record with its content sealed (AES-256-GCM): `data` with the segment's key; `personal`,
/// what tells of a person, with the user's. In clear stay event_id, timestamp and `subject`, which
/// stands for the user. The chain's hash goes over the sealed record, so checking it needs no key.
/// `first` names the segment, `previous` is the record before it: both are bound in.
Result<Body> encrypt(Keyring& keys, const Body& body, std::uint64_t first, const Link& previous);

bool is_encrypted(std::string_view line);

/// The record of an encrypted line as it was, with seq, prev_hash and hash. Where the user's key
/// has been destroyed, what was personal is missing, user_id is "[erased]" and `erased` true.
/// kFailedPrecondition without keys.
Result<json::Object> decrypt(Keyring* keys, const Parsed& record, std::uint64_t first);

/// `parse_line`, decrypted where need be.
Result<Parsed> read_record(std::string_view line, Keyring* keys, std::uint64_t first);

}  // namespace oap::audit
