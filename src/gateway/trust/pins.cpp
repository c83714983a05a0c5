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

/// One name's offer: the definition to judge, or why it cannot be trusted.
struct Offer {
  std::string name;
  std::string hash;
  const json::Object* definition;
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
  for (const ToolSpec& tool : tools) {
    std::string hash = fingerprint(tool.definition);
    const auto [at, fresh] = places.try_emplace(tool.name, offers.size());
    if (fresh) {
      offers.push_back({tool.name, std::move(hash), &tool.definition, ""});
    } else if (offers[at->second].hash != hash) {
      offers[at->second].fault = "the server lists it more than once, with different definitions";
    }
  }
  return offers;
}

/// How much of one server is stored at one judgement.
class Room {
 public:
  /// What is to be stored of the offer; sets its fault where that cannot be.
  json::Object take(Offer& offer) {
    json::Object part = pinned_part(*offer.definition);
    const Result<std::size_t> size = stored_size(offer.name, part);
    if (!size) {
      offer.fault = size.error().message();
    } else if (used_ + *size > kMaxServer) {
      offer.fault = "the server's definitions together are larger than 8 MiB";
    } else {
      used_ += *size;
    }
    return part;
  }

 private:
  std::size_t used_ = 0;
};

PinnedTool pin_of(PendingTool pending, std::string first_seen, std::string_view who,
                  std::string_view now) {
  return {std::move(pending.hash), std::move(pending.source), std::move(pending.definition),
          std::move(first_seen),   std::string(who),          std::string(now)};
}

/// Keeps the record of an offer that nobody has approved; an unchanged one keeps its time. Sets the
/// offer's fault where it cannot be kept.
void note_pending(PinnedServer& record, Offer& offer, Room& room, const ServerSource& source,
                  std::string_view now, Judgement& judgement) {
  json::Object part = room.take(offer);
  const auto at = record.pending.find(offer.name);
  const bool is_noted = at != record.pending.end() && at->second.hash == offer.hash &&
                        at->second.source == source.digest;
  if (!offer.fault.empty() || is_noted) {
    return;
  }
  record.pending[offer.name] = {offer.hash, source.digest, std::move(part), std::string(now)};
  judgement.changed = true;
}

ToolVerdict judge_offer(PinnedServer& record, Offer& offer, Room& room, const ServerSource& source,
                        std::string_view now, Judgement& judgement) {
  const auto pin = record.tools.find(offer.name);
  const bool is_known = pin != record.tools.end();
  const bool same_hash = is_known && pin->second.hash == offer.hash;
  if (offer.fault.empty() && same_hash && pin->second.source == source.digest) {
    judgement.changed |= record.pending.erase(offer.name) > 0;
    return {offer.name, ToolTrust::kTrusted, offer.hash, ""};
  }
  if (offer.fault.empty()) {
    note_pending(record, offer, room, source, now, judgement);
  }
  ToolVerdict verdict{offer.name, ToolTrust::kQuarantinedNew, offer.hash, offer.fault};
  if (is_known) {
    verdict.trust = ToolTrust::kQuarantinedChanged;
  }
  if (!offer.fault.empty()) {
    judgement.changed |= record.pending.erase(offer.name) > 0;
  } else if (!is_known) {
    verdict.reason = "it is new and nobody has approved it";
  } else if (!same_hash) {
    verdict.reason = "its definition has changed since it was approved";
  } else {
    verdict.reason = "what its server is started by has changed since it was approved";
  }
  return verdict;
}

ToolVerdict pin_offer(PinnedServer& record, Offer& offer, Room& room, const ServerSource& source,
                      std::string_view now) {
  json::Object part = offer.fault.empty() ? room.take(offer) : json::Object();
  if (!offer.fault.empty()) {
    return {offer.name, ToolTrust::kQuarantinedNew, offer.hash, offer.fault};
  }
  record.tools[offer.name] = pin_of({offer.hash, source.digest, std::move(part), std::string(now)},
                                    std::string(now), "first_use", now);
  return {offer.name, ToolTrust::kPinnedNow, offer.hash, "pinned at the first sight of its server"};
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

tl::unexpected<Error> unknown_server(const Pins& pins, const std::string& server) {
  return fail(Code::kNotFound, "no tool of a server named {} has been seen yet{}", server,
              text::did_you_mean(server, keys_of(pins.servers)));
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
  const bool pins_now = first_sight && policy == config::ServerTrust::kFirstUse;
  if (pins_now) {
    record.approved = source;
  }
  Room room;
  for (Offer& offer : offers) {
    judgement.tools.push_back(pins_now ? pin_offer(record, offer, room, source, now)
                                       : judge_offer(record, offer, room, source, now, judgement));
  }
  note_absent(record, offers, judgement);
  return judgement;
}

Result<std::vector<Approval>> all_pending(const Pins& pins, const std::string& server) {
  const auto at = pins.servers.find(server);
  if (at == pins.servers.end()) {
    return unknown_server(pins, server);
  }
  std::vector<Approval> approvals;
  for (const auto& [name, pending] : at->second.pending) {
    approvals.push_back({name, pending.hash});
  }
  return approvals;
}

Result<std::vector<std::string>> approve(Pins& pins, const std::string& server,
                                         const std::vector<Approval>& approvals,
                                         std::string_view who, std::string_view now) {
  const auto at = pins.servers.find(server);
  if (at == pins.servers.end()) {
    return unknown_server(pins, server);
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
