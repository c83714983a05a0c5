#include <algorithm>
#include <charconv>

#include "audit/checkpoint.hpp"
#include "audit/leaves.hpp"
#include "audit/query.hpp"
#include "crypto/keygen.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::audit {
namespace {

constexpr std::string_view kKind = "oap-audit-proof-1";

/// The line of the record that is meant.
Result<std::string> find_line(const std::string& dir, const std::string& event) {
  std::uint64_t seq = 0;
  const auto [end, error] = std::from_chars(event.data(), event.data() + event.size(), seq);
  const bool is_number = error == std::errc() && end == event.data() + event.size();
  Query query;
  query.sealed = true;
  if (is_number) {
    query.text = fmt::format("\"seq\":{},", seq);
  } else if (event.size() == 30) {
    query.event_id = event;
  } else {
    query.text = fmt::format("\"event_id\":\"{}", event);
  }
  std::string found;
  int count = 0;
  OAP_TRY([[maybe_unused]] const Malformed bad,
          for_each(dir, query, [&](const json::Object& record, std::string_view line) {
            const bool same = is_number
                                  ? json::get_int(record, "seq") == static_cast<std::int64_t>(seq)
                                  : json::get_string(record, "event_id").starts_with(event);
            if (same) {
              found = line;
              ++count;
            }
            return count < 2;
          }));
  if (count == 0) {
    return fail(Code::kNotFound, "the audit log holds no event '{}'", event);
  }
  if (count > 1) {
    return fail(Code::kInvalidArgument, "more than one event begins with '{}'", event);
  }
  return found;
}

/// The oldest checkpoint that covers a record.
const Checkpoint* covering(const std::vector<Checkpoint>& all, std::uint64_t seq) {
  const auto found = std::find_if(all.begin(), all.end(), [seq](const Checkpoint& one) {
    return one.first <= seq && seq <= one.last;
  });
  return found == all.end() ? nullptr : &*found;
}

Error broken(std::string_view what) {
  return {Code::kDataLoss, fmt::format("the proof does not hold: {}", what)};
}

Result<std::vector<Digest>> path_of(const json::Object& proof) {
  const json::Array* items = json::find_array(proof, "path");
  std::vector<Digest> path;
  for (const json::Value& item : items == nullptr ? json::Array() : *items) {
    const auto bytes =
        item.is_string() ? crypto::from_hex(json::view(item.get_string())) : std::nullopt;
    if (!bytes || bytes->size() != 32) {
      return fail(broken("its path is malformed"));
    }
    Digest digest{};
    std::copy(bytes->begin(), bytes->end(), reinterpret_cast<char*>(digest.data()));
    path.push_back(digest);
  }
  return path;
}

}  // namespace

struct Prover::State {
  std::string dir;
  std::vector<Checkpoint> checkpoints;
  std::string public_key;
  const Checkpoint* current = nullptr;
  std::optional<AuditPaths> paths;

  /// Reads the tree of the oldest checkpoint that covers a record.
  Result<void> go_to(std::uint64_t seq) {
    const Checkpoint* const wanted = covering(checkpoints, seq);
    if (wanted == nullptr) {
      return fail(Code::kNotFound, "no checkpoint covers record {}", seq);
    }
    if (wanted == current) {
      return {};
    }
    OAP_TRY(Leaves leaves, read_leaves(dir, {segment_name(wanted->first), wanted->first, 0}));
    const std::uint64_t size = wanted->last - wanted->first + 1;
    if (leaves.hashes.size() < size) {
      return fail(Code::kDataLoss, "{} holds fewer records than its checkpoint says",
                  segment_name(wanted->first));
    }
    leaves.hashes.resize(static_cast<std::size_t>(size));
    paths.emplace(std::move(leaves.hashes));
    if (crypto::to_hex(crypto::as_bytes(paths->root())) != wanted->root) {
      return fail(Code::kDataLoss, "{} is not what its checkpoint says",
                  segment_name(wanted->first));
    }
    current = wanted;
    return {};
  }
};

Prover::Prover(std::unique_ptr<State> state) : state_(std::move(state)) {}
Prover::~Prover() = default;
Prover::Prover(Prover&&) noexcept = default;
Prover& Prover::operator=(Prover&&) noexcept = default;

Result<Prover> Prover::open(const std::string& dir, WallTime now) {
  auto state = std::make_unique<State>();
  state->dir = dir;
  OAP_TRY([[maybe_unused]] const std::uint64_t made, make_checkpoints(dir, true, now));
  OAP_TRY(state->checkpoints, read_checkpoints(dir));
  OAP_TRY(const auto key, audit::public_key(dir));
  if (key) {
    OAP_TRY(state->public_key, crypto::to_pem(*key));
  }
  return Prover(std::move(state));
}

Result<json::Object> Prover::prove(std::string_view line) {
  OAP_TRY(const Parsed parsed, parse_line(line));
  OAP_CHECK_OK(state_->go_to(parsed.link.seq));
  const std::uint64_t index = parsed.link.seq - state_->current->first;
  json::Array path;
  for (const Digest& digest : state_->paths->of(index)) {
    path.emplace_back(crypto::to_hex(crypto::as_bytes(digest)));
  }
  return json::Object{{"kind", kKind},
                      {"line", line},
                      {"index", index},
                      {"size", state_->paths->size()},
                      {"path", std::move(path)},
                      {"checkpoint", to_json(*state_->current)},
                      {"public_key", state_->public_key}};
}

Result<json::Object> prove(const std::string& dir, const std::string& event, WallTime now) {
  OAP_TRY(const std::string line, find_line(dir, event));
  OAP_TRY(Prover prover, Prover::open(dir, now));
  return prover.prove(line);
}

Result<Proven> check_proof(const json::Object& proof, const std::optional<crypto::PublicKey>& key) {
  if (json::get_string(proof, "kind") != kKind) {
    return fail(broken(fmt::format("it is no {}", kKind)));
  }
  auto parsed = parse_line(json::get_string(proof, "line"));
  if (!parsed) {
    return fail(broken(parsed.error().message()));
  }
  const json::Object* const said = json::find_object(proof, "checkpoint");
  auto checkpoint = parse_checkpoint(said == nullptr ? json::Object() : *said);
  if (!checkpoint) {
    return fail(broken(checkpoint.error().message()));
  }
  const auto own = key ? Result<crypto::PublicKey>(*key)
                       : crypto::PublicKey::from_pem(json::get_string(proof, "public_key"));
  if (!own || own->type() != crypto::KeyType::kEd25519 || !is_signed_by(*checkpoint, *own)) {
    return fail(broken("the checkpoint is not signed by the key"));
  }
  OAP_TRY(const std::vector<Digest> path, path_of(proof));
  const auto index = static_cast<std::uint64_t>(json::get_int(proof, "index", -1));
  const auto size = static_cast<std::uint64_t>(json::get_int(proof, "size"));
  const auto leaf = leaf_of(parsed->link.hash);
  const auto root = leaf ? root_from_path(*leaf, index, size, path) : std::nullopt;
  if (!root || crypto::to_hex(crypto::as_bytes(*root)) != checkpoint->root ||
      checkpoint->first + index != parsed->link.seq ||
      checkpoint->last - checkpoint->first + 1 != size) {
    return fail(broken("the record's path does not lead to the checkpoint's root"));
  }
  return Proven{std::move(parsed->record), *std::move(checkpoint), key.has_value()};
}

}  // namespace oap::audit
