#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace oap::gateway {

/// The longest public name with a prefix: what model APIs take (64 of `[A-Za-z0-9_-]`).
inline constexpr std::size_t kMaxPublicName = 64;
/// The longest name without one. Source: MCP 2025-11-25, server/tools, tool names.
inline constexpr std::size_t kMaxPassthroughName = 128;

/// The public name of a server's tool or prompt: `server__name` where that has at most 64 bytes of
/// `[A-Za-z0-9_-]` and can only be read one way; otherwise the same with other characters as `_`,
/// cut, and followed by `_` and 12 hex digits of SHA-256 over (server, name). It depends on nothing
/// but its two arguments, and two different pairs never share one (save for a collision of those 48
/// bits). Any bytes are taken. Pure.
std::string public_name(std::string_view server, std::string_view name);

/// The name without a prefix: as it is where it has 1 to 128 characters, is UTF-8 and shows all of
/// itself; otherwise cut and hashed as above, with up to 128 bytes of `[A-Za-z0-9_.-]`. Pure.
std::string passthrough_name(std::string_view server, std::string_view name);

/// The tools (or prompts) of one server, as it calls them.
struct ServerNames {
  std::string server;
  bool passthrough = false;  ///< no prefix
  bool builtin = false;      ///< no prefix, and never yields its names to a server's
  std::vector<std::string> names;
};

/// Public name ↔ (server, name), for the tools or the prompts of all servers. Names are looked up,
/// never taken apart. Where two want the same public name, one has it: built-in names go before
/// prefixed ones, those before names without a prefix, and among equals the order of server names
/// decides, whatever order they are given in. Whoever goes without and has no prefix gets its
/// `public_name`, and `problems` says so; so does a name without a prefix that begins with another
/// server's prefix, so give all configured servers, also those that have not answered. What is left
/// out altogether is named in `problems`. A value; immutable, thread-safe.
class NameTable {
 public:
  struct Entry {
    std::string public_name;
    std::string server;
    std::string name;      ///< as the server calls it
    bool renamed = false;  ///< had to be given a prefix although its server has none
    bool operator==(const Entry&) const = default;
  };

  NameTable() = default;
  explicit NameTable(std::vector<ServerNames> servers);

  /// By public name, else by the exact `server__name` (what people write in rules) where only one
  /// entry reads so. Null where there is none. The pointer lives as long as the table.
  const Entry* find(std::string_view name) const;
  const Entry* find(std::string_view server, std::string_view name) const;
  /// Built-in ones first, then by server and name: always the same order.
  const std::vector<Entry>& entries() const { return entries_; }
  /// Sentences on what is served under another name, or not at all, and why.
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Index = std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>>;

  void add(const ServerNames& server, std::string_view name);
  /// Why the name cannot be that server's; "" where it can.
  std::string objection(const ServerNames& server, std::string_view wanted) const;
  void index();

  std::vector<std::string> prefixes_;
  std::vector<Entry> entries_;
  std::vector<std::string> problems_;
  Index by_public_;
  Index by_pair_;
  Index by_exact_;
};

}  // namespace oap::gateway
