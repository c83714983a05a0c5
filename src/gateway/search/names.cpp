#include "gateway/search/names.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

#include <fmt/format.h>

#include "crypto/hash.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

constexpr std::string_view kJoint = "__";
constexpr std::size_t kHashDigits = 12;
constexpr std::size_t kSuffix = kHashDigits + 1;
/// What a cut leaves of the tool's own name at least, where the server's name is long.
constexpr std::size_t kToolShare = 24;
constexpr std::uint32_t kAmbiguous = std::numeric_limits<std::uint32_t>::max();

bool is_plain(char c) { return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '-'; }
bool is_mcp(char c) { return is_plain(c) || c == '.'; }

bool all_plain(std::string_view text) { return std::all_of(text.begin(), text.end(), is_plain); }

/// One `_` for each character that is not allowed.
std::string replaced(std::string_view text, bool (*allowed)(char)) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); at += text::decode_at(text, at).length) {
    out += allowed(text[at]) ? text[at] : '_';
  }
  return out;
}

/// The length goes first, so that no two pairs are hashed as the same bytes.
std::string hash_of(std::string_view server, std::string_view name) {
  std::string bytes = fmt::format("{}:", server.size());
  bytes.append(server).append(name);
  return "_" + crypto::sha256_hex(bytes).substr(0, kHashDigits);
}

/// A name that ends like a hash could be taken for a hashed one, so it is hashed itself.
bool ends_like_a_hash(std::string_view text) {
  if (text.size() < kSuffix || text[text.size() - kSuffix] != '_') {
    return false;
  }
  const std::string_view digits = text.substr(text.size() - kHashDigits);
  return std::all_of(digits.begin(), digits.end(),
                     [](char c) { return text::is_digit(c) || (c >= 'a' && c <= 'f'); });
}

/// `a__` + `b` and `a` + `__b` read the same; the first `__` must be the joint.
bool reads_one_way(std::string_view server) {
  return !server.empty() && !server.ends_with('_') && !text::contains(server, kJoint);
}

bool shows_itself(std::string_view name) {
  for (const text::CodePoint c : text::CodePoints(name)) {
    if (!c.valid || text::is_deceptive(c.value)) {
      return false;
    }
  }
  return true;
}

std::string pair_key(std::string_view server, std::string_view name) {
  std::string key(server);
  key += '\0';
  key += name;
  return key;
}

int rank_of(const ServerNames& server) { return server.builtin ? 0 : server.passthrough ? 2 : 1; }

}  // namespace

std::string public_name(std::string_view server, std::string_view name) {
  const std::size_t length = server.size() + kJoint.size() + name.size();
  if (length <= kMaxPublicName && !name.empty() && all_plain(server) && all_plain(name) &&
      reads_one_way(server) && !ends_like_a_hash(name)) {
    return fmt::format("{}{}{}", server, kJoint, name);
  }
  constexpr std::size_t kRoom = kMaxPublicName - kJoint.size() - kSuffix;
  const std::string tool = replaced(name, is_plain);
  const std::string prefix =
      replaced(server, is_plain).substr(0, kRoom - std::min(tool.size(), kToolShare));
  return fmt::format("{}{}{}{}", prefix, kJoint, tool.substr(0, kRoom - prefix.size()),
                     hash_of(server, name));
}

std::string passthrough_name(std::string_view server, std::string_view name) {
  if (!name.empty() && name.size() <= 4 * kMaxPassthroughName && shows_itself(name) &&
      text::code_point_count(name) <= kMaxPassthroughName) {
    return std::string(name);
  }
  return replaced(name, is_mcp).substr(0, kMaxPassthroughName - kSuffix) + hash_of(server, name);
}

