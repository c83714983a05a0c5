#include "gateway/trust/pins.hpp"

#include <set>

#include "gateway/trust/fingerprint.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "text/nearest.hpp"
#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

constexpr std::size_t kMaxDefinition = 256U << 10U;
constexpr std::size_t kMaxServer = 8U << 20U;
/// Leaves room for the levels of the pin file around a definition.
constexpr json::ParseOptions kStorable{.max_depth = 128, .max_bytes = kMaxDefinition};

std::vector<std::string> keys_of(const auto& map) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : map) {
    keys.push_back(key);
  }
  return keys;
}

/// One name's offer: the definition to judge, or why it cannot be judged.
struct Offer {
  std::string name;
  std::string hash;
  json::Object part;
  std::string fault;
};

/// What the pin file can hold and give back as it was; its size, or why not.
Result<std::size_t> stored_size(const std::string& name, const json::Object& part) {
  const std::string printed = json::print(json::Value(part));
  if (printed.size() > kMaxDefinition) {
    return fail(Code::kResourceExhausted, "its definition is larger than 256 KiB");
  }
  if (!text::is_valid_utf8(name)) {
    return fail(Code::kInvalidArgument, "its name is not UTF-8");
  }
  const Result<json::Object> back = json::parse_object(printed, kStorable);
  if (!back) {
    return fail(Code::kInvalidArgument, "its definition cannot be stored: {}",
                back.error().message());
  }
  return printed.size() + name.size();
}

std::vector<Offer> offers_of(std::span<const ToolSpec> tools) {
  std::vector<Offer> offers;
  std::map<std::string_view, std::size_t> places;
  std::size_t total = 0;
  for (const ToolSpec& tool : tools) {
    std::string hash = fingerprint(tool.definition);
    const auto [at, fresh] = places.try_emplace(tool.name, offers.size());
    if (!fresh) {
      Offer& first = offers[at->second];
      if (first.hash != hash && first.fault.empty()) {
        first.fault = "the server lists it more than once, with different definitions";
      }
      continue;
    }
    Offer offer{tool.name, std::move(hash), pinned_part(tool.definition), ""};
    const Result<std::size_t> size = stored_size(offer.name, offer.part);
    if (!size) {
      offer.fault = size.error().message();
    } else if (total + *size > kMaxServer) {
      offer.fault = "the server's definitions together are larger than 8 MiB";
    } else {
      total += *size;
    }
    offers.push_back(std::move(offer));
  }
  return offers;
}

PinnedTool pin_of(PendingTool pending, std::string first_seen, std::string_view who,
                  std::string_view now) {
  return {std::move(pending.hash), std::move(pending.source), std::move(pending.definition),
          std::move(first_seen),   std::string(who),          std::string(now)};
}

/// Keeps the record of an offer that nobody has approved; an unchanged one keeps its time.
void note_pending(PinnedServer& record, Offer& offer, const ServerSource& source,
                  std::string_view now, Judgement& judgement) {
  const auto at = record.pending.find(offer.name);
  if (at != record.pending.end() && at->second.hash == offer.hash &&
      at->second.source == source.digest) {
    return;
  }
  record.pending[offer.name] = {offer.hash, source.digest, std::move(offer.part), std::string(now)};
  judgement.changed = true;
}

ToolVerdict judge_offer(PinnedServer& record, Offer& offer, const ServerSource& source,
                        std::string_view now, Judgement& judgement) {
  const auto pin = record.tools.find(offer.name);
  const bool known = pin != record.tools.end();
  ToolVerdict verdict{offer.name, ToolTrust::kQuarantinedNew, offer.hash, offer.fault};
  if (known) {
    verdict.trust = ToolTrust::kQuarantinedChanged;
  }
  if (!offer.fault.empty()) {
    judgement.changed |= record.pending.erase(offer.name) > 0;
    return verdict;
  }
  if (known && pin->second.hash == offer.hash && pin->second.source == source.digest) {
    judgement.changed |= record.pending.erase(offer.name) > 0;
    verdict.trust = ToolTrust::kTrusted;
    return verdict;
  }
  if (!known) {
    verdict.reason = "it is new and nobody has approved it";
  } else if (pin->second.hash != offer.hash) {
    verdict.reason = "its definition has changed since it was approved";
  } else {
    verdict.reason = "what its server is started by has changed since it was approved";
  }
  note_pending(record, offer, source, now, judgement);
  return verdict;
}

