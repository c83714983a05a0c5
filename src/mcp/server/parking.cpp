#include "mcp/server/parking.hpp"

#include <utility>
#include <vector>

#include "crypto/aead.hpp"
#include "crypto/hash.hpp"
#include "mcp/server/modern_call.hpp"

namespace oap::mcp {
namespace {

constexpr std::size_t kNameSize = 16;
constexpr std::size_t kTicketSize = kNameSize + 4 + 8;

void append_number(std::string& out, std::uint64_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out.push_back(static_cast<char>(number >> (8 * i)));
  }
}

std::uint64_t read_number(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    number |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return number;
}

}  // namespace

TicketSeal::TicketSeal()
    : prefix_("oap1." + crypto::random_hex(4) + "."),
      key_(crypto::random_bytes(crypto::kAeadKeyBytes)) {}

std::string TicketSeal::seal(const Ticket& ticket, std::string_view binding) const {
  std::string bytes = ticket.call;
  append_number(bytes, ticket.round, 4);
  append_number(bytes, static_cast<std::uint64_t>(ticket.expires.time_since_epoch().count()), 8);
  return prefix_ + crypto::to_base64url(crypto::seal(key_, bytes, binding).value());
}

std::optional<Ticket> TicketSeal::open(std::string_view state, std::string_view binding) const {
  if (!is_ours(state)) {
    return std::nullopt;
  }
  const auto sealed = crypto::from_base64url(state.substr(prefix_.size()));
  if (!sealed) {
    return std::nullopt;
  }
  const auto text = crypto::open(key_, *sealed, binding);
  if (!text || text->size() != kTicketSize) {
    return std::nullopt;
  }
  const std::string_view bytes = *text;
  Ticket ticket;
  ticket.call = bytes.substr(0, kNameSize);
  ticket.round = static_cast<std::uint32_t>(read_number(bytes.substr(kNameSize, 4)));
  const auto expires = static_cast<std::int64_t>(read_number(bytes.substr(kNameSize + 4)));
  ticket.expires = SteadyTime(SteadyTime::duration(expires));
  return ticket;
}

std::size_t Parking::size() const {
  std::size_t count = 0;
  for (const auto& [name, call] : calls_) {
    count += call->is_parked() ? 1 : 0;
  }
  return count;
}

void Parking::add(const std::string& name, std::shared_ptr<ModernCall> call) {
  calls_.insert_or_assign(name, std::move(call));
}

std::shared_ptr<ModernCall> Parking::find(const std::string& name) const {
  const auto it = calls_.find(name);
  return it == calls_.end() ? nullptr : it->second;
}

void Parking::sweep(SteadyTime now) {
  std::vector<std::shared_ptr<ModernCall>> late;
  std::erase_if(calls_, [&](const auto& entry) {
    const bool is_late = entry.second->is_parked() && now >= entry.second->parked_until();
    if (is_late) {
      late.push_back(entry.second);
    }
    return is_late;
  });
  for (const auto& call : late) {
    call->cancel();
  }
}

void Parking::clear() {
  const auto all = std::exchange(calls_, {});
  for (const auto& [name, call] : all) {
    if (call->is_parked()) {
      call->cancel();
    }
  }
}

}  // namespace oap::mcp