NameTable::NameTable(std::vector<ServerNames> servers) {
  std::sort(servers.begin(), servers.end(), [](const ServerNames& a, const ServerNames& b) {
    const int left = rank_of(a);
    const int right = rank_of(b);
    return std::tie(left, a.server) < std::tie(right, b.server);
  });
  for (const ServerNames& server : servers) {
    prefixes_.push_back(server.server + std::string(kJoint));
  }
  std::size_t builtin = 0;
  for (ServerNames& server : servers) {
    std::sort(server.names.begin(), server.names.end());
    for (const std::string& name : server.names) {
      add(server, name);
    }
    builtin = server.builtin ? entries_.size() : builtin;
  }
  std::sort(entries_.begin() + static_cast<std::ptrdiff_t>(builtin), entries_.end(),
            [](const Entry& a, const Entry& b) {
              return std::tie(a.server, a.name) < std::tie(b.server, b.name);
            });
  index();
}

void NameTable::index() {
  by_exact_.reserve(entries_.size());
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    by_public_[entry.public_name] = i;
    by_pair_[pair_key(entry.server, entry.name)] = i;
    const auto [at, fresh] =
        by_exact_.try_emplace(fmt::format("{}{}{}", entry.server, kJoint, entry.name), i);
    if (!fresh) {
      at->second = kAmbiguous;
    }
  }
}

std::string NameTable::objection(const ServerNames& server, std::string_view wanted) const {
  if (const auto at = by_public_.find(wanted); at != by_public_.end()) {
    const Entry& holder = entries_[at->second];
    return fmt::format("the name {} is taken by {} of server {}", text::escape_visible(wanted),
                       text::escape_visible(holder.name), text::escape_visible(holder.server));
  }
  if (!server.passthrough) {
    return "";
  }
  const std::string own = server.server + std::string(kJoint);
  const auto posed_as = std::find_if(prefixes_.begin(), prefixes_.end(), [&](const auto& prefix) {
    return wanted.starts_with(prefix) && prefix != own;
  });
  return posed_as == prefixes_.end()
             ? ""
             : fmt::format("its name reads like a tool of server {}",
                           posed_as->substr(0, posed_as->size() - kJoint.size()));
}

void NameTable::add(const ServerNames& server, std::string_view name) {
  const std::string who = fmt::format("{} of server {}", text::escape_visible(name),
                                      text::escape_visible(server.server));
  const std::string key = pair_key(server.server, name);
  if (by_pair_.contains(key)) {
    problems_.push_back(
        who + " is not served: the server names it more than once, and only the first one counts");
    return;
  }
  std::string wanted = server.builtin       ? std::string(name)
                       : server.passthrough ? passthrough_name(server.server, name)
                                            : public_name(server.server, name);
  std::string why = objection(server, wanted);
  const bool renamed = !why.empty() && server.passthrough;
  if (renamed) {
    wanted = public_name(server.server, name);
    const bool free = !by_public_.contains(wanted);
    problems_.push_back(
        fmt::format("{} is {}: {}", who, free ? "served as " + wanted : "not served", why));
    why = free ? "" : why;
  } else if (!why.empty()) {
    problems_.push_back(fmt::format("{} is not served: {}", who, why));
  }
  if (!why.empty()) {
    return;
  }
  const auto next = static_cast<std::uint32_t>(entries_.size());
  by_pair_.emplace(key, next);
  by_public_.emplace(wanted, next);
  entries_.push_back({std::move(wanted), server.server, std::string(name), renamed});
}

const NameTable::Entry* NameTable::find(std::string_view name) const {
  if (const auto at = by_public_.find(name); at != by_public_.end()) {
    return &entries_[at->second];
  }
  const auto at = by_exact_.find(name);
  return at == by_exact_.end() || at->second == kAmbiguous ? nullptr : &entries_[at->second];
}

const NameTable::Entry* NameTable::find(std::string_view server, std::string_view name) const {
  const auto at = by_pair_.find(pair_key(server, name));
  return at == by_pair_.end() ? nullptr : &entries_[at->second];
}

}  // namespace oap::gateway