void judge_first_sight(PinnedServer& record, std::vector<Offer>& offers, const ServerSource& source,
                       std::string_view now, Judgement& judgement) {
  record.approved = source;
  for (Offer& offer : offers) {
    ToolVerdict verdict{offer.name, ToolTrust::kQuarantinedNew, offer.hash, offer.fault};
    if (offer.fault.empty()) {
      verdict.trust = ToolTrust::kPinnedNow;
      verdict.reason = "pinned at the first sight of its server";
      record.tools[offer.name] =
          pin_of({offer.hash, source.digest, std::move(offer.part), std::string(now)},
                 std::string(now), "first_use", now);
    }
    judgement.tools.push_back(std::move(verdict));
  }
}

void note_absent(PinnedServer& record, const std::vector<Offer>& offers, Judgement& judgement) {
  std::set<std::string_view> offered;
  for (const Offer& offer : offers) {
    offered.insert(offer.name);
  }
  for (const auto& [name, pin] : record.tools) {
    if (!offered.contains(name)) {
      judgement.tools.push_back({name, ToolTrust::kRemoved, "", "its server no longer offers it"});
    }
  }
  judgement.changed |= std::erase_if(record.pending, [&](const auto& each) {
                         return !offered.contains(each.first);
                       }) > 0;
}

}  // namespace

std::string_view to_string(ToolTrust trust) {
  switch (trust) {
    case ToolTrust::kTrusted:
      return "trusted";
    case ToolTrust::kPinnedNow:
      return "pinned_now";
    case ToolTrust::kQuarantinedNew:
      return "quarantined_new";
    case ToolTrust::kQuarantinedChanged:
      return "quarantined_changed";
    case ToolTrust::kRemoved:
      return "removed";
  }
  return "quarantined_new";
}

Judgement judge(Pins& pins, const std::string& server, const ServerSource& source,
                config::ServerTrust policy, std::span<const ToolSpec> tools, std::string_view now) {
  Judgement judgement;
  const bool first_sight = !pins.servers.contains(server);
  if (first_sight && tools.empty()) {
    return judgement;
  }
  std::vector<Offer> offers = offers_of(tools);
  PinnedServer& record = pins.servers[server];
  if (first_sight) {
    record.first_seen = now;
    judgement.changed = true;
  }
  if (record.seen != source) {
    record.seen = source;
    judgement.changed = true;
  }
  if (first_sight && policy == config::ServerTrust::kFirstUse) {
    judge_first_sight(record, offers, source, now, judgement);
    return judgement;
  }
  for (Offer& offer : offers) {
    judgement.tools.push_back(judge_offer(record, offer, source, now, judgement));
  }
  note_absent(record, offers, judgement);
  return judgement;
}

Result<std::vector<std::string>> approve(Pins& pins, const std::string& server,
                                         const std::vector<Approval>& approvals,
                                         std::string_view who, std::string_view now) {
  const auto at = pins.servers.find(server);
  if (at == pins.servers.end()) {
    return fail(Code::kNotFound, "no tool of a server named {} has been seen yet{}", server,
                text::did_you_mean(server, keys_of(pins.servers)));
  }
  PinnedServer& record = at->second;
  std::set<std::string> names;
  for (const Approval& approval : approvals) {
    const auto pending = record.pending.find(approval.tool);
    const auto pin = record.tools.find(approval.tool);
    if (pending == record.pending.end() && pin == record.tools.end()) {
      return fail(Code::kNotFound, "server {} has no tool {} to approve{}", server, approval.tool,
                  text::did_you_mean(approval.tool, keys_of(record.pending)));
    }
    const std::string& hash =
        pending == record.pending.end() ? pin->second.hash : pending->second.hash;
    if (!approval.hash.empty() && approval.hash != hash) {
      return fail(Code::kFailedPrecondition,
                  "tool {} of server {} is not approved: its definition has changed again since it "
                  "was shown; look at the difference once more",
                  approval.tool, server);
    }
    names.insert(approval.tool);
  }
  if (approvals.empty()) {
    for (const auto& [name, pending] : record.pending) {
      names.insert(name);
    }
  }
  std::vector<std::string> approved;
  for (const std::string& name : names) {
    auto pending = record.pending.extract(name);
    if (pending.empty()) {
      continue;
    }
    const auto pin = record.tools.find(name);
    std::string first_seen =
        pin == record.tools.end() ? pending.mapped().seen_at : pin->second.first_seen;
    record.tools[name] = pin_of(std::move(pending.mapped()), std::move(first_seen), who, now);
    approved.push_back(name);
  }
  if (record.pending.empty()) {
    record.approved = record.seen;
  }
  return approved;
}

}  // namespace oap::gateway
